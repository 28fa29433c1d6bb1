// SPDX-License-Identifier: MIT
#include "core/cancel.h"

#include <lwp/lwpx_life.h>

#include "base/check.h"
#include "core/event.h"
#include "core/life.h"
#include "core/loop_list.h"
#include "core/remains.h"
#include "core/safe_point.h"
#include "core/scheduler.h"

namespace lwp {

void act_on_cancel(Runtime& runtime) noexcept { end_lwp(runtime, kCancelledStatus); }

namespace {

// Its loops and checkpoints are cancellation points, which otherwise would not look.
void ask_for_cancel(Pcb& pcb) noexcept {
  lower_limits(pcb);
  lwpx_checkpoint_due = 1;
}

}  // namespace

bool set_cancel_disabled(Pcb& pcb, bool disabled) noexcept {
  const bool before = (pcb.flags & kCancelDisabled) != 0;
  const int others = pcb.flags & ~kCancelDisabled;
  pcb.flags = static_cast<std::uint8_t>(disabled ? others | kCancelDisabled : others);
  if (cancellation_is_due(pcb)) ask_for_cancel(pcb);
  return before;
}

void cancel_lwp(Runtime& runtime, Pcb& pcb) noexcept {
  if ((pcb.flags & kCancelWanted) == 0) ++runtime.cancellations;
  pcb.flags |= kCancelWanted;
  ask_for_cancel(pcb);
  if (pcb.state != PcbState::waiting || !cancellation_is_due(pcb)) return;
  pcb.flags |= kWaitCut;
  if (pcb.io_request != nullptr) {
    (void)runtime.cancel_io(runtime, pcb);
    return;
  }
  if (pcb.credits < 0) pcb.credits = 0;
  forget_wait(runtime, pcb);
  make_ready(runtime, pcb);
}

void end_lwp(Runtime& runtime, void* status) noexcept {
  Pcb& self = *runtime.current;
  self.flags = static_cast<std::uint8_t>((self.flags | kCancelDisabled) & ~kWaitCut);
  while (const LWPX_Cleanup* const top = self.cleanup) {
    self.cleanup = top->next;
    void (*const handler)(void*) = top->handler;
    void* const arg = top->arg;
    leave_library(runtime);
    handler(arg);
    LWP_CHECK(this_runtime() ==
              &runtime);  // a handler must not end the runtime that it is to leave
    critical::enter_library();
  }
  exit_lwp(runtime, status);
}

}  // namespace lwp
