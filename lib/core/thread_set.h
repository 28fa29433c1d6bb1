// SPDX-License-Identifier: MIT
// thread_set.h - LWPs whose end somebody waits for together, and who may have a limit of slices.
//
// Invariant: Runtime::threads is the number of living LWPs with the flag kThread.
// Context:   inside the library, never by a signal handler.
#pragma once

#include "core/runtime.h"

namespace lwp {

// A suspended LWP goes on, as one of them. Any other is left alone.
void add_thread(Runtime& runtime, Pcb& pcb) noexcept;

// Switches, unless there are none. The running LWP is not one of them. Returns early if it is to be
// cancelled.
void block_until_threads_end(Runtime& runtime) noexcept;

}  // namespace lwp
