// SPDX-License-Identifier: MIT
// cancel.h - ending an LWP at its own next call that waits, and what it wants done first.
//
// Deferred: a cancellation is noted, and acts when the LWP comes to a cancellation point; it ends a
// wait, so that the LWP comes there. Functions that wait notice by wait_was_cut() that they are not
// to wait again; they return at once, whatever they return, and their shim then acts.
//
// Context: inside the library, at depth 1. Never by a signal handler.
#pragma once

#include "base/attributes.h"
#include "core/pcb.h"
#include "core/runtime.h"

namespace lwp {

inline bool cancellation_is_due(const Pcb& pcb) noexcept {
  return (pcb.flags & (kCancelWanted | kCancelDisabled)) == kCancelWanted;
}

inline bool wait_was_cut(const Pcb& pcb) noexcept { return (pcb.flags & kWaitCut) != 0; }

// The running LWP, whose cancellation is due, ends here.
[[noreturn]] LWP_NOINLINE void act_on_cancel(Runtime& runtime) noexcept;

// Where the running LWP may be cancelled: returns if it is not to be.
LWP_ALWAYS_INLINE void cancellation_point(Runtime& runtime) noexcept {
  if (LWP_UNLIKELY(cancellation_is_due(*runtime.current))) act_on_cancel(runtime);
}

// Returns how it was before.
bool set_cancel_disabled(Pcb& pcb, bool disabled) noexcept;

// Never switches.
void cancel_lwp(Runtime& runtime, Pcb& pcb) noexcept;

// Runs the clean-up handlers of the running LWP, last pushed first and outside the library, and
// ends it.
[[noreturn]] void end_lwp(Runtime& runtime, void* status) noexcept;

}  // namespace lwp
