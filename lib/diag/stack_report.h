// SPDX-License-Identifier: MIT
// stack_report.h - how much of its stack an LWP has used.
#pragma once

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

// Rc::no_stack, with *ret_used 0: the first LWP, or not accounted. Context: inside the library.
Rc stack_use(const Runtime& runtime, Pcb& pcb, int* ret_max, int* ret_used) noexcept;

}  // namespace lwp
