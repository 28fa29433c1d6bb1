// SPDX-License-Identifier: MIT
// zone.h - what a signal handler knows of the kernel thread that it interrupts.
//
// The zone is the base of core's Runtime and the only part of it that handlers see. Fields say who
// writes them: "thread" is library code of this kernel thread outside handlers, inside the library
// (so that no tick acts meanwhile); "handler" is a handler on this kernel thread.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/attention.h"
#include "sigsafe/code_map.h"
#include "sigsafe/inbox.h"
#include "sigsafe/soft_signals.h"
#include "sigsafe/thread_state.h"
#include "sigsafe/tick_counts.h"
#include "sigsafe/visitors.h"
#include "sigsafe/watchdog.h"

namespace lwp {

struct Port;  // sigsafe/port.h

struct Zone {
  Attention attention;

  // --- preemption: whether and how long. Written by thread.
  bool preempting = false;        // between PRE_InitPreempt and PRE_EndPreempt, slice not 0
  pid_t timer_owner = 0;          // thread id that the timers signal; another one after a fork
  timer_t slice_timer = nullptr;  // periodic
  timer_t retry_timer = nullptr;  // one-shot
  std::int64_t slice_ns = 0;
  const CodeMap* movable_code = nullptr;  // replaced as a whole, never changed
  std::size_t rights_place = 0;           // see access_rights.h
  bool lwps_are_marked = false;           // see handler_mark.h; false: not to be relied on
  const char* first_stack_low = nullptr;  // the stack of the first LWP; null: not known
  const char* first_stack_end = nullptr;

  // --- the tick protocol. Written by handler.
  std::int64_t retry_ns = 0;          // next distance of a retry
  std::uint64_t known_mask = 0;       // kernel's form; + thread
  std::uint64_t foreign_mask = 0;     // the last other mask seen
  unsigned foreign_mask_ticks = 0;    // and how many ticks in a row
  unsigned unmarked_ticks = 0;        // ticks in a row in code that lacks the mark of LWPs
  std::uintptr_t handler_return = 0;  // where the kernel lets handlers return to; 0: no tick yet
  RuntimeTicks counters;              // + thread
  Watchdog watchdog;

  Inbox inbox{attention.posted};  // calls made by handlers that interrupted the library

  Port* port = nullptr;  // where others reach this runtime; null: nowhere. Written by thread.

  // --- I/O manager. Signal catchers write these on whatever kernel thread the signal hits.
  std::atomic<bool> sleeping{false};             // about to sleep or asleep. Written by thread.
  std::atomic<int> wake_fd{-1};                  // writing to it ends the sleep. Written by thread.
  std::atomic<std::uint64_t> caught_signals{0};  // bit n - 1: signal n. Cleared by thread.
  SoftSignals soft_signals;

  // Other kernel threads that are just turning the timers on. While there are any, and while
  // attention.dozing, the thread leaves alone what says which timers there are and how long a slice
  // is.
  Visitors timer_visitors;
};

}  // namespace lwp
