// SPDX-License-Identifier: MIT
#include "iomgr/join.h"

#include "base/clock.h"
#include "core/cancel.h"
#include "core/event.h"
#include "core/remains.h"
#include "iomgr/timed_wait.h"

namespace lwp {

namespace {

// Waits for one event, which needs no memory.
Rc wait_for(Runtime& runtime, const void* event, std::int64_t deadline) noexcept {
  if (deadline == kNever) return block_on_events(runtime, &event, 1, 1);
  return to_rc(block_on_events_until(runtime, &event, 1, 1, deadline));
}

}  // namespace

Rc join_lwp(Runtime& runtime, PROCESS pid, std::int64_t deadline, void** ret_status) noexcept {
  Pcb* const pcb = runtime.handles.find(pid);
  if (pcb == nullptr) return take_status(runtime, pid, ret_status);
  if (const Rc rc = may_join(runtime, *pcb); rc != Rc::success) return rc;
  pcb->joiner = runtime.current->handle;
  const Rc waited = wait_for(runtime, &pcb->joiner, deadline);
  if (LWP_LIKELY(!wait_was_cut(*runtime.current))) {
    // Not by `waited`: it may have ended just when the time was over.
    const Rc rc = take_status(runtime, pid, ret_status);
    if (rc == Rc::success) return rc;
  }
  stop_joining(runtime, pid);
  return waited;
}

}  // namespace lwp
