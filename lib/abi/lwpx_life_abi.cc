// SPDX-License-Identifier: MIT
// lwpx_life_abi.cc - the functions of <lwp/lwpx_life.h>.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include "abi/abi.h"
#include "abi/lwpx_args.h"
#include "core/cancel.h"
#include "core/control.h"
#include "core/remains.h"
#include "iomgr/io_manager.h"
#include "iomgr/join.h"

using namespace lwp;

extern "C" {

PROCESS LWPX_Self(void) { return LWP_ThisProcess(); }

int LWPX_Exit(void* status) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  critical::enter_library();
  end_lwp(*runtime, status);
}

int LWPX_Join(PROCESS pid, const struct timespec* deadline, void** status) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (deadline != nullptr && !valid(*deadline)) return LWP_ESYSTEM;
  void* result;
  const Waiting waiting(*runtime);
  if (is_library_lwp(*runtime, pid)) return LWP_EBADPID;
  if (deadline != nullptr) {
    if (const Rc rc = start_io(*runtime); rc != Rc::success) return to_c(rc);
  }
  const std::int64_t until = deadline != nullptr ? to_ns(*deadline) : kNever;
  const Rc rc = join_lwp(*runtime, pid, until, &result);
  if (rc == Rc::success && status != nullptr) *status = result;
  return to_c(rc);
}

int LWPX_Detach(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  if (is_library_lwp(*runtime, pid)) return LWP_EBADPID;
  return to_c(detach_lwp(*runtime, pid));
}

int LWPX_Suspend(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  if (pcb == nullptr) return LWP_EBADPID;
  if (pcb == runtime->current) cancellation_point(*runtime);
  suspend_lwp(*runtime, *pcb);
  if (pcb == runtime->current) cancellation_point(*runtime);
  return LWP_SUCCESS;
}

int LWPX_Ready(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  return pcb != nullptr ? to_c(resume_lwp(*runtime, *pcb)) : LWP_EBADPID;
}

int LWPX_SetPriority(PROCESS pid, int priority) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  return pcb != nullptr ? to_c(set_priority(*runtime, *pcb, priority)) : LWP_EBADPID;
}

int LWPX_Cancel(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  if (pcb == nullptr) return LWP_EBADPID;
  cancel_lwp(*runtime, *pcb);
  return LWP_SUCCESS;
}

int LWPX_TestCancel(void) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  return LWP_SUCCESS;
}

int LWPX_SetCancelState(int state, int* previous) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (state != LWPX_CANCEL_ENABLE && state != LWPX_CANCEL_DISABLE) return LWP_ESYSTEM;
  const Inside inside(*runtime);
  const bool disabled = set_cancel_disabled(*runtime->current, state == LWPX_CANCEL_DISABLE);
  if (previous != nullptr) *previous = disabled ? LWPX_CANCEL_DISABLE : LWPX_CANCEL_ENABLE;
  return LWP_SUCCESS;
}

int LWPX_PushCleanup(struct LWPX_Cleanup* place, void (*handler)(void*), void* arg) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (place == nullptr || handler == nullptr) return LWP_ESYSTEM;
  *place = {handler, arg, runtime->current->cleanup};
  runtime->current->rare_in_use = true;
  runtime->current->cleanup = place;
  return LWP_SUCCESS;
}

int LWPX_PopCleanup(int execute) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const LWPX_Cleanup* const top = runtime->current->cleanup;
  if (top == nullptr) return LWP_EBADCOUNT;
  runtime->current->cleanup = top->next;
  if (execute != 0) top->handler(top->arg);
  return LWP_SUCCESS;
}

}  // extern "C"
