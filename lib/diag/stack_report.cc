// SPDX-License-Identifier: MIT
#include "diag/stack_report.h"

namespace lwp {

Rc stack_use(const Runtime& runtime, Pcb& pcb, int* ret_max, int* ret_used) noexcept {
  *ret_max = pcb.nominal_stack;
  *ret_used = 0;
  if (pcb.nominal_stack == 0 || !pcb.stack_accounted) return Rc::no_stack;
  auto used = pcb.slot.top - pcb.slot.lowest_used();
  const auto first_frame = static_cast<std::ptrdiff_t>(runtime.first_frame.bytes());
  if (is_bare(pcb.context) && used < first_frame) used = first_frame;
  // Room for signals comes on top of what was asked for, and may have been used.
  *ret_used = used < pcb.nominal_stack ? static_cast<int>(used) : pcb.nominal_stack;
  return *ret_used == 0 ? Rc::no_stack : Rc::success;
}

}  // namespace lwp
