// SPDX-License-Identifier: MIT
// loop_list.h - the loops that an LWP has under way (<preempt/loop.h>), and asking them to let
// others run.
//
// The records lie on the LWP's own stack, in the frames of the functions that the loops are in. A
// loop that runs reads one word of its record; a tick that may not move the LWP writes that word.
//
// Memory: nothing here allocates. A record whose frame has gone without a word (longjmp) is below
//         the stack pointer, and may have been overwritten: from it on the list is not to be read.
#pragma once

#include <preempt/loop.h>

#include <cstdint>

#include "base/attributes.h"
#include "core/runtime.h"

namespace lwp {

// The running LWP's loops and PRE_Checkpoint call the library as soon as they can.
// stack: the stack pointer of the code that they are in.
LWP_SIGSAFE void ask_loops(Runtime& runtime, std::uintptr_t stack) noexcept;

// The loops of an LWP that may be suspended call the library at their next iteration.
LWP_SIGSAFE void lower_limits(Pcb& pcb) noexcept;

// Gives the list up if it begins with records whose frames have gone.
LWP_SIGSAFE void forget_dead_loops(Runtime& runtime, std::uintptr_t stack) noexcept;

void enlist(Pcb& pcb, PRE_Loop& loop) noexcept;
void delist(Pcb& pcb, PRE_Loop& loop) noexcept;

// Undoes ask_loops() for the running LWP, but for loops that have been cancelled, and while ticks
// are forced: each iteration is then a place for one.
void restore_limits(Runtime& runtime) noexcept;

// All loops of an LWP end at their next iteration; false if there are none.
bool cancel_loops(Pcb& pcb) noexcept;

}  // namespace lwp
