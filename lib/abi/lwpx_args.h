// SPDX-License-Identifier: MIT
// lwpx_args.h - what the LWPX shims share: times.
#pragma once

#include <time.h>

#include <cstdint>

#include "abi/abi.h"
#include "base/clock.h"

namespace lwp {

inline bool valid(const timespec& time) noexcept {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < kNsPerSecond;
}

// A time, or a span of it, in ns; kNever if it does not fit.
inline std::int64_t to_ns(const timespec& time) noexcept {
  std::int64_t ns;
  if (__builtin_mul_overflow(std::int64_t{time.tv_sec}, kNsPerSecond, &ns) ||
      __builtin_add_overflow(ns, std::int64_t{time.tv_nsec}, &ns)) {
    return kNever;
  }
  return ns;
}

}  // namespace lwp
