// SPDX-License-Identifier: MIT
// remains.h - what is left of an LWP that has ended: its block until it is joined, and memory that
// is not the stack pool's.
//
// An LWP that nobody can join leaves nothing. A joinable one keeps its block and its stack, with
// what it has ended with; its handle is good for joining and for detaching alone.
//
// Context: inside the library. Nothing here switches.
#pragma once

#include <lwp/detail/types.h>

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

// Of an LWP that was cancelled or destroyed: LWPX_CANCELED.
inline void* const kCancelledStatus = reinterpret_cast<void*>(-1);

// The rest of an LWP's burial, if it has any flag. It may be the running one.
LWP_NOINLINE void leave_remains(Runtime& runtime, Pcb& pcb, void* status) noexcept;

// Frees what has been allocated for the LWP, its name too.
void free_memory(Runtime& runtime, Pcb& pcb) noexcept;

// Frees block and stack of an LWP that has ended; it may run still.
void clear_away(Runtime& runtime, Pcb& pcb) noexcept;

// The last calls that name a stack, once nobody runs on it.
void forget_stack(Pcb& pcb) noexcept;
void forget_departed(Runtime& runtime) noexcept;

// --- joining. `pid` may be of an LWP that has ended.

// The running LWP may wait for the end of this one, which lives: Rc::deadlock, Rc::not_joinable.
Rc may_join(const Runtime& runtime, const Pcb& pcb) noexcept;

// The running LWP no longer waits for its end.
void stop_joining(Runtime& runtime, PROCESS pid) noexcept;

// What `pid` has ended with; nothing is left of it then. Rc::bad_pid if it has not ended, or not
// so.
Rc take_status(Runtime& runtime, PROCESS pid, void** ret_status) noexcept;

// It is not to be joined: nothing will be, or is, left of it. Rc::bad_pid, Rc::not_joinable.
Rc detach_lwp(Runtime& runtime, PROCESS pid) noexcept;

}  // namespace lwp
