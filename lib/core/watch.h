// SPDX-License-Identifier: MIT
// watch.h - the historical reports at dispatches: who ran too long, who waited too long, who runs.
//
// Context: inside the library. These write to stdio and so must not be reached by a signal handler
//          that interrupted it; a tick is not, as it acts in movable code only.
#pragma once

#include "base/attributes.h"
#include "base/legacy_variables.h"
#include "core/runtime.h"

namespace lwp {

inline bool run_waits_are_watched() noexcept {
  return (run_wait_threshold.tv_sec | run_wait_threshold.tv_usec) != 0;
}

// Or may be: negative levels of tracing are none. In one test, as every dispatch makes it.
LWP_ALWAYS_INLINE bool dispatches_are_watched() noexcept {
  const auto times = cont_sw_threshold.tv_sec | cont_sw_threshold.tv_usec |
                     run_wait_threshold.tv_sec | run_wait_threshold.tv_usec;
  const int levels = LWP_TraceProcesses | lwp_debug;
  return (times | levels) != 0;
}

// The LWP that runs is about to go through the dispatcher.
void watch_before_dispatch(Runtime& runtime) noexcept;
// `next` has been chosen; `previous` is null if it has died.
void watch_dispatch(Runtime& runtime, const Pcb* previous, Pcb& next) noexcept;
// Has just become ready; run_waits_are_watched().
void watch_ready(Pcb& pcb) noexcept;

// One line "***LWP (PTR): TEXT" on the log, if lwp_debug and the log are on.
__attribute__((format(printf, 1, 2))) void log_line(const char* format, ...) noexcept;

}  // namespace lwp
