// SPDX-License-Identifier: MIT
#include "preempt/blocking_functions.h"

#include <cstddef>

#include "preempt/loaded_object.h"

namespace lwp {

namespace {

// Functions of glibc that wait in the kernel, and beside that work on nothing but their arguments
// and their own stack: no lock, no static variable, no allocation, in no version. (So not system,
// popen, getaddrinfo, nor anything of stdio.) They may call each other.
constexpr char kNames[][16] = {
    "accept",       "accept4",      "clock_nanosleep",
    "connect",      "creat",        "creat64",
    "epoll_pwait",  "epoll_pwait2", "epoll_wait",
    "fcntl",        "fcntl64",      "fdatasync",
    "flock",        "fsync",        "lockf",
    "lockf64",      "mq_receive",   "mq_send",
    "msgrcv",       "msgsnd",       "nanosleep",
    "open",         "open64",       "openat",
    "openat64",     "pause",        "poll",
    "ppoll",        "pread",        "pread64",
    "preadv",       "preadv64",     "pselect",
    "pwrite",       "pwrite64",     "pwritev",
    "pwritev64",    "read",         "readv",
    "recv",         "recvfrom",     "recvmmsg",
    "recvmsg",      "select",       "semop",
    "semtimedop",   "send",         "sendmmsg",
    "sendmsg",      "sendto",       "sigsuspend",
    "sigtimedwait", "sigwaitinfo",  "sleep",
    "syscall",      "tcdrain",      "usleep",
    "wait",         "wait3",        "wait4",
    "waitid",       "waitpid",      "write",
    "writev",
};
constexpr std::size_t kNameCount = sizeof kNames / sizeof kNames[0];
static_assert(kNameCount <= BlockingCalls::kMost);

[[maybe_unused]] void look_into_libc(const LoadedObject& libc, BlockingCalls& calls) noexcept {
  if (libc.unwind_index() == nullptr) return;
  calls.unwind = libc.unwind_index();
  libc.for_each_code([&](const CodeRange& code) { calls.text = code; });
  for (const auto& name : kNames) {
    const CodeRange function = libc.function(name);
    if (function.begin != function.end) calls.functions[calls.count++] = function;
  }
}

}  // namespace

BlockingCalls find_blocking_functions() noexcept {
  BlockingCalls calls;
#if defined(__x86_64__)
  look_into_libc(lasting_objects().libc, calls);
#endif
  return calls;
}

}  // namespace lwp
