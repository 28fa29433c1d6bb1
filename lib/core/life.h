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

// What LWPX_CreateProcess adds.
struct NewLwpExtras {
  std::uint8_t flags = 0;  // kJoinable, kSuspended
  bool preemptible = false;
  void* memory =
      nullptr;  // for stack and block, instead of the pool's; stack_size is what fits then
  std::size_t memory_size = 0;
};

// The LWP is ready, at the end of its ring; it runs at the next dispatch that picks it.
// Rc::no_memory, or else Rc::bad_priority: nothing is left behind.
Rc create_lwp(Runtime& runtime, const NewLwp& wanted, Pcb** ret_pcb) noexcept;
// The same, but for a suspended one, which is not ready. Rc::no_memory also if the memory is too
// small.
Rc create_lwp_with(Runtime& runtime, const NewLwp& wanted, const NewLwpExtras& extras,
                   Pcb** ret_pcb) noexcept;

// Ends another LWP than the running one, whatever it is doing. If it is joinable, as if cancelled.
void destroy_lwp(Runtime& runtime, Pcb& pcb) noexcept;

// Ends the running LWP.
[[noreturn]] void exit_lwp(Runtime& runtime, void* status) noexcept;

// For the runtime's start and stop.
void adopt_first_lwp(Runtime& runtime, int priority) noexcept;
void free_all_lwps(Runtime& runtime) noexcept;

}  // namespace lwp
