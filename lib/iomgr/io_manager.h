// SPDX-License-Identifier: MIT
// io_manager.h - looks after the LWPs that wait for descriptors, deadlines and Unix signals.
//
// One LWP of priority 0, "IO MANAGER", does it whenever nobody else is ready, and sleeps while
// there is nothing to do; ticks and IOMGR_Poll do it in between, without sleeping. Its priority is
// a higher one while it is relied on, for one turn.
//
// Context: inside the library. Only what says "switches" does.
#pragma once

#include <signal.h>

#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"
#include "iomgr/blocking_pool.h"
#include "iomgr/deadline_queue.h"
#include "iomgr/poller.h"
#include "iomgr/request.h"
#include "iomgr/wake_plan.h"

namespace lwp {

constexpr int kSignals = 65;  // numbers 1 .. 64
constexpr int kManagerPriority = 0;

struct IoManager {
  Poller poller;
  BlockingPool pool;
  DeadlineQueue deadlines;
  WakePlan wake_plan;
  std::int64_t looked_at = 0;  // when they were last looked at, while there were any
  std::uint64_t next_sequence = 0;

  // Requests that the poller has just reported, to be served in order.
  static constexpr int kMaxReported = 512;
  IoRequest* reported[kMaxReported];
  int reported_count = 0;

  // Where the manager's turn began, by the count of dispatches, and how many LWPs it made ready.
  int turn_began = 0;
  int made_ready = 0;

  // Where it belongs: with the most urgent of those who rely on it, until it has looked at all
  // descriptors and nobody waits on trust.
  int place = kManagerPriority;

  const void* signal_event[kSignals] = {};  // null: not asked for
  struct sigaction previous_action[kSignals];
};

// Rc::success also when it is running already; Rc::no_memory; Rc::system.
Rc start_io(Runtime& runtime) noexcept;
// Descriptors of the library's own that the program has closed, though not all of them, are noticed
// by this at the latest.
void replace_lost_descriptors(Runtime& runtime) noexcept;
// Those who wait are not woken. Ends with the runtime, or before: whoever goes on after a wait may
// find that there is none any more.
void stop_io(Runtime& runtime) noexcept;

// To be called first by what begins to wait: in a child that was forked off since the last time,
// I/O leaves everything to the parent that it shares with it.
void notice_fork(Runtime& runtime) noexcept;

// Switches. The running LWP waits as the request says; returns its outcome, never `pending`.
// With fds: watched already, see watch_all().
IoOutcome block_on_io(Runtime& runtime, IoRequest& request) noexcept;

// Begins to watch the interests of a request. 0 or errno; then none is watched.
int watch_all(Runtime& runtime, IoRequest& request) noexcept;

// If the running LWP waits, descriptors are looked at soon: those that are ready are its equals and
// have most likely been made so by the manager. If they only yield, the manager has a turn all the
// same, as an equal of theirs.
bool have_manager_come_next(Runtime& runtime) noexcept;

// Makes an LWP that waits ready, with an outcome. False if it does not wait for I/O.
bool cancel_io(Runtime& runtime, Pcb& pcb) noexcept;

// Serves whatever is due, without sleeping. Returns whether somebody became ready.
bool poll_io(Runtime& runtime) noexcept;

}  // namespace lwp
