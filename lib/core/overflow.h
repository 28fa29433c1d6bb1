// SPDX-License-Identifier: MIT
// overflow.h - what happens when an LWP runs off its stack.
//
// The guard turns it into a memory fault. Where the program has no SIGSEGV handler of its own, the
// runtime has one, on an alternate signal stack, which names the LWP and follows
// lwp_overflowAction. Stacks without a guard have a canary word instead, looked at per dispatch.
#pragma once

#include "core/runtime.h"

namespace lwp {

void start_overflow_reports(Runtime& runtime) noexcept;
void stop_overflow_reports(Runtime& runtime) noexcept;

// Outside handlers, inside the library.
void check_canary(Runtime& runtime, Pcb& pcb) noexcept;

}  // namespace lwp
