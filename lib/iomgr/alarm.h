// SPDX-License-Identifier: MIT
// alarm.h - ends a sleep in epoll at a point in time, to some microseconds.
//
// Two timers of the system, both in the epoll set. [The timeout of epoll_wait comes late by the
// timer slack of the kernel thread, 50 us as a rule, which is not ours to change; and a timer
// costs more to start if it is the next to expire, since the hardware is to be told, than one
// started in advance.]
//
// Context: inside the library.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace lwp {

class Alarm {
 public:
  static constexpr int kTimers = 2;

  // Opens the timers, or anew if they are open.
  bool open() noexcept;
  bool is_open() const noexcept;
  bool has_number(int fd) const noexcept { return fd == timers_[0] || fd == timers_[1]; }
  // What the program has closed is no longer open.
  void forget_lost() noexcept;
  // Puts them into a set. Reports carry the tag of the timer, one up from timer to timer.
  bool join(int epoll, std::uint64_t first_tag) noexcept;
  void close() noexcept;

  // The timer has reported.
  void rang(int timer) noexcept { set_to_[timer] = kNever; }

  // Reports at `time` at the latest; it may do so earlier, but not again and again. `next` is the
  // time that will be asked for after that, most likely; or kNever. Both are ahead. False
  // if that can not be, as the program has closed what is not its own.
  bool set(std::int64_t time, std::int64_t next) noexcept;

 private:
  bool start_timer(int timer, std::int64_t time) noexcept;

  int timers_[kTimers] = {-1, -1};
  std::int64_t set_to_[kTimers] = {kNever, kNever};
};

}  // namespace lwp
