// SPDX-License-Identifier: MIT
// lwp_abi.cc - the functions of <lwp/lwp.h>.
#include <lwp/lwp.h>

#include "abi/abi.h"
#include "base/legacy_variables.h"
#include "core/event.h"
#include "core/life.h"
#include "core/remains.h"
#include "core/rock.h"
#include "core/scheduler.h"
#include "core/watch.h"
#include "diag/dump.h"
#include "diag/stack_report.h"
#include "sigsafe/signal_catcher.h"

using namespace lwp;

namespace {

// One test per call while tracing is off.
LWP_ALWAYS_INLINE void trace_call(const char* name) noexcept {
  if (LWP_UNLIKELY(lwp_debug > 0)) log_line("Entered %s", name);
}

// A handler's call that has to wait until the library is left.
int post(Runtime& runtime, PostKind kind, const void* what) noexcept {
  if (!runtime.inbox.post(kind, reinterpret_cast<std::uintptr_t>(what))) return LWP_ENOMEM;
  critical::owe();
  wake_sleeper(runtime);
  return LWP_SUCCESS;
}

// LWP_DispatchProcess where it is not the plain case.
LWP_NOINLINE int dispatch_attentively_or_post() {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (critical::in_library()) return post(*runtime, PostKind::yield, nullptr);
  trace_call("LWP_DispatchProcess");
  const Inside inside(*runtime);
  dispatch_attentively(*runtime);
  return LWP_SUCCESS;
}

}  // namespace

extern "C" {

int LWP_CreateProcess(void (*ep)(void*), int stacksize, int priority, void* parm, const char* name,
                      PROCESS* pid) {
  trace_call(__func__);
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

int LWP_DestroyProcess(PROCESS pid) {
  trace_call(__func__);
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  const Inside inside(*runtime);
  if (pcb == runtime->current) exit_lwp(*runtime, kCancelledStatus);
  destroy_lwp(*runtime, *pcb);
  return LWP_SUCCESS;
}

int LWP_DispatchProcess(void) {
  Runtime* const runtime = this_runtime();
  if (LWP_UNLIKELY(runtime == nullptr || critical::in_library() || wants_attention(*runtime))) {
    return dispatch_attentively_or_post();
  }
  critical::enter_library();
  dispatch_plainly(*runtime);
  leave_library(*this_runtime());
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
  const Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  *priority = pcb->priority;
  return LWP_SUCCESS;
}

int LWP_WaitProcess(const void* event) {
  trace_call(__func__);
  if (event == nullptr) return LWP_EBADEVENT;
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  return to_c(block_on_events(*runtime, &event, 1, 1));
}

int LWP_MwaitProcess(int wcount, const void* evlist[]) {
  trace_call(__func__);
  int count = 0;
  if (evlist != nullptr) {
    while (evlist[count] != nullptr) ++count;
  }
  if (count == 0) return LWP_EBADCOUNT;
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (wcount < 0 || wcount > count) return LWP_EBADCOUNT;
  const Waiting waiting(*runtime);
  return to_c(block_on_events(*runtime, evlist, count, wcount));
}

int LWP_INTERNALSIGNAL(const void* event, int yield) {
  Runtime* const runtime = this_runtime();
  if (LWP_UNLIKELY(runtime == nullptr)) return LWP_EINIT;
  if (LWP_UNLIKELY(critical::in_library())) {
    const int rc = event != nullptr ? post(*runtime, PostKind::event, event) : LWP_EBADEVENT;
    if (yield != 0) (void)post(*runtime, PostKind::yield, nullptr);
    return rc;
  }
  trace_call(__func__);
  const Inside inside(*runtime);
  const Rc rc = event != nullptr ? signal_event(*runtime, event) : Rc::bad_event;
  if (yield != 0) dispatch(*runtime);
  return to_c(rc);
}

int LWP_QWait(void) {
  trace_call(__func__);
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  block_on_credit(*runtime);
  return LWP_SUCCESS;
}

int LWP_QSignal(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (LWP_UNLIKELY(runtime == nullptr)) return LWP_EINIT;
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  if (LWP_UNLIKELY(critical::in_library())) return post(*runtime, PostKind::credit, pid);
  trace_call(__func__);
  const Inside inside(*runtime);
  return to_c(give_credit(*runtime, *pcb));
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
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  const Inside inside(*runtime);
  return to_c(stack_use(*pcb, max, used));
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
