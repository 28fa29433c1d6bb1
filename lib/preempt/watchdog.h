// SPDX-License-Identifier: MIT
// watchdog.h - sets what is reported of LWPs that ticks can not move (sigsafe/watchdog.h).
//
// Context: inside the library. Never by a signal handler.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/runtime.h"

namespace lwp {

// limit_ns 0: no reports. A stretch that has begun is forgotten.
inline void set_watchdog(Runtime& runtime, std::int64_t limit_ns,
                         void (*report)(const PRE_Stuck*, void*), void* argument) noexcept {
  Watchdog& dog = runtime.watchdog;
  dog.limit_ns = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // ticks come at any time
  dog.report = report;
  dog.argument = argument;
  dog.since_ns = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  dog.limit_ns = limit_ns;
}

}  // namespace lwp
