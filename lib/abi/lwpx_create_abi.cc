// SPDX-License-Identifier: MIT
// lwpx_create_abi.cc - the functions of <lwp/lwpx_create.h>.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include <cstddef>

#include "abi/abi.h"
#include "abi/lifecycle.h"
#include "core/life.h"
#include "iomgr/io_manager.h"

using namespace lwp;

namespace {

// What the header promises.
static_assert(sizeof(Pcb) + sizeof(DueNode) + 256 <= LWPX_CONTROL_BYTES);
static_assert(sizeof(Runtime) + 8192 <= LWPX_RUNTIME_BYTES);
static_assert(LWPX_PROCESS_BYTES(0) + sizeof(IoManager) + 16384 <= LWPX_IOMGR_BYTES);

constexpr std::size_t kSmallest = offsetof(LWPX_Attributes, priority) + sizeof(int);
constexpr unsigned kKnownFlags = LWPX_JOINABLE | LWPX_SUSPENDED | LWPX_PREEMPTIBLE;
constexpr std::size_t kLargestStack = 0x7fffffff;

}  // namespace

extern "C" int LWPX_CreateProcess(const struct LWPX_Attributes* attributes, void (*entry)(void*),
                                  void* parm, PROCESS* pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  if (entry == nullptr || !read_attributes(attributes, kSmallest, &wanted)) return LWP_ESYSTEM;
  if ((wanted.flags & ~kKnownFlags) != 0) return LWP_ESYSTEM;
  if (wanted.memory == nullptr && wanted.stack_size > kLargestStack) return LWP_ENOMEM;
  const Inside inside(*runtime);
  if (wanted.priority == LWPX_INHERIT) wanted.priority = runtime->current->priority;
  const NewLwp lwp = {entry, parm, static_cast<int>(wanted.stack_size), wanted.priority,
                      wanted.name};
  NewLwpExtras extras;
  if ((wanted.flags & LWPX_JOINABLE) != 0) extras.flags |= kJoinable;
  if ((wanted.flags & LWPX_SUSPENDED) != 0) extras.flags |= kSuspended;
  extras.preemptible = (wanted.flags & LWPX_PREEMPTIBLE) != 0;
  extras.memory = wanted.memory;
  extras.memory_size = wanted.memory_size;
  Pcb* pcb;
  const Rc rc = create_lwp_with(*runtime, lwp, extras, &pcb);
  if (rc == Rc::success && pid != nullptr) *pid = pcb->handle;
  return to_c(rc);
}

extern "C" int LWPX_InitStatic(void* memory, size_t bytes, int priority, PROCESS* pid) {
  if (this_runtime() != nullptr) return LWP_ESYSTEM;
  if (!is_priority(priority)) return LWP_EBADPRI;
  if (memory == nullptr) return LWP_ENOMEM;
  const Rc rc = start_runtime_in(memory, bytes, priority);
  if (rc != Rc::success) return to_c(rc);
  set_log();
  return enter_first_lwp(pid);
}
