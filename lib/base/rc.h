// SPDX-License-Identifier: MIT
// rc.h - completion codes inside the library; abi/abi.h turns them into the LWP_ numbers.
#pragma once

namespace lwp {

enum class [[nodiscard]] Rc : int{
    success = 0,      bad_pid = -1,   blocked = -2,       not_initialised = -3, no_memory = -6,
    no_waiter = -8,   bad_count = -9, bad_event = -10,    bad_priority = -11,   no_stack = -12,
    bad_signal = -13, system = -14,   no_rocks = -15,     bad_rock = -16,       timed_out = -17,
    cancelled = -18,  deadlock = -19, not_joinable = -20, full = -25,           no_runtime = -26,
};

}  // namespace lwp
