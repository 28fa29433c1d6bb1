// SPDX-License-Identifier: MIT
// lwp_abi.cc - the functions of <lwp/lwp.h>.
#include <lwp/lwp.h>

#include "abi/plain_form.h"
#include "abi/trace.h"
#include "abi/visit.h"
#include "arch/switching_call.h"
#include "base/legacy_variables.h"
#include "core/birth.h"
#include "core/life.h"
#include "core/remains.h"
#include "core/rock.h"
#include "core/scheduler.h"
#include "core/watch.h"
#include "diag/dump.h"
#include "diag/stack_report.h"

using namespace lwp;

extern "C" {

// The full form of LWP_CreateProcess.
[[gnu::visibility("hidden")]] int lwp_create_fully(void (*ep)(void*), int stacksize, int priority,
                                                   void* parm, const char* name, PROCESS* pid);
LWP_SWITCHING_CALL(lwp_create_fully);
int LWP_INNER(lwp_create_fully)(void (*ep)(void*), int stacksize, int priority, void* parm,
                                const char* name, PROCESS* pid) {
  trace_call("LWP_CreateProcess");
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* pcb;
  const Rc rc = create_lwp(*runtime, {ep, parm, stacksize, priority, name}, &pcb);
  if (rc != Rc::success) return to_c(rc);
  PROCESS const handle = pcb->handle;  // the block may be another's when the caller runs again
  dispatch(*runtime);
  if (pid != nullptr) *pid = handle;
  return LWP_SUCCESS;
}

// The end of its plain form, if somebody else runs first.
[[gnu::visibility("hidden")]] int lwp_yield_to_created(PROCESS created, PROCESS* pid);
LWP_SWITCHING_CALL(lwp_yield_to_created);
int LWP_INNER(lwp_yield_to_created)(PROCESS created, PROCESS* pid) {
  dispatch_plainly<true>(*this_runtime());
  if (pid != nullptr) *pid = created;
  return leave_library_and_return(thread_state_afresh(), LWP_SUCCESS);
}

}  // extern "C"

namespace {

template <bool kAccounted>
LWP_ALWAYS_INLINE int create(void (*ep)(void*), int stacksize, int priority, void* parm,
                             const char* name, PROCESS* pid) noexcept {
  Runtime* const runtime = this_runtime();
  if (!enter_plainly(runtime)) return lwp_create_fully(ep, stacksize, priority, parm, name, pid);
  const Pcb* pcb = nullptr;
  if (LWP_LIKELY(!wants_attention(*runtime))) {
    pcb = create_plainly<kAccounted>(*runtime, {ep, parm, stacksize, priority, name});
  }
  if (LWP_UNLIKELY(pcb == nullptr)) {
    leave_to_full_form();
    return lwp_create_fully(ep, stacksize, priority, parm, name, pid);
  }
  if (!runtime->queue.leads_alone(*runtime->current)) return lwp_yield_to_created(pcb->handle, pid);
  ++*runtime->dispatch_count;
  if (pid != nullptr) *pid = pcb->handle;
  return leave_library_and_return(lwp_thread, LWP_SUCCESS);
}

// Two forms, as the one without accounting needs fewer registers, which would have to be saved.
LWP_NOINLINE int create_accounted(void (*ep)(void*), int stacksize, int priority, void* parm,
                                  const char* name, PROCESS* pid) noexcept {
  return create<true>(ep, stacksize, priority, parm, name, pid);
}

}  // namespace

extern "C" {

int LWP_CreateProcess(void (*ep)(void*), int stacksize, int priority, void* parm, const char* name,
                      PROCESS* pid) {
  if (lwp_stackUseEnabled != 0) {
    return create_accounted(ep, stacksize, priority, parm, name, pid);
  }
  return create<false>(ep, stacksize, priority, parm, name, pid);
}

int LWP_DestroyProcess(PROCESS pid) {
  trace_call(__func__);
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  if (pcb == nullptr) return LWP_EBADPID;
  if (pcb == runtime->current) exit_lwp(*runtime, kCancelledStatus);
  destroy_lwp(*runtime, *pcb);
  return LWP_SUCCESS;
}

int LWP_CurrentProcess(PROCESS* pid) {
  if (pid == nullptr) return LWP_EBADPID;
  *pid = LWP_ThisProcess();
  return *pid != nullptr ? LWP_SUCCESS : LWP_EINIT;
}

PROCESS LWP_ThisProcess(void) {
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr ? runtime->current->handle : nullptr;
}

int LWP_GetProcessPriority(PROCESS pid, int* priority) {
  const Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  const Visit visit;
  const Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  *priority = pcb->priority;
  return LWP_SUCCESS;
}

int LWP_NewRock(int tag, char* value) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  return to_c(add_rock(*runtime->current, tag, value));
}

int LWP_GetRock(int tag, char** value) {
  const Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  return to_c(find_rock(*runtime->current, tag, value));
}

char* LWP_Name(void) {
  static char none[] = "";
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr ? runtime->current->name : none;
}

int LWP_Index(void) {
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr ? runtime->current->index : LWP_EINIT;
}

int LWP_HighestIndex(void) {
  const Runtime* const runtime = this_runtime();
  return (runtime != nullptr ? *runtime->next_index : lwp_nextindex) - 1;
}

int LWP_StackUsed(PROCESS pid, int* max, int* used) {
  trace_call(__func__);
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  return to_c(stack_use(*runtime, *pcb, max, used));
}

void LWP_SetLog(FILE* file, int level) {
  lwp_logfile = file;
  lwp_debug = level;
}

void LWP_Print_Processes(void) {
  if (lwp_logfile == nullptr) return;
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) {
    fputs("***LWP: LWP support not initialized\n", lwp_logfile);
    return;
  }
  if (may_enter(runtime) != Rc::success) return;
  const Inside inside(*runtime);
  print_lwps(*runtime, lwp_logfile);
}

void LWP_ProtectStacks(void) {}
void LWP_UnProtectStacks(void) {}

}  // extern "C"
