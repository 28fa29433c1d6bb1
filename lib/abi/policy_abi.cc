// SPDX-License-Identifier: MIT
// policy_abi.cc - the functions of <preempt/policy.h>.
#include <preempt/policy.h>

#include "abi/abi.h"
#include "preempt/code_policy.h"
#include "preempt/slice.h"

using namespace lwp;

static_assert(static_cast<int>(PolicyMode::off) == PRE_POLICY_OFF);
static_assert(static_cast<int>(PolicyMode::safe) == PRE_POLICY_SAFE);
static_assert(static_cast<int>(PolicyMode::legacy) == PRE_POLICY_LEGACY);

namespace {

CodeRange to_range(const void* begin, const void* end) noexcept {
  return {reinterpret_cast<std::uintptr_t>(begin), reinterpret_cast<std::uintptr_t>(end)};
}

// change(Runtime&) is called inside the library.
template <typename Change>
int enter_and(Change change) noexcept {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  return to_c(change(*runtime));
}

}  // namespace

extern "C" {

int PRE_SetPolicy(int policy) {
  return enter_and([&](Runtime& runtime) {
    if (policy < PRE_POLICY_OFF || policy > PRE_POLICY_LEGACY) return Rc::system;
    return set_mode(runtime, static_cast<PolicyMode>(policy));
  });
}

int PRE_AddModule(const void* address) {
  if (const Rc rc = may_enter(this_runtime()); rc != Rc::success) return to_c(rc);
  Module module;
  if (const Rc rc = pin_module(address, module); rc != Rc::success) return to_c(rc);
  const int rc = enter_and([&](Runtime& runtime) { return add_module(runtime, module); });
  unpin(module.pin);
  return rc;
}

int PRE_AddModuleByName(const char* name) {
  if (const Rc rc = may_enter(this_runtime()); rc != Rc::success) return to_c(rc);
  const void* const address = name != nullptr ? find_module(name) : nullptr;
  return address != nullptr ? PRE_AddModule(address) : LWP_ESYSTEM;
}

int PRE_RemoveModule(const void* address) {
  if (const Rc rc = may_enter(this_runtime()); rc != Rc::success) return to_c(rc);
  RangeSet code;
  if (const Rc rc = find_code(address, code); rc != Rc::success) return to_c(rc);
  void* pin = nullptr;
  const int rc = enter_and([&](Runtime& runtime) { return remove_code(runtime, code, pin); });
  unpin(pin);
  return rc;
}

int PRE_AddRange(const void* begin, const void* end) {
  return enter_and([&](Runtime& runtime) {
    return begin < end ? add_range(runtime, to_range(begin, end)) : Rc::system;
  });
}

int PRE_RemoveRange(const void* begin, const void* end) {
  return enter_and([&](Runtime& runtime) {
    return begin < end ? remove_range(runtime, to_range(begin, end)) : Rc::system;
  });
}

int PRE_IsMovable(const void* address) {
  bool movable = false;
  const int rc = enter_and([&](Runtime& runtime) {
    return may_move_at(runtime, reinterpret_cast<std::uintptr_t>(address), movable);
  });
  return rc == LWP_SUCCESS ? movable : rc;
}

int PRE_SetSignal(int signo) {
  return enter_and([&](Runtime& runtime) { return set_tick_signal(runtime, signo); });
}

}  // extern "C"
