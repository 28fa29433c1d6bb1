// SPDX-License-Identifier: MIT
// slice.h - turning preemption on and off: timers, the signal, and where ticks may act.
//
// Context: inside the library. Never by a signal handler. Nothing here switches.
#pragma once

#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

constexpr std::int64_t kShortestSliceNs = 20000;
constexpr std::int64_t kDefaultSliceNs = 10000000;

// Starts preemption, or changes the slice. slice_ns 0: no ticks until further notice. On failure
// (Rc::system, Rc::no_memory) nothing has changed.
Rc start_slices(Runtime& runtime, std::int64_t slice_ns) noexcept;

// A tick that is on its way finds the handler still there; none comes afterwards.
void stop_slices(Runtime& runtime) noexcept;

// Rc::bad_signal; Rc::system while preemption is on.
Rc set_tick_signal(Runtime& runtime, int signo) noexcept;

}  // namespace lwp
