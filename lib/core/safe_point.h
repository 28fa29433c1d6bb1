// SPDX-License-Identifier: MIT
// safe_point.h - where the library is left, and what it owes is paid: the bottom half of ticks and
// of calls that handlers made while the library was at work.
#pragma once

#include "base/attributes.h"
#include "core/runtime.h"
#include "sigsafe/critical.h"

namespace lwp {

// May switch. Delivers what handlers posted; if a tick is owed and the level is 0, dispatches. The
// library has been left when it is called and when it returns.
LWP_NOINLINE void catch_up(Runtime& runtime) noexcept;

// Whether the LWP may be moved now, for something that came earlier: the signal mask, the stack and
// PRE_Block allow it. If not, this is counted.
bool may_pay(Runtime& runtime) noexcept;

// May switch. A tick that came earlier acts now, if it may. Inside the library, at level 0.
void pay_tick(Runtime& runtime) noexcept;

// Somebody else than the running LWP could use the processor, now or when what it waits for comes:
// ticks are of use.
bool anybody_else(const Runtime& runtime) noexcept;

// Part of it: LWPs wait for descriptors, timers or signals, or another kernel thread has sent
// something.
bool others_wait(const Runtime& runtime) noexcept;
// Part of it: the running LWP's time is limited, whether or not there is anybody else.
bool counts_slices(const Runtime& runtime) noexcept;

// Never switches. Delivers everything that handlers posted and other kernel threads sent; whether
// one of them asked for a dispatch. Inside the library.
bool empty_inbox(Runtime& runtime) noexcept;

// May switch. The last thing that a library call does.
LWP_ALWAYS_INLINE void leave_library(Runtime& runtime) noexcept {
  critical::leave_library();
  if (LWP_UNLIKELY(runtime.attention.to_catch_up())) catch_up(runtime);
}

}  // namespace lwp
