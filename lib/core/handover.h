// SPDX-License-Identifier: MIT
// handover.h - how a preempted LWP gives the processor to another one that was preempted too.
//
// While the handler of a tick runs, signals are blocked; returning from it sets the signal mask and
// the alternate stack to what its frame says. If the LWP that comes next is suspended in such a
// handler as well, it returns from there in the same way: no more is needed than to copy mask and
// stack from frame to frame, as nobody can have changed them in between. That takes no system call.
// All others must be open to ticks when they run, so the mask is set before, and when the preempted
// LWP runs again mask and stack are asked for: three calls.
//
// Context: inside the library, in the handler of a tick, under its mask.
#pragma once

#include <ucontext.h>

#include "core/runtime.h"

namespace lwp {

// Switches if the next LWP is suspended by a tick, and the dispatch has nothing to do but that;
// returns whether it did, and then when the running LWP runs again.
bool hand_over(Runtime& runtime, const ucontext_t& interrupted) noexcept;

// The frame of the LWP whose hand_over() has led here: signals are still blocked. Null: they are
// not, as something else has led here. To be asked once.
const ucontext_t* take_over(Runtime& runtime) noexcept;

}  // namespace lwp
