// SPDX-License-Identifier: MIT
#include "diag/stack_report.h"

namespace lwp {

Rc stack_use(Pcb& pcb, int* ret_max, int* ret_used) noexcept {
  *ret_max = pcb.nominal_stack;
  *ret_used = 0;
  if (pcb.nominal_stack == 0 || !pcb.stack_accounted) return Rc::no_stack;
  auto used = pcb.slot.top - pcb.slot.lowest_used();
  if (is_bare(pcb.context) && used < FirstFrame::kBytes) used = FirstFrame::kBytes;
  // Room for signals comes on top of what was asked for, and may have been used.
  *ret_used = used < pcb.nominal_stack ? static_cast<int>(used) : pcb.nominal_stack;
  return *ret_used == 0 ? Rc::no_stack : Rc::success;
}

}  // namespace lwp
