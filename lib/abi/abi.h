// SPDX-License-Identifier: MIT
// abi.h - what all shims share: entering the library, and translating what it says.
//
// A shim checks its arguments, calls one function and translates the result. No policy lives here.
#pragma once

#include <lwp/lwpx.h>
#include <sys/time.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/rc.h"
#include "core/cancel.h"
#include "core/runtime.h"
#include "core/safe_point.h"

namespace lwp {

#if defined(__x86_64__) && defined(__LP64__)
static_assert(offsetof(ThreadState, switch_site) == 16);  // arch/switching_call.h
#endif

static_assert(static_cast<int>(Rc::success) == LWP_SUCCESS);
static_assert(static_cast<int>(Rc::bad_pid) == LWP_EBADPID);
static_assert(static_cast<int>(Rc::blocked) == LWP_EBLOCKED);
static_assert(static_cast<int>(Rc::not_initialised) == LWP_EINIT);
static_assert(static_cast<int>(Rc::no_memory) == LWP_ENOMEM);
static_assert(static_cast<int>(Rc::no_waiter) == LWP_ENOWAIT);
static_assert(static_cast<int>(Rc::bad_count) == LWP_EBADCOUNT);
static_assert(static_cast<int>(Rc::bad_event) == LWP_EBADEVENT);
static_assert(static_cast<int>(Rc::bad_priority) == LWP_EBADPRI);
static_assert(static_cast<int>(Rc::no_stack) == LWP_NO_STACK);
static_assert(static_cast<int>(Rc::bad_signal) == LWP_EBADSIG);
static_assert(static_cast<int>(Rc::system) == LWP_ESYSTEM);
static_assert(static_cast<int>(Rc::no_rocks) == LWP_ENOROCKS);
static_assert(static_cast<int>(Rc::bad_rock) == LWP_EBADROCK);
static_assert(static_cast<int>(Rc::timed_out) == LWPX_ETIMEOUT);
static_assert(static_cast<int>(Rc::cancelled) == LWPX_ECANCELED);
static_assert(static_cast<int>(Rc::deadlock) == LWPX_EDEADLK);
static_assert(static_cast<int>(Rc::not_joinable) == LWPX_ENOJOIN);

constexpr int to_c(Rc rc) noexcept { return static_cast<int>(rc); }

// False if the time is negative, not normalised, or too long for any use.
inline bool to_ns(const timeval& time, std::int64_t* ret_ns) noexcept {
  constexpr long kUsPerSecond = 1000000;
  constexpr long kLongest = 1000000000;  // seconds; within 64 bits of ns
  if (time.tv_sec < 0 || time.tv_sec > kLongest) return false;
  if (time.tv_usec < 0 || time.tv_usec >= kUsPerSecond) return false;
  *ret_ns = (time.tv_sec * std::int64_t{kUsPerSecond} + time.tv_usec) * 1000;
  return true;
}

// The time that a shim spends inside the library. Its end is a safe point, which may switch.
class Inside {
 public:
  explicit Inside(Runtime& runtime) noexcept : runtime_(runtime) { critical::enter_library(); }
  ~Inside() { leave_library(runtime_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Runtime& runtime_;
};

// The same for a call that may wait. A cancellation acts before it begins; or when it has ended the
// wait: what the call has done by then, it has done.
class Waiting {
 public:
  explicit Waiting(Runtime& runtime) noexcept : runtime_(runtime) {
    critical::enter_library();
    cancellation_point(runtime);
  }
  ~Waiting() {
    if (LWP_UNLIKELY(wait_was_cut(*runtime_.current))) act_on_cancel(runtime_);
    leave_library(runtime_);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Runtime& runtime_;
};

// For calls that a handler must not make while the library is at work below it.
LWP_ALWAYS_INLINE Rc may_enter(const Runtime* runtime) noexcept {
  if (LWP_UNLIKELY(runtime == nullptr)) return Rc::not_initialised;
  return LWP_UNLIKELY(critical::in_library()) ? Rc::blocked : Rc::success;
}

// Handles are looked up, and the I/O manager is asked for, after the library has been entered:
// until then a handler may yield to an LWP that ends either.

// Null also for the LWPs that are the library's own, which nobody else is to control: the I/O
// manager's, and the first one of a kernel thread of a group.
inline Pcb* find_lwp(const Runtime& runtime, PROCESS pid) noexcept {
  Pcb* const pcb = runtime.handles.find(pid);
  const bool own = pcb == runtime.idle_lwp || (pcb == &runtime.first && runtime.member != nullptr);
  return own ? nullptr : pcb;
}

inline bool is_library_lwp(const Runtime& runtime, PROCESS pid) noexcept {
  return runtime.handles.find(pid) != find_lwp(runtime, pid);
}

// Copies a struct whose first member is its size over the defaults that *known holds. The caller
// may be older than this library, and know less; or newer, and may then ask for nothing that is not
// known here. False if it does, or if the size is below `least` or none that a struct has.
template <typename Attributes>
bool read_attributes(const Attributes* given, std::size_t least, Attributes* known) noexcept {
  if (given == nullptr) return true;
  constexpr std::size_t kMost = 4096;
  const std::size_t size = given->size;
  if (size < least || size > kMost) return false;
  const auto* const bytes = reinterpret_cast<const char*>(given);
  for (std::size_t i = sizeof *known; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  memcpy(known, given, size < sizeof *known ? size : sizeof *known);
  return true;
}

// How many there are before the null pointer; 0 without a list.
inline int length_of(const void* const* events) noexcept {
  int count = 0;
  if (events != nullptr) {
    while (events[count] != nullptr) ++count;
  }
  return count;
}

}  // namespace lwp
