// SPDX-License-Identifier: MIT
#include "preempt/code_policy.h"

#include <new>
#include <utility>

#include "core/runtime.h"
#include "preempt/blocking_functions.h"
#include "preempt/loaded_object.h"

// The bounds of the section into which the build gathers all of this library's code.
extern "C" {
extern const char __start_lwp_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_lwp_text[] __attribute__((weak, visibility("hidden")));
}

namespace lwp {

namespace {

// A module that is kept loaded.
struct Pin {
  Pin* next;
  void* handle;
  CodeRange code;  // some of its code, by which it is known
};

CodeRange code_of_library() noexcept {
  return {reinterpret_cast<std::uintptr_t>(__start_lwp_text),
          reinterpret_cast<std::uintptr_t>(__stop_lwp_text)};
}

}  // namespace

struct CodePolicy {
  explicit CodePolicy(BlockHeap* memory) noexcept : block(memory), code(memory) {}

  BlockHeap* const block;
  PolicyMode mode = PolicyMode::safe;
  bool is_static = false;  // so that the program's code can not be told from the C library's
  RangeSet code;
  Pin* pins = nullptr;
};

namespace {

// False: out of memory.
bool add_code_of(const LoadedObject& object, RangeSet& code) noexcept {
  bool good = true;
  object.for_each_code([&](const CodeRange& range) { good = good && code.add(range); });
  return good;
}

Rc policy_of(Runtime& runtime, CodePolicy*& ret_policy) noexcept {
  if (runtime.policy == nullptr) {
    const LoadedObject program = lasting_objects().program;
    const bool is_static = !program.has_interpreter();
    RangeSet code(runtime.block);
    void* const memory = take_memory(runtime.block, sizeof(CodePolicy));
    if (memory == nullptr || (!is_static && !add_code_of(program, code))) {
      return_memory(runtime.block, memory);
      return Rc::no_memory;
    }
    runtime.policy = new (memory) CodePolicy(runtime.block);
    runtime.policy->is_static = is_static;
    runtime.policy->code = std::move(code);
  }
  ret_policy = runtime.policy;
  return Rc::success;
}

void free_code_map(Runtime& runtime, const CodeMap* map) noexcept {
  return_memory(runtime.block, const_cast<CodeMap*>(map));
}

Rc make_map(const CodePolicy& policy, PolicyMode mode, const RangeSet& code,
            const CodeMap** ret_map) noexcept {
  const bool safe = mode == PolicyMode::safe;
  if (safe && policy.is_static && code.size() == 0) return Rc::system;
  void* const memory = take_memory(policy.block, sizeof(CodeMap) + code.size() * sizeof(CodeRange));
  if (memory == nullptr) return Rc::no_memory;
  auto* const map = new (memory) CodeMap{};
  map->library = code_of_library();
  if (mode == PolicyMode::legacy) map->ranges[map->count++] = {0, UINTPTR_MAX};
  if (safe) {
    map->calls = find_blocking_functions();
    for (const CodeRange& range : code) map->ranges[map->count++] = range;
  }
  *ret_map = map;
  return Rc::success;
}

// The handler's map is replaced as a whole: no handler is reading it now, as this is no handler.
Rc change(Runtime& runtime, CodePolicy& policy, PolicyMode mode, RangeSet& code) noexcept {
  if (runtime.movable_code != nullptr) {
    const CodeMap* map = nullptr;
    if (const Rc rc = make_map(policy, mode, code, &map); rc != Rc::success) return rc;
    free_code_map(runtime, std::exchange(runtime.movable_code, map));
  }
  policy.mode = mode;
  policy.code = std::move(code);
  return Rc::success;
}

// edit(RangeSet&) is false if there is no memory.
template <typename Edit>
Rc edit_code(Runtime& runtime, Edit edit) noexcept {
  CodePolicy* policy = nullptr;
  if (const Rc rc = policy_of(runtime, policy); rc != Rc::success) return rc;
  RangeSet code(runtime.block);
  if (!policy->code.copy_to(code) || !edit(code)) return Rc::no_memory;
  return change(runtime, *policy, policy->mode, code);
}

bool is_pinned(const CodePolicy& policy, const void* handle) noexcept {
  for (const Pin* pin = policy.pins; pin != nullptr; pin = pin->next) {
    if (pin->handle == handle) return true;
  }
  return false;
}

}  // namespace

Rc set_mode(Runtime& runtime, PolicyMode mode) noexcept {
  CodePolicy* policy = nullptr;
  if (const Rc rc = policy_of(runtime, policy); rc != Rc::success) return rc;
  RangeSet code(runtime.block);
  if (!policy->code.copy_to(code)) return Rc::no_memory;
  return change(runtime, *policy, mode, code);
}

Rc add_range(Runtime& runtime, const CodeRange& range) noexcept {
  return edit_code(runtime, [&](RangeSet& code) { return code.add(range); });
}

Rc remove_range(Runtime& runtime, const CodeRange& range) noexcept {
  return edit_code(runtime, [&](RangeSet& code) { return code.remove(range); });
}

Rc add_module(Runtime& runtime, Module& module) noexcept {
  CodePolicy* policy = nullptr;
  if (const Rc rc = policy_of(runtime, policy); rc != Rc::success) return rc;
  if (module.code.size() == 0 || policy->is_static) return Rc::system;
  const bool keep = module.pin != nullptr && !is_pinned(*policy, module.pin);
  auto* const pin = keep ? static_cast<Pin*>(take_memory(runtime.block, sizeof(Pin))) : nullptr;
  if (keep && pin == nullptr) return Rc::no_memory;
  const Rc rc = edit_code(runtime, [&](RangeSet& code) {
    bool good = true;
    for (const CodeRange& range : module.code) good = good && code.add(range);
    return good;
  });
  if (rc != Rc::success || !keep) {
    return_memory(runtime.block, pin);
    return rc;
  }
  *pin = {policy->pins, std::exchange(module.pin, nullptr), *module.code.begin()};
  policy->pins = pin;
  return Rc::success;
}

Rc remove_code(Runtime& runtime, const RangeSet& gone, void*& ret_pin) noexcept {
  const Rc rc = edit_code(runtime, [&](RangeSet& code) {
    bool good = true;
    for (const CodeRange& range : gone) good = good && code.remove(range);
    return good;
  });
  ret_pin = nullptr;
  if (rc != Rc::success) return rc;
  for (Pin** link = &runtime.policy->pins; *link != nullptr; link = &(*link)->next) {
    Pin* const pin = *link;
    if (!gone.contains(pin->code.begin)) continue;
    *link = pin->next;
    ret_pin = pin->handle;
    return_memory(runtime.block, pin);
    break;
  }
  return Rc::success;
}

Rc may_move_at(Runtime& runtime, std::uintptr_t pc, bool& ret_movable) noexcept {
  CodePolicy* policy = nullptr;
  if (const Rc rc = policy_of(runtime, policy); rc != Rc::success) return rc;
  const bool legacy = policy->mode == PolicyMode::legacy;
  const bool safe = policy->mode == PolicyMode::safe && policy->code.contains(pc);
  ret_movable = (legacy || safe) && !code_of_library().contains(pc);
  return Rc::success;
}

Rc map_movable_code(Runtime& runtime) noexcept {
  CodePolicy* policy = nullptr;
  if (const Rc rc = policy_of(runtime, policy); rc != Rc::success) return rc;
  const CodeMap* map = nullptr;
  const Rc rc = make_map(*policy, policy->mode, policy->code, &map);
  if (rc == Rc::success) free_code_map(runtime, std::exchange(runtime.movable_code, map));
  return rc;
}

void unmap_movable_code(Runtime& runtime) noexcept {
  free_code_map(runtime, std::exchange(runtime.movable_code, nullptr));
}

void free_policy(CodePolicy* policy) noexcept {
  if (policy == nullptr) return;
  while (Pin* const pin = policy->pins) {
    policy->pins = pin->next;
    unpin(pin->handle);
    return_memory(policy->block, pin);
  }
  BlockHeap* const block = policy->block;
  policy->~CodePolicy();
  return_memory(block, policy);
}

}  // namespace lwp
