// SPDX-License-Identifier: MIT
// timed_wait.h - waiting for time to pass, and for events until a point in time.
//
// Context: inside the library. These switch.
#pragma once

#include <cstdint>

#include "core/runtime.h"
#include "iomgr/request.h"

namespace lwp {

// `ready` stands for: the events came. needed may be 0 for a wait that only yields. `pending`
// stands for: no memory for the list.
IoOutcome block_on_events_until(Runtime& runtime, const void* const* events, int count, int needed,
                                std::int64_t deadline) noexcept;

IoOutcome sleep_until(Runtime& runtime, std::int64_t deadline) noexcept;

}  // namespace lwp
