// SPDX-License-Identifier: MIT
// code_policy.h - where ticks may move the LWPs of a kernel thread, as the program has said.
//
// By default in the program's own text. Not in the C library, the dynamic linker or any other
// shared object, which may be in the middle of something when a tick arrives; and never in this
// library, also where it is linked statically.
//
// Memory: one CodePolicy per runtime, made when it is first asked for.
// Context: inside the library, but for free_policy. Never by a signal handler. Nothing switches.
#pragma once

#include <cstdint>

#include "base/rc.h"
#include "preempt/module.h"
#include "preempt/range_set.h"
#include "sigsafe/code_map.h"

namespace lwp {

struct CodePolicy;
struct Runtime;

enum class PolicyMode : int { off = 0, safe = 1, legacy = 2 };

// On failure of these nothing has changed. Rc::no_memory; Rc::system if preemption is on and the
// program is linked statically and would be left without movable code.
Rc set_mode(Runtime& runtime, PolicyMode mode) noexcept;
Rc add_range(Runtime& runtime, const CodeRange& range) noexcept;
Rc remove_range(Runtime& runtime, const CodeRange& range) noexcept;

// Takes the module's pin; a pin that is left over is the caller's. Rc::system also: no code, or a
// static program's.
Rc add_module(Runtime& runtime, Module& module) noexcept;
// ret_pin: what kept the module of this code loaded; now the caller's. Null if nothing did.
Rc remove_code(Runtime& runtime, const RangeSet& gone, void*& ret_pin) noexcept;

// Rc::no_memory.
Rc may_move_at(Runtime& runtime, std::uintptr_t pc, bool& ret_movable) noexcept;

// Gives the handler its map, which follows the policy until it is taken back. Rc::system: the
// program is linked statically and has not said where ticks may act; Rc::no_memory.
Rc map_movable_code(Runtime& runtime) noexcept;
void unmap_movable_code(Runtime& runtime) noexcept;

// Outside the library, when the runtime is no more: modules may be unloaded. Null is ignored.
void free_policy(CodePolicy* policy) noexcept;

}  // namespace lwp
