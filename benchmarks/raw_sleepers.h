// SPDX-License-Identifier: MIT
// raw_sleepers.h - the floor of sleeping: raw contexts that sleep, woken by a loop that is written
// for nothing else, as late as LWPs are woken.
//
// The deadlines lie in a heap of four children each, beside one another. Before the loop sleeps it
// asks for the stacks of those that will wake. It sleeps by reading a timer, the cheapest sleep
// there is; and while one timer is waited for the next one is set already, which costs a
// microsecond less than to set the one that is due first.
#pragma once

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "raw_stacks.h"
#include "time_stamp.h"

namespace bench {

class RawSleepers {
 public:
  // Each of `count` contexts runs body(argument, *this), which does not return, up to its first
  // sleep. slack_ns: how late they may wake.
  template <typename Argument>
  RawSleepers(std::size_t count, std::int64_t slack_ns, void (*body)(Argument&, RawSleepers&),
              Argument& argument)
      : stacks_(count), window_ns_(slack_ns - kKernelTakesNs) {
    struct Life {
      RawSleepers& loop;
      void (*body)(Argument&, RawSleepers&);
      Argument& argument;
    } life = {*this, body, argument};
    for (int& timer : timers_) {
      timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
      if (timer < 0) abort();
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto context = boost::context::detail::make_fcontext(
          stacks_.top(i), RawStacks::kUsable, [](transfer_t arrival) {
            const Life own = *static_cast<Life*>(arrival.data);
            own.loop.caller_ = arrival.fctx;
            own.body(own.argument, own.loop);
          });
      const transfer_t arrival = boost::context::detail::jump_fcontext(context, &life);
      heap_.push_back({deadline_, arrival.fctx});
    }
    const auto earlier = [](const Sleeper& a, const Sleeper& b) { return a.deadline < b.deadline; };
    std::sort(heap_.begin(), heap_.end(), earlier);
    wake_at_ = heap_[0].deadline + window_ns_;
    set_timer(first_, wake_at_);
  }

  ~RawSleepers() {
    for (const int timer : timers_) close(timer);
  }
  RawSleepers(const RawSleepers&) = delete;
  RawSleepers& operator=(const RawSleepers&) = delete;

  // For a context.
  void sleep(std::int64_t ns) {
    deadline_ = now() + ns;
    caller_ = boost::context::detail::jump_fcontext(caller_, nullptr).fctx;
  }

  // Wakes those whose time has come, for so long.
  void run(std::int64_t ns) {
    std::int64_t time = now();
    for (const std::int64_t end = time + ns; time < end;) {
      const std::int64_t next = first_behind(wake_at_, 0, kNever) + window_ns_;
      set_timer(1 - first_, next);
      std::uint64_t times;
      if (read(timers_[first_], &times, sizeof times) != sizeof times) abort();
      first_ = 1 - first_;
      time = now();
      while (heap_[0].deadline <= time) wake_first();
      wake_at_ = std::min(next, heap_[0].deadline + window_ns_);
      if (wake_at_ != next) set_timer(first_, wake_at_);
    }
  }

 private:
  using fcontext_t = boost::context::detail::fcontext_t;
  using transfer_t = boost::context::detail::transfer_t;

  struct Sleeper {
    std::int64_t deadline;
    fcontext_t context;
  };

  static constexpr std::int64_t kNever = std::int64_t{1} << 62;
  static constexpr std::int64_t kNsPerSecond = 1000000000;
  static constexpr std::int64_t kKernelTakesNs = 12000;
  static constexpr std::size_t kChildren = 4;

  static std::int64_t now() { return static_cast<std::int64_t>(wall_ns()); }

  void set_timer(int timer, std::int64_t time) {
    itimerspec once = {};
    once.it_value.tv_sec = time / kNsPerSecond;
    once.it_value.tv_nsec = time % kNsPerSecond;
    if (timerfd_settime(timers_[timer], TFD_TIMER_ABSTIME, &once, nullptr) != 0) abort();
  }

  // The earliest deadline that is neither before `time` nor behind `earliest`, of those from the
  // place downward in the heap. Asks for the stacks of those before.
  std::int64_t first_behind(std::int64_t time, std::size_t place, std::int64_t earliest) const {
    if (heap_[place].deadline > time) return std::min(earliest, heap_[place].deadline);
    constexpr int kFrameLines = 4;
    const char* const frame = static_cast<const char*>(heap_[place].context);
    for (int line = 0; line < kFrameLines; ++line) __builtin_prefetch(frame + line * 64);
    const std::size_t first = place * kChildren + 1;
    for (std::size_t child = first; child < std::min(first + kChildren, heap_.size()); ++child) {
      earliest = first_behind(time, child, earliest);
    }
    return earliest;
  }

  void wake_first() {
    const fcontext_t context = heap_[0].context;
    const transfer_t arrival = boost::context::detail::jump_fcontext(context, nullptr);
    put_down({deadline_, arrival.fctx});
  }

  // In place of the first.
  void put_down(const Sleeper& sleeper) {
    std::size_t place = 0;
    for (std::size_t first = 1; first < heap_.size(); first = place * kChildren + 1) {
      std::size_t least = first;
      const std::size_t end = std::min(first + kChildren, heap_.size());
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].deadline < heap_[least].deadline) least = child;
      }
      if (heap_[least].deadline >= sleeper.deadline) break;
      heap_[place] = heap_[least];
      place = least;
    }
    heap_[place] = sleeper;
  }

  RawStacks stacks_;
  std::int64_t window_ns_;  // that the first of those that wake together waits for the others
  std::vector<Sleeper> heap_;
  int timers_[2];
  int first_ = 0;  // the timer that is due first
  std::int64_t wake_at_;
  std::int64_t deadline_ = 0;  // of the context that goes to sleep
  fcontext_t caller_ = nullptr;
};

}  // namespace bench
