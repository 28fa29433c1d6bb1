// SPDX-License-Identifier: MIT
// time_stamp.h - a clock that is read in the program's own code, where ticks act.
#pragma once

#include <time.h>

#include <cstdint>

namespace bench {

inline std::uint64_t stamp() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t now;
  __asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(now));
  return now;
#else
#error "stamp: the time stamp counter of this processor"
#endif
}

inline double wall_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline double stamps_per_ns() {
  const double begin_ns = wall_ns();
  const std::uint64_t begin = stamp();
  while (wall_ns() < begin_ns + 2e7) {
  }
  return static_cast<double>(stamp() - begin) / (wall_ns() - begin_ns);
}

}  // namespace bench
