// SPDX-License-Identifier: MIT
// lwpx_create_abi.cc - the functions of <lwp/lwpx_create.h>.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include <cstddef>
#include <cstring>

#include "abi/abi.h"
#include "base/legacy_variables.h"
#include "core/life.h"
#include "iomgr/io_manager.h"

using namespace lwp;

namespace {

// What the header promises.
static_assert(sizeof(Pcb) + 256 <= LWPX_CONTROL_BYTES);
static_assert(sizeof(Runtime) + 8192 <= LWPX_RUNTIME_BYTES);
static_assert(LWPX_PROCESS_BYTES(0) + sizeof(IoManager) + 16384 <= LWPX_IOMGR_BYTES);

constexpr std::size_t kSmallest = offsetof(LWPX_Attributes, priority) + sizeof(int);
constexpr unsigned kKnownFlags = LWPX_JOINABLE | LWPX_SUSPENDED | LWPX_PREEMPTIBLE;
constexpr std::size_t kLargestStack = 0x7fffffff;

// The caller may be older than this library, and knows less; or newer, and may then ask for nothing
// that is not known here.
bool read(const LWPX_Attributes* given, LWPX_Attributes* ret_attributes) noexcept {
  LWPX_Attributes known = LWPX_ATTRIBUTES_INIT;
  if (given != nullptr) {
    const std::size_t size = given->size;
    if (size < kSmallest) return false;
    memcpy(&known, given, size < sizeof known ? size : sizeof known);
    const auto* const bytes = reinterpret_cast<const char*>(given);
    for (std::size_t i = sizeof known; i < size; ++i) {
      if (bytes[i] != 0) return false;
    }
  }
  if ((known.flags & ~kKnownFlags) != 0) return false;
  *ret_attributes = known;
  return true;
}

}  // namespace

extern "C" int LWPX_CreateProcess(const struct LWPX_Attributes* attributes, void (*entry)(void*),
                                  void* parm, PROCESS* pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  LWPX_Attributes wanted;
  if (entry == nullptr || !read(attributes, &wanted)) return LWP_ESYSTEM;
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
  if (priority < 0 || priority > LWP_MAX_PRIORITY) return LWP_EBADPRI;
  if (memory == nullptr) return LWP_ENOMEM;
  const Rc rc = start_runtime_in(memory, bytes, priority);
  if (rc != Rc::success) return to_c(rc);
  // Other kernel threads may be starting too, and store the same.
  __atomic_store_n(&lwp_logfile, stderr, __ATOMIC_RELAXED);
  Runtime& runtime = *this_runtime();
  if (pid != nullptr) *pid = runtime.current->handle;
  leave_library(runtime);
  return LWP_SUCCESS;
}
