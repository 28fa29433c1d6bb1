// SPDX-License-Identifier: MIT
// control.h - what one LWP may do to the running of another.
//
// Context: inside the library, never by a signal handler. Only what says "switches" does.
#pragma once

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

// Takes the LWP out of the run queue, or keeps it from entering: it does not run until
// resume_lwp(). Switches if it is the running one.
void suspend_lwp(Runtime& runtime, Pcb& pcb) noexcept;
// Rc::no_waiter if it is not suspended.
Rc resume_lwp(Runtime& runtime, Pcb& pcb) noexcept;

// A ready LWP goes to the end of its new ring, unless that is the old one; the running one keeps
// the processor until the next dispatch. Rc::bad_priority.
Rc set_priority(Runtime& runtime, Pcb& pcb, int priority) noexcept;

}  // namespace lwp
