// SPDX-License-Identifier: MIT
// wait_abi.cc - the functions of <lwp/lwp.h> that yield, wait and signal.
//
// Those that programs live on come in two forms. The exported one does the plain case: nothing is
// watched, nothing is owed, one waiter for one event; it calls nothing, so it keeps no registers,
// and what lies on the stack of who waits is one cache line less. Everything else is left, before
// anything has been changed, to the full form.
#include <lwp/lwp.h>

#include "abi/plain_form.h"
#include "abi/trace.h"
#include "arch/switching_call.h"
#include "core/event.h"
#include "core/scheduler.h"
#include "core/wait.h"
#include "sigsafe/signal_catcher.h"

using namespace lwp;

namespace {

// A handler's call that has to wait until the library is left.
int post(Runtime& runtime, PostKind kind, const void* what) noexcept {
  if (!runtime.inbox.post(kind, reinterpret_cast<std::uintptr_t>(what))) return LWP_ENOMEM;
  critical::owe();
  wake_sleeper(runtime);
  return LWP_SUCCESS;
}

// --- The full forms

LWP_NOINLINE int dispatch_fully() noexcept {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (critical::in_library()) return post(*runtime, PostKind::yield, nullptr);
  trace_call("LWP_DispatchProcess");
  const Inside inside(*runtime);
  dispatch_attentively(*runtime);
  return LWP_SUCCESS;
}

LWP_NOINLINE int wait_fully(const void* event) noexcept {
  trace_call("LWP_WaitProcess");
  if (event == nullptr) return LWP_EBADEVENT;
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  return to_c(block_on_events(*runtime, &event, 1, 1));
}

LWP_NOINLINE int qwait_fully() noexcept {
  trace_call("LWP_QWait");
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  block_on_credit(*runtime);
  return LWP_SUCCESS;
}

LWP_NOINLINE int signal_fully(const void* event, int yield) noexcept {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (critical::in_library()) {
    const int rc = event != nullptr ? post(*runtime, PostKind::event, event) : LWP_EBADEVENT;
    if (yield != 0) (void)post(*runtime, PostKind::yield, nullptr);
    return rc;
  }
  trace_call("LWP_INTERNALSIGNAL");
  const Inside inside(*runtime);
  const Rc rc = event != nullptr ? signal_event(*runtime, event) : Rc::bad_event;
  if (yield != 0) dispatch(*runtime);
  return to_c(rc);
}

LWP_NOINLINE int qsignal_fully(PROCESS pid) noexcept {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (critical::in_library()) {
    const bool lives = runtime->handles.find(pid) != nullptr;
    return lives ? post(*runtime, PostKind::credit, pid) : LWP_EBADPID;
  }
  trace_call("LWP_QSignal");
  const Inside inside(*runtime);
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  return to_c(give_credit(*runtime, *pcb));
}

// --- What the plain forms share

LWP_NOINLINE int end_cut_wait() noexcept { act_on_cancel(*this_runtime()); }

// The LWP has waited, and runs again.
LWP_ALWAYS_INLINE int end_wait() noexcept {
  ThreadState& thread = thread_state_afresh();
  const auto& runtime = *static_cast<const Runtime*>(thread.zone);
  if (LWP_UNLIKELY(wait_was_cut(*runtime.current))) return end_cut_wait();
  return leave_library_and_return(thread, LWP_SUCCESS);
}

LWP_ALWAYS_INLINE bool may_wake_plainly(const Runtime& runtime) noexcept {
  return LWP_LIKELY(lwp_debug <= 0 && makes_ready_plainly(runtime));
}

}  // namespace

extern "C" {

LWP_SWITCHING_CALL(LWP_DispatchProcess);
int LWP_INNER(LWP_DispatchProcess)() {
  Runtime* const runtime = this_runtime();
  if (!enter_plainly(runtime)) return dispatch_fully();
  if (LWP_UNLIKELY(wants_attention(*runtime))) {
    leave_to_full_form();
    return dispatch_fully();
  }
  dispatch_plainly(*runtime);
  return leave_library_and_return(thread_state_afresh(), LWP_SUCCESS);
}

LWP_SWITCHING_CALL(LWP_WaitProcess);
int LWP_INNER(LWP_WaitProcess)(const void* event) {
  Runtime* const runtime = this_runtime();
  if (event == nullptr || !enter_plainly(runtime)) return wait_fully(event);
  if (LWP_UNLIKELY(!may_block_plainly(*runtime) || !runtime->events.has_room())) {
    leave_to_full_form();
    return wait_fully(event);
  }
  block_plainly_on_event(*runtime, event);
  return end_wait();
}

LWP_SWITCHING_CALL(LWP_MwaitProcess);
int LWP_INNER(LWP_MwaitProcess)(int wcount, const void* evlist[]) {
  trace_call("LWP_MwaitProcess");
  const int count = length_of(evlist);
  if (count == 0) return LWP_EBADCOUNT;
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (wcount < 0 || wcount > count) return LWP_EBADCOUNT;
  const Waiting waiting(*runtime);
  return to_c(block_on_events(*runtime, evlist, count, wcount));
}

// For a call that yields as well.
[[gnu::visibility("hidden")]] int lwp_signal_and_yield(const void* event);
LWP_SWITCHING_CALL(lwp_signal_and_yield);
int LWP_INNER(lwp_signal_and_yield)(const void* event) { return signal_fully(event, 1); }

int LWP_INTERNALSIGNAL(const void* event, int yield) {
  if (yield != 0) return lwp_signal_and_yield(event);
  Runtime* const runtime = this_runtime();
  if (event == nullptr || !enter_plainly(runtime)) return signal_fully(event, 0);
  Rc rc;
  if (LWP_UNLIKELY(!may_wake_plainly(*runtime) || !signal_only_waiter(*runtime, event, &rc))) {
    leave_to_full_form();
    return signal_fully(event, 0);
  }
  return leave_library_and_return(lwp_thread, to_c(rc));
}

LWP_SWITCHING_CALL(LWP_QWait);
int LWP_INNER(LWP_QWait)() {
  Runtime* const runtime = this_runtime();
  if (!enter_plainly(runtime)) return qwait_fully();
  if (LWP_UNLIKELY(!may_block_plainly(*runtime))) {
    leave_to_full_form();
    return qwait_fully();
  }
  if (--runtime->current->credits >= 0) return leave_library_and_return(lwp_thread, LWP_SUCCESS);
  stop_running(*runtime);
  dispatch_plainly(*runtime);
  return end_wait();
}

int LWP_QSignal(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (!enter_plainly(runtime)) return qsignal_fully(pid);
  Pcb* const pcb = runtime->handles.find(pid);
  if (LWP_UNLIKELY(pcb == nullptr || !may_wake_plainly(*runtime) || !is_made_ready_plainly(*pcb))) {
    leave_to_full_form();
    return qsignal_fully(pid);
  }
  if (++pcb->credits != 0) return leave_library_and_return(lwp_thread, LWP_ENOWAIT);
  make_ready_plainly(*runtime, *pcb);
  return leave_library_and_return(lwp_thread, LWP_SUCCESS);
}

}  // extern "C"
