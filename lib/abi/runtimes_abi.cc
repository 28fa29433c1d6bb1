// SPDX-License-Identifier: MIT
// runtimes_abi.cc - the functions of <lwp/runtimes.h>.
#include <errno.h>
#include <lwp/lwpx.h>
#include <lwp/runtimes.h>

#include "abi/abi.h"
#include "abi/lwpx_args.h"
#include "base/legacy_variables.h"
#include "runtimes/group.h"
#include "runtimes/reach.h"
#include "sigsafe/port.h"

using namespace lwp;

namespace {

static_assert(static_cast<int>(Rc::full) == LWPX_EFULL);
static_assert(static_cast<int>(Rc::no_runtime) == LWPX_ENORUNTIME);

constexpr LWPX_GROUPATTR kDefaults = LWPX_GROUPATTR_INITIALIZER;
static_assert(kDefaults.priority == kPriorities - 2 && kDefaults.inbox == kDefaultInbox);

std::uintptr_t to_bits(const void* handle) noexcept {
  return reinterpret_cast<std::uintptr_t>(handle);
}

// As LWP_Init does, where nobody has called it.
void set_log_if_none() noexcept {
  FILE* none = nullptr;
  (void)__atomic_compare_exchange_n(&lwp_logfile, &none, stderr, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
}

// Runs call() inside the library, if there is one in this kernel thread.
template <typename Call>
Rc inside_if_any(Call call) noexcept {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return call();
  if (critical::in_library()) return Rc::blocked;
  const Inside inside(*runtime);
  return call();
}

int send_to(LWPX_RUNTIME runtime, const Message& message) noexcept {
  const int keep_errno = errno;
  Delivery delivery = Delivery::no_runtime;
  const auto call = [&] {
    delivery = send(to_bits(runtime), message);
    return Rc::success;
  };
  // A handler that has interrupted the library is as safe from being moved as that is.
  if (inside_if_any(call) == Rc::blocked) (void)call();
  errno = keep_errno;
  if (delivery == Delivery::full) return LWPX_EFULL;
  return delivery == Delivery::sent ? LWP_SUCCESS : LWPX_ENORUNTIME;
}

}  // namespace

extern "C" {

int LWPX_StartRuntimes(int n, void (*main)(void* arg, int index), void* arg) {
  return LWPX_StartRuntimesWith(nullptr, n, main, arg, nullptr);
}

int LWPX_StartRuntimesWith(const LWPX_GROUPATTR* attr, int n, void (*main)(void* arg, int index),
                           void* arg, LWPX_GROUP* group) {
  LWPX_GROUPATTR wanted = kDefaults;
  if (n < 1) return LWP_EBADCOUNT;
  if (!read_attributes(attr, sizeof attr->size, &wanted)) return LWP_ESYSTEM;
  if (wanted.stack_size < 0 || wanted.inbox < 1 || wanted.inbox > kLargestInbox) return LWP_ESYSTEM;
  if (!is_priority(wanted.priority)) return LWP_EBADPRI;
  const Runtime* const runtime = this_runtime();
  if (runtime != nullptr && runtime->block != nullptr) return LWP_ENOMEM;
  const Dialect dialect = runtime != nullptr ? runtime->dialect : Dialect::coda;
  const GroupPlan plan = {
      n, main, arg, wanted.priority, wanted.stack_size, wanted.inbox, wanted.pin != 0, dialect};
  std::uintptr_t handle = 0;
  const Rc rc = inside_if_any([&] {
    set_log_if_none();
    return start_group(plan, &handle);
  });
  if (rc == Rc::success && group != nullptr) *group = reinterpret_cast<LWPX_GROUP>(handle);
  return to_c(rc);
}

int LWPX_StopRuntimes(LWPX_GROUP group, int how) {
  if (how != LWPX_STOP_WHEN_IDLE && how != LWPX_STOP_NOW) return LWP_ESYSTEM;
  const Stop stop = how == LWPX_STOP_NOW ? Stop::now : Stop::when_idle;
  return to_c(inside_if_any([&] { return stop_groups(to_bits(group), stop); }));
}

int LWPX_JoinRuntimes(LWPX_GROUP group, const struct timespec* deadline) {
  if (deadline != nullptr && !valid(*deadline)) return LWP_ESYSTEM;
  const std::int64_t until = deadline != nullptr ? to_ns(*deadline) : kNever;
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return to_c(join_groups(nullptr, to_bits(group), until));
  if (critical::in_library()) return LWP_EBLOCKED;
  const Waiting waiting(*runtime);
  const Rc rc = open_port(*runtime, kDefaultInbox, nullptr);
  return to_c(rc == Rc::success ? join_groups(runtime, to_bits(group), until) : rc);
}

LWPX_RUNTIME LWPX_RuntimeOf(LWPX_GROUP group, int index) {
  std::uintptr_t handle = 0;
  (void)inside_if_any([&] {
    handle = member_handle(to_bits(group), index);
    return Rc::success;
  });
  return reinterpret_cast<LWPX_RUNTIME>(handle);
}

LWPX_RUNTIME LWPX_ThisRuntime(void) {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return nullptr;
  if (handle_of(*runtime) == 0) {
    (void)inside_if_any([&] { return open_port(*runtime, kDefaultInbox, nullptr); });
  }
  return reinterpret_cast<LWPX_RUNTIME>(handle_of(*runtime));
}

int LWPX_SpawnOn(LWPX_RUNTIME runtime, void (*ep)(void*), int stacksize, int priority, void* parm,
                 const char* name) {
  if (ep == nullptr) return LWP_ESYSTEM;
  if (!is_priority(priority)) return LWP_EBADPRI;
  Message message = {};
  message.kind = Message::Kind::spawn;
  message.target = reinterpret_cast<std::uintptr_t>(ep);
  message.parm = parm;
  message.stack_size = stacksize;
  message.priority = static_cast<std::uint8_t>(priority);
  for (std::size_t i = 0; name != nullptr && name[i] != '\0' && i + 1 < Message::kName; ++i) {
    message.name[i] = name[i];
  }
  return send_to(runtime, message);
}

int LWPX_Post(LWPX_RUNTIME runtime, const void* event) {
  if (event == nullptr) return LWP_EBADEVENT;
  Message message = {};
  message.kind = Message::Kind::event;
  message.target = to_bits(event);
  return send_to(runtime, message);
}

int LWPX_PostCredit(LWPX_RUNTIME runtime, PROCESS pid) {
  if (pid == nullptr) return LWP_EBADPID;
  Message message = {};
  message.kind = Message::Kind::credit;
  message.target = to_bits(pid);
  return send_to(runtime, message);
}

}  // extern "C"
