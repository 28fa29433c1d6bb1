// SPDX-License-Identifier: MIT
// life.h - how an LWP begins and how it ends.
//
// Context: inside the library. Never by a signal handler.
#pragma once

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

struct NewLwp {
  void (*entry)(void*);
  void* parm;
  int stack_size;  // bytes, raised and rounded as LWP_CreateProcess documents
  int priority;
  const char* name;
};

// The LWP is ready, at the end of its ring; it runs at the next dispatch that picks it.
// Rc::no_memory, or else Rc::bad_priority: nothing is left behind.
Rc create_lwp(Runtime& runtime, const NewLwp& wanted, Pcb** ret_pcb) noexcept;

// Ends another LWP than the running one, whatever it is doing.
void destroy_lwp(Runtime& runtime, Pcb& pcb) noexcept;

// Ends the running LWP.
[[noreturn]] void exit_lwp(Runtime& runtime) noexcept;

// For the runtime's start and stop.
void adopt_first_lwp(Runtime& runtime, int priority) noexcept;
void free_all_lwps(Runtime& runtime) noexcept;

}  // namespace lwp
