// SPDX-License-Identifier: MIT
// io_wait.cc - the part of the I/O manager that LWPs call: how their waits begin and end.
#include <errno.h>

#include <algorithm>

#include "core/cancel.h"
#include "core/control.h"
#include "core/event.h"
#include "core/scheduler.h"
#include "iomgr/io_manager.h"
#include "iomgr/look.h"

namespace lwp {

void detach(Runtime& runtime, IoRequest& request) noexcept {
  for (int i = 0; i < request.interest_count; ++i) {
    runtime.io->poller.unwatch(request.interests[i]);
  }
  if (request.deadline != kNever && DeadlineQueue::contains(*request.waiter)) {
    runtime.io->deadlines.erase(*request.waiter);
  }
  request.waiter->io_request = nullptr;
  --runtime.io_waiters;
}

void finish(Runtime& runtime, IoRequest& request, IoOutcome outcome) noexcept {
  request.outcome = outcome;
  detach(runtime, request);
  forget_wait(runtime, *request.waiter);  // of events, if it waited for these as well
  make_ready(runtime, *request.waiter);
  ++runtime.io->made_ready;
}

int watch_all(Runtime& runtime, IoRequest& request) noexcept {
  // Ended, perhaps, since the caller was woken from a wait that it has to repeat.
  if (const Rc rc = start_io(runtime); rc != Rc::success) {
    return rc == Rc::no_memory ? ENOMEM : EMFILE;
  }
  notice_fork(runtime);
  for (int i = 0; i < request.interest_count; ++i) {
    request.interests[i].request = &request;
    const int error = runtime.io->poller.watch(request.interests[i]);
    if (error == 0) continue;
    while (i > 0) runtime.io->poller.unwatch(request.interests[--i]);
    return error;
  }
  return 0;
}

IoOutcome block_on_io(Runtime& runtime, IoRequest& request) noexcept {
  Pcb& self = *runtime.current;
  request.waiter = &self;
  request.sequence = runtime.io->next_sequence++;
  self.io_request = &request;
  if (request.deadline != kNever) runtime.io->deadlines.insert(request);
  ++runtime.io_waiters;
  if (LWP_UNLIKELY(cancellation_is_due(self))) {
    self.flags |= kWaitCut;
    detach(runtime, request);
    forget_wait(runtime, self);
    return IoOutcome::cancelled;
  }
  stop_running(runtime);
  dispatch(runtime);
  return request.outcome;
}

bool have_manager_come_next(Runtime& runtime) noexcept {
  constexpr int kOthers = 8;
  IoManager& io = *runtime.io;
  const Pcb& self = *runtime.current;
  if (*runtime.dispatch_count - io.turn_began > io.made_ready + kOthers ||
      runtime.queue.any_between(kManagerPriority, self.priority) ||
      runtime.queue.any_between(self.priority, kPriorities)) {
    return false;
  }
  io.place = std::max<int>(io.place, self.priority);
  if (runtime.queue.has_rival(self)) (void)set_priority(runtime, *runtime.idle_lwp, self.priority);
  return true;
}

bool cancel_io(Runtime& runtime, Pcb& pcb) noexcept {
  if (pcb.io_request == nullptr) return false;
  finish(runtime, *pcb.io_request, IoOutcome::cancelled);
  return true;
}

}  // namespace lwp
