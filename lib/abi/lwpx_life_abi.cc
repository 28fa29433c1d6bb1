// SPDX-License-Identifier: MIT
// lwpx_life_abi.cc - the functions of <lwp/lwpx_life.h>.
#include <lwp/lwpx.h>

#include "abi/abi.h"
#include "core/cancel.h"

using namespace lwp;

namespace {

// The I/O manager's own LWP is nobody's to control.
Pcb* find_lwp(const Runtime& runtime, PROCESS pid) noexcept {
  Pcb* const pcb = runtime.handles.find(pid);
  return pcb != runtime.idle_lwp ? pcb : nullptr;
}

}  // namespace

extern "C" {

PROCESS LWPX_Self(void) {
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr ? runtime->current->handle : nullptr;
}

int LWPX_Exit(void*) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  critical::enter_library();
  end_lwp(*runtime);
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
  const bool disabled = set_cancel_disabled(*runtime->current, state == LWPX_CANCEL_DISABLE);
  if (previous != nullptr) *previous = disabled ? LWPX_CANCEL_DISABLE : LWPX_CANCEL_ENABLE;
  return LWP_SUCCESS;
}

int LWPX_PushCleanup(struct LWPX_Cleanup* place, void (*handler)(void*), void* arg) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (place == nullptr || handler == nullptr) return LWP_ESYSTEM;
  *place = {handler, arg, runtime->current->cleanup};
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
