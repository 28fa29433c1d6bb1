// SPDX-License-Identifier: MIT
// dialect_afs3.cc - the functions of <lwp.h> and <timer.h> of AFS-3 that differ from Coda's, and
// those that Coda does not have.
//
// Their names here are those in the object file; the headers in include/lwp/dialect/afs3 declare
// them under the names of AFS-3. They can not be included beside Coda's, so tests alone compare.
#include <errno.h>
#include <lwp/lwp.h>
#include <lwp/timer.h>

#include <algorithm>
#include <cstdlib>

#include "abi/abi.h"
#include "abi/lifecycle.h"
#include "abi/visit.h"
#include "core/event.h"
#include "core/life.h"
#include "core/remains.h"
#include "core/scheduler.h"
#include "iomgr/keyboard.h"
#include "sigsafe/signal_catcher.h"
#include "time/timer_list.h"

using namespace lwp;

namespace {

constexpr int kNormalPriority = LWP_MAX_PRIORITY - 2;
constexpr int kSmallestStack = 192 * 1024;

int smallest_stack(const Runtime& runtime) noexcept {
  return std::max(kSmallestStack, runtime.afs3_smallest_stack);
}

// What AFS-3 makes of a time that is none.
timeval corrected(const timeval& timeout) noexcept {
  constexpr long kUsPerSecond = 1000000;
  timeval result = timeout;
  const bool bad = timeout.tv_sec < 0 || timeout.tv_usec < 0 || timeout.tv_usec >= kUsPerSecond;
  if (timeout.tv_sec < 0) result.tv_sec = 1;
  if (bad) result.tv_usec = 100000;
  return result;
}

// Null if the caller can not wait for input.
Runtime* runtime_with_io() noexcept {
  Runtime* const runtime = this_runtime();
  return may_enter(runtime) == Rc::success && runtime->io != nullptr ? runtime : nullptr;
}

}  // namespace

extern "C" {

LWP_EXPORT int LWP_InitializeProcessSupport(int priority, PROCESS* pid) {
  const bool fresh = this_runtime() == nullptr;
  const int rc = start_lwps(priority, Dialect::afs3, pid);
  const char* const wanted = getenv("AFS_LWP_STACK_SIZE");
  if (fresh && rc == LWP_SUCCESS && wanted != nullptr) {
    this_runtime()->afs3_smallest_stack = atoi(wanted);
  }
  return rc;
}

// What ep returns is not looked at.
LWP_EXPORT int afs3_LWP_CreateProcess(void (*ep)(void*), int stacksize, int priority, void* parm,
                                      const char* name, PROCESS* pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  const int stack_size = std::max(stacksize, smallest_stack(*runtime));
  Pcb* pcb;
  const Rc rc = create_lwp(*runtime, {ep, parm, stack_size, priority, name}, &pcb);
  PROCESS const handle = rc == Rc::success ? pcb->handle : nullptr;
  // A new LWP of a higher priority runs before the creator gives up its place. So whom it wakes of
  // the creator's equals comes before the creator, who does so now.
  if (rc == Rc::success) dispatch_attentively(*runtime, Place::kept);
  dispatch(*runtime);
  if (rc == Rc::success && pid != nullptr) *pid = handle;
  return to_c(rc);
}

LWP_EXPORT int afs3_LWP_DestroyProcess(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = find_lwp(*runtime, pid);
  if (pcb == nullptr) return LWP_EBADPID;
  if (pcb == runtime->current) exit_lwp(*runtime, kCancelledStatus);
  destroy_lwp(*runtime, *pcb);
  dispatch(*runtime);
  return LWP_SUCCESS;
}

LWP_EXPORT int afs3_LWP_MwaitProcess(int wcount, const void* evlist[]) {
  const int rc = LWP_MwaitProcess(wcount, evlist);
  if (rc == LWP_EBADCOUNT) (void)LWP_DispatchProcess();
  return rc;
}

// Signals that came before it are forgotten: those that a handler left while the library was at
// work, and credits that Coda code gave.
LWP_EXPORT int afs3_LWP_QWait(void) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  runtime->current->credits = 0;
  block_on_credit(*runtime);
  return LWP_SUCCESS;
}

LWP_EXPORT int afs3_LWP_QSignal(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (critical::in_library()) return LWP_QSignal(pid);
  const Inside inside(*runtime);
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  return pcb->credits < 0 ? to_c(give_credit(*runtime, *pcb)) : LWP_ENOWAIT;
}

LWP_EXPORT int afs3_IOMGR_Initialize(void) {
  if (LWP_InitializeProcessSupport(kNormalPriority, nullptr) != LWP_SUCCESS) return -1;
  return IOMGR_Initialize();
}

LWP_EXPORT int afs3_IOMGR_Poll(void) {
  const int rc = IOMGR_Poll();
  if (rc < 0) return rc;
  (void)LWP_DispatchProcess();
  (void)LWP_DispatchProcess();
  return 0;
}

LWP_EXPORT int afs3_IOMGR_Select(int fds, fd_set* readfds, fd_set* writefds, fd_set* exceptfds,
                                 struct timeval* timeout) {
  timeval wait;
  if (timeout != nullptr && (timeout->tv_sec != 0 || timeout->tv_usec != 0)) {
    wait = corrected(*timeout);
    timeout = &wait;
  }
  return std::min(IOMGR_Select(fds, readfds, writefds, exceptfds, timeout), 1);
}

LWP_EXPORT void IOMGR_Sleep(int seconds) {
  timeval wait = {seconds, 0};
  (void)afs3_IOMGR_Select(0, nullptr, nullptr, nullptr, &wait);
}

LWP_EXPORT int afs3_IOMGR_SoftSig(void (*aproc)(void*), void* arock) {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return -1;
  const SoftSignals::Request request = {aproc, arock, smallest_stack(*runtime), kNormalPriority};
  if (!runtime->soft_signals.request(request)) return -1;
  hurry(*runtime);
  return 0;
}

LWP_EXPORT fd_set* IOMGR_AllocFDSet(void) {
  return static_cast<fd_set*>(calloc(1, sizeof(fd_set)));
}

LWP_EXPORT void IOMGR_FreeFDSet(fd_set* fds) { free(fds); }

LWP_EXPORT int LWP_WaitForKeystroke(int seconds) {
  Runtime* const runtime = runtime_with_io();
  return runtime != nullptr && wait_for_key(*runtime, seconds) ? 1 : 0;
}

LWP_EXPORT int LWP_GetResponseKey(int seconds, char* key) {
  if (key == nullptr) return 0;
  forget_input();
  const int ready = LWP_WaitForKeystroke(seconds);
  *key = ready != 0 ? static_cast<char>(getchar()) : '\0';
  return ready;
}

LWP_EXPORT int LWP_GetLine(char* linebuf, int len) {
  if (linebuf == nullptr) return 0;
  Runtime* const runtime = runtime_with_io();
  return runtime != nullptr ? read_line(*runtime, linebuf, len) : -1;
}

LWP_EXPORT void afs3_TM_Remove(struct TM_Elem* list, struct TM_Elem* elem) {
  TM_Remove(list, elem);
  if (elem != nullptr && !critical::in_library()) elem->Next = elem->Prev = nullptr;
}

LWP_EXPORT int afs3_TM_Rescan(struct TM_Elem* list) {
  if (critical::in_library()) return LWP_EBLOCKED;
  if (list == nullptr) return 0;
  const Visit visit;
  return rescan_to_zero(*list);
}

}  // extern "C"
