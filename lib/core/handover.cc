// SPDX-License-Identifier: MIT
#include "core/handover.h"

#include "core/safe_point.h"
#include "core/scheduler.h"

namespace lwp {

bool hand_over(Runtime& runtime, const ucontext_t& interrupted) noexcept {
  Pcb& self = *runtime.current;
  const Pcb* const next = runtime.queue.pick_after(self);
  if (next == &self || !next->in_tick) return false;
  if (wants_attention(runtime) || others_wait(runtime) || counts_slices(runtime)) return false;
  runtime.counters.count_move();
  self.ticks_to_change().count_move();
  runtime.handed_over = &interrupted;
  self.in_tick = true;
  dispatch_plainly(runtime);
  self.in_tick = false;
  return true;
}

const ucontext_t* take_over(Runtime& runtime) noexcept {
  const ucontext_t* const giver = runtime.handed_over;
  runtime.handed_over = nullptr;
  return giver;
}

}  // namespace lwp
