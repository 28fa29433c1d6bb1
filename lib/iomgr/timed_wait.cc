// SPDX-License-Identifier: MIT
#include "iomgr/timed_wait.h"

#include "core/event.h"
#include "core/scheduler.h"
#include "iomgr/io_manager.h"

namespace lwp {

IoOutcome block_on_events_until(Runtime& runtime, const void* const* events, int count, int needed,
                                std::int64_t deadline) noexcept {
  if (needed == 0) {
    dispatch(runtime);
    return IoOutcome::ready;
  }
  if (enlist(runtime, events, count, needed) != Rc::success) return IoOutcome::pending;
  IoRequest request;
  request.deadline = deadline;
  const IoOutcome outcome = block_on_io(runtime, request);
  // An event that wakes the LWP withdraws the request as it is.
  return outcome == IoOutcome::pending ? IoOutcome::ready : outcome;
}

IoOutcome sleep_until(Runtime& runtime, std::int64_t deadline) noexcept {
  IoRequest request;
  request.deadline = deadline;
  return block_on_io(runtime, request);
}

}  // namespace lwp
