// SPDX-License-Identifier: MIT
// iomgr_abi.cc - the functions of <lwp/iomgr.h>.
#include <errno.h>
#include <lwp/iomgr.h>

#include "abi/abi.h"
#include "core/scheduler.h"
#include "iomgr/io_manager.h"
#include "iomgr/select.h"
#include "iomgr/unix_signal.h"
#include "sigsafe/signal_catcher.h"

using namespace lwp;

namespace {

// Runs call(runtime) inside the library, where there is an I/O manager.
template <typename Call>
int with_io(Call call) noexcept {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  return runtime->io != nullptr ? call(*runtime) : LWP_EINIT;
}

int fail(int error) noexcept {
  errno = error;
  return -1;
}

bool is_for_ever(const timeval* timeout) noexcept {
  return timeout == nullptr || timeout->tv_sec < 0 || timeout->tv_usec < 0;
}

std::int64_t to_deadline(const timeval* timeout) noexcept {
  std::int64_t ns;
  std::int64_t more;
  if (is_for_ever(timeout) || __builtin_mul_overflow(timeout->tv_sec, kNsPerSecond, &ns) ||
      __builtin_mul_overflow(timeout->tv_usec, kNsPerUs, &more) ||
      __builtin_add_overflow(ns, more, &ns)) {
    return kNever;
  }
  return deadline_after(ns);
}

}  // namespace

extern "C" {

int IOMGR_Initialize(void) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  if (runtime->io != nullptr) {
    replace_lost_descriptors(*runtime);
    return LWP_SUCCESS;
  }
  const Rc rc = start_io(*runtime);
  if (rc == Rc::success) dispatch(*runtime);
  return to_c(rc);
}

int IOMGR_Finalize(void) {
  return with_io([](Runtime& runtime) {
    if (runtime.port != nullptr) {  // others must be able to wake it
      cancel_all_unix_signals(runtime);
    } else {
      stop_io(runtime);
    }
    return LWP_SUCCESS;
  });
}

int IOMGR_Select(int fds, fd_set* readfds, fd_set* writefds, fd_set* exceptfds,
                 struct timeval* timeout) {
  if (timeout != nullptr && timeout->tv_sec == 0 && timeout->tv_usec == 0) {
    return select(fds, readfds, writefds, exceptfds, timeout);
  }
  if (fds < 0 || fds > FD_SETSIZE) return fail(EINVAL);
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) {
    return fail(rc == Rc::blocked ? EDEADLK : EINVAL);
  }
  int result = -1;
  int error = EINVAL;
  {
    const Waiting waiting(*runtime);
    const FdSets sets = {fds, readfds, writefds, exceptfds};
    if (runtime->io != nullptr) {
      result = block_on_select(*runtime, sets, to_deadline(timeout), &error);
    }
  }
  return result == -1 ? fail(error) : result;
}

int IOMGR_Cancel(PROCESS pid) {
  const int rc = with_io([pid](Runtime& runtime) {
    Pcb* const pcb = runtime.handles.find(pid);
    return pcb != nullptr && cancel_io(runtime, *pcb) ? LWP_SUCCESS : LWP_EBADPID;
  });
  return rc == LWP_SUCCESS ? 0 : -1;
}

int IOMGR_Poll(void) {
  return with_io([](Runtime& runtime) { return poll_io(runtime) ? 1 : 0; });
}

int IOMGR_Signal(int signo, char* event) {
  if (signo <= 0 || signo >= kSignals) return LWP_EBADSIG;
  if (event == nullptr) return LWP_EBADEVENT;
  return with_io([&](Runtime& runtime) { return to_c(signal_as_event(runtime, signo, event)); });
}

int IOMGR_CancelSignal(int signo) {
  if (signo <= 0 || signo >= kSignals) return LWP_EBADSIG;
  return with_io([&](Runtime& runtime) { return to_c(cancel_signal(runtime, signo)); });
}

int IOMGR_SoftSig(void (*aproc)(void*), char* arock) {
  Runtime* const runtime = this_runtime();
  constexpr int kStackSize = 32768;
  constexpr int kNormalPriority = kPriorities - 2;
  const SoftSignals::Request request = {aproc, arock, kStackSize, kNormalPriority};
  if (runtime == nullptr || !runtime->soft_signals.request(request)) return -1;
  hurry(*runtime);
  return 0;
}

}  // extern "C"
