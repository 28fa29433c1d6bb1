// SPDX-License-Identifier: MIT
// module.h - shared objects that a program names by an address or by name, and keeping them loaded.
//
// Context: outside the library, as an object that is no longer kept may be unloaded, and its
// destructors call whatever they like.
#pragma once

#include "base/rc.h"
#include "preempt/range_set.h"

namespace lwp {

struct Module {
  void* pin = nullptr;  // holds it; null: not held, or nothing to hold
  RangeSet code;
};

// An address in the object of that name; null: none loaded.
const void* find_module(const char* name) noexcept;

// The object that contains the address. Rc::system: none; Rc::no_memory.
Rc find_code(const void* address, RangeSet& ret_code) noexcept;

// Also keeps it loaded, unless it is the program. Rc::system also: it can not be kept loaded, or
// must not be interrupted.
Rc pin_module(const void* address, Module& ret_module) noexcept;

// Null is ignored.
void unpin(void* pin) noexcept;

}  // namespace lwp
