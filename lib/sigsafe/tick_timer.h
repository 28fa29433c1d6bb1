// SPDX-License-Identifier: MIT
// tick_timer.h - turning the timers of a kernel thread on and off. preempt/slice creates them.
//
// Context: handlers, and library code of the kernel thread that owns the zone.
#pragma once

#include "base/attributes.h"
#include "sigsafe/zone.h"

namespace lwp {

// Whether the timers of the zone signal this kernel thread. False in a forked child.
LWP_SIGSAFE bool has_timers(const Zone& zone) noexcept;

// False in a forked child, until it has timers itself; preemption is off then.
LWP_SIGSAFE bool own_timers(Zone& zone) noexcept;

// A tick each slice from now on. After a fork there are no timers: preemption is off then.
LWP_SIGSAFE void arm_ticks(Zone& zone) noexcept;

// The same, called on another kernel thread than the owner's, if the owner dozes. The zone must not
// go away meanwhile. Otherwise the owner is awake, and will see what the caller has left for it.
LWP_SIGSAFE void wake_ticks_of_other(Zone& zone) noexcept;

// No tick until arm_ticks(): there is nobody to give the processor to.
LWP_SIGSAFE void doze(Zone& zone) noexcept;

// A tick came at a bad place: another try after a fraction of the slice, then twice that, and so
// on up to a slice. Code that is stuck for long is so woken once a slice, not more often.
LWP_SIGSAFE void retry_soon(Zone& zone) noexcept;

// The running LWP gives up the processor: the next one is not to pay for its bad place.
void stop_retrying(Zone& zone) noexcept;

}  // namespace lwp
