// SPDX-License-Identifier: MIT
// rock.h - a few values per LWP, each under a tag and written once.
#pragma once

#include "base/rc.h"
#include "core/pcb.h"

namespace lwp {

// Rc::bad_rock if the tag is taken, which is told before Rc::no_rocks.
Rc add_rock(Pcb& pcb, int tag, char* value) noexcept;
// Rc::bad_rock if there is none.
Rc find_rock(const Pcb& pcb, int tag, char** ret_value) noexcept;

}  // namespace lwp
