// SPDX-License-Identifier: MIT
// clock.h - the time that deadlines are measured in: nanoseconds that only go forward.
#pragma once

#include <time.h>

#include <cstdint>

#include "base/attributes.h"

namespace lwp {

constexpr std::int64_t kNsPerSecond = 1000000000;
constexpr std::int64_t kNsPerUs = 1000;
constexpr std::int64_t kNever = INT64_MAX;

LWP_SIGSAFE inline std::int64_t monotonic_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

LWP_SIGSAFE inline timespec to_timespec(std::int64_t ns) noexcept {
  return {static_cast<time_t>(ns / kNsPerSecond), static_cast<long>(ns % kNsPerSecond)};
}

// A point in time so far ahead that it does not fit is never reached.
inline std::int64_t deadline_after(std::int64_t ns) noexcept {
  std::int64_t deadline;
  return __builtin_add_overflow(monotonic_ns(), ns, &deadline) ? kNever : deadline;
}

}  // namespace lwp
