// SPDX-License-Identifier: MIT
#include "iomgr/alarm.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>

#include "base/own_descriptor.h"

namespace lwp {

bool Alarm::open() noexcept {
  bool opened = true;
  for (int i = 0; i < kTimers; ++i) {
    set_to_[i] = kNever;
    opened &= open_own(timers_[i],
                       [] { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); });
  }
  return opened;
}

bool Alarm::is_open() const noexcept {
  return std::all_of(timers_, timers_ + kTimers, [](int timer) { return timer >= 0; });
}

void Alarm::forget_lost() noexcept {
  for (int& timer : timers_) forget_if_lost(timer);
}

bool Alarm::join(int epoll, std::uint64_t first_tag) noexcept {
  for (int i = 0; i < kTimers; ++i) {
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;  // so that nothing need be read
    event.data.u64 = first_tag + static_cast<std::uint64_t>(i);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, timers_[i], &event) != 0) return false;
  }
  return true;
}

void Alarm::close() noexcept {
  for (int i = 0; i < kTimers; ++i) {
    close_own(timers_[i]);
    set_to_[i] = kNever;
  }
}

bool Alarm::start_timer(int timer, std::int64_t time) noexcept {
  const itimerspec once = {{0, 0}, to_timespec(time)};
  const bool started = timerfd_settime(timers_[timer], TFD_TIMER_ABSTIME, &once, nullptr) == 0;
  set_to_[timer] = started ? time : kNever;
  return started;
}

// What is set to an earlier time stays so: mostly the time that is asked for has moved on, as with
// timeouts that never come true, and it is cheaper to wake once in vain than to set it each time.
bool Alarm::set(std::int64_t time, std::int64_t next) noexcept {
  int first = set_to_[0] <= set_to_[1] ? 0 : 1;
  if (set_to_[first] > time) {
    first = 1 - first;
    if (!start_timer(first, time)) return false;
  }
  return set_to_[1 - first] <= next || start_timer(1 - first, next);
}

}  // namespace lwp
