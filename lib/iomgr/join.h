// SPDX-License-Identifier: MIT
// join.h - waiting for the end of another LWP, until a point in time.
#pragma once

#include <lwp/detail/types.h>

#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

// Switches, if the LWP has not ended yet. What it has ended with; nothing is left of it then.
// Rc::bad_pid, Rc::deadlock, Rc::not_joinable; Rc::timed_out, Rc::cancelled. With a deadline other
// than kNever, I/O has been started. Context: inside the library.
Rc join_lwp(Runtime& runtime, PROCESS pid, std::int64_t deadline, void** ret_status) noexcept;

}  // namespace lwp
