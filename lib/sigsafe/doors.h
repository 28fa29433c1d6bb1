// SPDX-License-Identifier: MIT
// doors.h - the only functions outside the zone that a signal handler calls. core/ defines them.
#pragma once

#include <signal.h>

#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/zone.h"

extern "C" {

// A tick found the LWP in movable code at level 0 under the known mask: let others run, if any may.
// Returns when the LWP has the processor again. May change errno. False: its stack has no room for
// another signal frame, nothing has been done.
LWP_SIGSAFE bool lwp_door_tick(lwp::Zone* zone, ucontext_t* interrupted);

// Somebody else could use the processor, now or when a descriptor is ready. Not to be called when
// the library was interrupted.
LWP_SIGSAFE bool lwp_door_anybody_else(const lwp::Zone* zone);

// Part of it: somebody else could use the processor now. Likewise.
LWP_SIGSAFE bool lwp_door_rival_ready(const lwp::Zone* zone);

// A tick may not move the LWP where it is: its loops (<preempt/loop.h>) are to let others run.
// stack: the interrupted stack pointer.
LWP_SIGSAFE void lwp_door_ask_loops(lwp::Zone* zone, std::uintptr_t stack);

// Just above the running LWP's stack; null if that is not known, or `within` not on it.
LWP_SIGSAFE const void* lwp_door_stack_end(const lwp::Zone* zone, const void* within);

// What became of the ticks that found the running LWP.
LWP_SIGSAFE lwp::LwpTicks* lwp_door_ticks_of_running(lwp::Zone* zone);

// How many dispatches there have been, modulo a power of two.
LWP_SIGSAFE unsigned long lwp_door_dispatches(const lwp::Zone* zone);

// The running LWP, interrupted at `pc`, has kept the processor for that long although ticks came,
// the last one put off for `reason`: tells whom the program wants to know.
LWP_SIGSAFE void lwp_door_stuck(lwp::Zone* zone, lwp::Deferral reason, std::uintptr_t pc,
                                std::int64_t kept_ns);

// A memory access failed. If it hit the guard of the running LWP's stack: reports that as
// lwp_overflowAction says, and does not return if that is LWP_SOABORT.
LWP_SIGSAFE void lwp_door_fault(lwp::Zone* zone, const void* address);

}  // extern "C"
