// SPDX-License-Identifier: MIT
// lwpx_abi.cc - the functions of <lwp/lwpx.h>.
#include <errno.h>
#include <lwp/lwpx.h>
#include <sys/resource.h>

#include "abi/abi.h"
#include "abi/lwpx_args.h"
#include "iomgr/io_manager.h"
#include "iomgr/select.h"
#include "iomgr/socket_io.h"
#include "iomgr/timed_wait.h"

using namespace lwp;

namespace {

int to_errno(Rc rc) noexcept {
  if (rc == Rc::not_initialised) return EPERM;
  if (rc == Rc::blocked) return EDEADLK;
  if (rc == Rc::system) return EMFILE;  // the I/O manager could not be started
  return ENOMEM;
}

// Runs call(runtime, &error) inside the library. errno is set when it has been left, as leaving
// may let others run.
template <typename Call>
auto io_call(Call call) noexcept -> decltype(call(*this_runtime(), static_cast<int*>(nullptr))) {
  Runtime* const runtime = this_runtime();
  int error = 0;
  decltype(call(*runtime, &error)) result = -1;
  Rc rc = may_enter(runtime);
  if (rc == Rc::success) {
    const Waiting waiting(*runtime);
    rc = start_io(*runtime);
    if (rc == Rc::success) result = call(*runtime, &error);
  }
  if (rc != Rc::success) error = to_errno(rc);
  if (result == -1) errno = error;
  return result;
}

int wait_until(const void* const* events, int count, int needed,
               const timespec* deadline) noexcept {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (needed < 0 || needed > count) return LWP_EBADCOUNT;
  if (deadline != nullptr && !valid(*deadline)) return LWP_ESYSTEM;
  const Waiting waiting(*runtime);
  if (const Rc rc = start_io(*runtime); rc != Rc::success) return to_c(rc);
  return to_c(to_rc(block_on_events_until(*runtime, events, count, needed,
                                          deadline != nullptr ? to_ns(*deadline) : kNever)));
}

}  // namespace

extern "C" {

int LWPX_Sleep(const struct timespec* duration) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (duration != nullptr && !valid(*duration)) return LWP_ESYSTEM;
  const Waiting waiting(*runtime);
  if (const Rc rc = start_io(*runtime); rc != Rc::success) return to_c(rc);
  const std::int64_t deadline = duration != nullptr ? deadline_after(to_ns(*duration)) : kNever;
  const IoOutcome outcome = sleep_until(*runtime, deadline);
  return outcome == IoOutcome::timed_out ? LWP_SUCCESS : to_c(to_rc(outcome));
}

int LWPX_SetTimerSlack(const struct timespec* slack) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (slack != nullptr && !valid(*slack)) return LWP_ESYSTEM;
  const std::int64_t ns = slack != nullptr ? to_ns(*slack) : WakePlan::kUsualSlack;
  if (ns > WakePlan::kMostSlack) return LWP_ESYSTEM;
  const Inside inside(*runtime);
  if (const Rc rc = start_io(*runtime); rc != Rc::success) return to_c(rc);
  runtime->io->wake_plan.set_slack(ns);
  return LWP_SUCCESS;
}

int LWPX_WaitProcessUntil(const void* event, const struct timespec* deadline) {
  if (event == nullptr) return LWP_EBADEVENT;
  return wait_until(&event, 1, 1, deadline);
}

int LWPX_MwaitProcessUntil(int wcount, const void* evlist[], const struct timespec* deadline) {
  const int count = length_of(evlist);
  if (count == 0) return LWP_EBADCOUNT;
  return wait_until(evlist, count, wcount, deadline);
}

int LWPX_Poll(struct pollfd* fds, nfds_t count, const struct timespec* timeout) {
  rlimit limit;
  const bool too_many = getrlimit(RLIMIT_NOFILE, &limit) == 0 && count > limit.rlim_cur;
  if (fds == nullptr && count > 0) {
    errno = EFAULT;
    return -1;
  }
  if (too_many || (timeout != nullptr && !valid(*timeout))) {
    errno = EINVAL;
    return -1;
  }
  const int result = io_call([&](Runtime& runtime, int* ret_errno) {
    const std::int64_t ns = timeout != nullptr ? to_ns(*timeout) : kNever;
    const std::int64_t deadline = ns == 0 ? 0 : deadline_after(ns);
    const int ready = block_on_poll(runtime, fds, count, deadline, ret_errno);
    if (ready != kCancelled) return ready;
    *ret_errno = ECANCELED;
    return -1;
  });
  return result;
}

ssize_t LWPX_Read(int fd, void* buffer, size_t size) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return read_some(runtime, fd, buffer, size, ret_errno);
  });
}

ssize_t LWPX_Write(int fd, const void* buffer, size_t size) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return write_some(runtime, fd, buffer, size, ret_errno);
  });
}

ssize_t LWPX_Recv(int fd, void* buffer, size_t size, int flags) {
  return LWPX_RecvFrom(fd, buffer, size, flags, nullptr, nullptr);
}

ssize_t LWPX_Send(int fd, const void* buffer, size_t size, int flags) {
  return LWPX_SendTo(fd, buffer, size, flags, nullptr, 0);
}

ssize_t LWPX_RecvFrom(int fd, void* buffer, size_t size, int flags, struct sockaddr* address,
                      socklen_t* length) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return receive(runtime, fd, buffer, size, flags, address, length, ret_errno);
  });
}

ssize_t LWPX_SendTo(int fd, const void* buffer, size_t size, int flags,
                    const struct sockaddr* address, socklen_t length) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return transmit(runtime, fd, buffer, size, flags, address, length, ret_errno);
  });
}

int LWPX_Accept(int fd, struct sockaddr* address, socklen_t* length) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return accept_one(runtime, fd, address, length, ret_errno);
  });
}

int LWPX_Connect(int fd, const struct sockaddr* address, socklen_t length) {
  return io_call([&](Runtime& runtime, int* ret_errno) {
    return connect_one(runtime, fd, address, length, ret_errno);
  });
}

int LWPX_Blocking(void* (*fn)(void*), void* arg, void** result) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (fn == nullptr) return LWP_ESYSTEM;
  BlockingPool::Outcome outcome = {};
  Rc rc;
  {
    const Waiting waiting(*runtime);
    rc = start_io(*runtime);
    if (rc == Rc::success) {
      notice_fork(*runtime);
      rc = runtime->io->pool.run(*runtime, fn, arg, &outcome);
    }
  }
  if (rc != Rc::success) return to_c(rc);
  if (result != nullptr) *result = outcome.result;
  errno = outcome.error;
  return LWP_SUCCESS;
}

}  // extern "C"
