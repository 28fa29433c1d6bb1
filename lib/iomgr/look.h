// SPDX-License-Identifier: MIT
// look.h - one look at everything that may end waits for I/O, piece by piece. The I/O manager and
// poll_io() take the pieces in the same order: messages, soft signals, Unix signals, finished
// calls, deadlines, descriptors.
//
// Context: inside the library, while there is an I/O manager. Nothing here switches.
#pragma once

#include "core/life.h"
#include "core/runtime.h"
#include "iomgr/poller.h"
#include "iomgr/request.h"
#include "time/fast_time.h"

namespace lwp {

// Nothing knows the request any more.
void detach(Runtime& runtime, IoRequest& request) noexcept;
// Its waiter is ready, with this outcome.
void finish(Runtime& runtime, IoRequest& request, IoOutcome outcome) noexcept;

// What other kernel threads have sent and could not be taken at once.
void take_due_messages(Runtime& runtime) noexcept;

// Calls started() after each procedure that has become an LWP.
template <typename Started>
void start_soft_signals(Runtime& runtime, Started started) noexcept {
  const auto start = [&](const SoftSignals::Request& request) {
    Pcb* pcb;
    const NewLwp handler = {request.procedure, request.argument, request.stack_size,
                            request.priority, "SignalHandler"};
    return create_lwp(runtime, handler, &pcb) == Rc::success;
  };
  runtime.soft_signals.take(start, started);
}

// To be called after a look, before others run: FT_LastTime is no older, as ever.
inline void remember_time() noexcept { (void)fetch_time(nullptr, nullptr); }

// Ends the waits whose deadlines have come. Whether there were any.
bool expire(Runtime& runtime) noexcept;
// The same when the manager has slept until then, and it is this time now.
void expire_slept(Runtime& runtime, const Poller::Until& until, std::int64_t now) noexcept;

// For Poller::wait(), with the Runtime as context: what it reports is noted, and the waits end by
// serve_reported().
bool note_reported(void* context, FdInterest& interest) noexcept;
void serve_reported(Runtime& runtime) noexcept;

// Whether somebody became ready.
bool look_at_descriptors(Runtime& runtime) noexcept;

}  // namespace lwp
