// SPDX-License-Identifier: MIT
// loop_check.h - the slow side of <preempt/loop.h>: loops begin, fall out and end.
//
// Context: outside the library, also in signal handlers, unless said otherwise; handlers leave the
//          list of loops as they found it.
#pragma once

#include <preempt/loop.h>
#include <ucontext.h>

#include "core/runtime.h"

namespace lwp {

// May switch.
void begin_loop(Runtime* runtime, PRE_Loop& loop, int counter_size, bool is_signed,
                bool up) noexcept;

// May switch. The loop has come to its limit, or to the one that a tick has put there; `more`:
// there are iterations left. Whether it is to go on.
bool loop_goes_on(Runtime* runtime, PRE_Loop& loop, bool more) noexcept;

// As a tick that may not move the LWP. interrupted: null if not called by a handler.
void ask_for_slice(Runtime& runtime, const ucontext_t* interrupted) noexcept;

void end_loop(Runtime* runtime, PRE_Loop& loop) noexcept;

// May switch. Others run, if a tick has asked for it and the level is 0.
void checkpoint(Runtime* runtime) noexcept;

}  // namespace lwp
