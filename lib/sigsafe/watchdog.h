// SPDX-License-Identifier: MIT
// watchdog.h - notices an LWP that keeps the processor although ticks ask it to go.
//
// Ticks look: nothing is measured between them, and where none comes nothing is noticed.
#pragma once

#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/tick_counts.h"

struct PRE_Stuck;  // <preempt/watch.h>

namespace lwp {

struct Zone;

// A stretch begins with the first tick that does not move the LWP, and ends with a dispatch, or
// when nobody else could run.
struct Watchdog {
  // Written by thread; limit_ns last.
  std::int64_t limit_ns = 0;                          // how long a stretch may be; 0: nobody looks
  void (*report)(const PRE_Stuck*, void*) = nullptr;  // null: a line on stderr
  void* argument = nullptr;
  // Written by handler; + thread.
  std::int64_t since_ns = 0;     // begin of the present stretch; 0: none
  unsigned long dispatches = 0;  // how many there had been then
  bool reported = false;         // this stretch
};

// Counts a tick that did not move the running LWP, for its kernel thread and for itself.
LWP_SIGSAFE void count_deferral(Zone& zone, Deferral reason) noexcept;

// After a deferral: `pc` is where the LWP was interrupted. Reports it, once in a stretch that is
// longer than the limit.
LWP_SIGSAFE void look_for_stuck(Zone& zone, Deferral reason, std::uintptr_t pc) noexcept;

}  // namespace lwp
