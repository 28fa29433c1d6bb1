// SPDX-License-Identifier: MIT
// movable_code.h - finds the code in which a tick may move an LWP: the program's own text.
//
// Not the C library, the dynamic linker or any other shared object, which may be in the middle of
// something when a tick arrives; and not this library, also where it is linked statically.
#pragma once

#include "base/rc.h"
#include "sigsafe/code_map.h"

namespace lwp {

// Rc::system: the program is linked statically, so that its code can not be told from the C
// library's. Rc::no_memory.
Rc map_movable_code(const CodeMap** ret_map) noexcept;
void free_code_map(const CodeMap* map) noexcept;

}  // namespace lwp
