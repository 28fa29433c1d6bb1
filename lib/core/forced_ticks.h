// SPDX-License-Identifier: MIT
// forced_ticks.h - for tests: ticks that come where the library is left, as a seed decides.
//
// While they are on, the library is left by way of catch_up(), which asks here, and the critical
// word says "owed" outside, so that the ends of sections lead there too. Checkpoints and
// preemptible loops call the library each time.
#pragma once

#include <cstdint>

namespace lwp {

struct Runtime;

struct ForcedTicks {
  std::uint64_t state = 0;
  unsigned every = 1;  // on average

  // Whether a tick comes here. The answers depend on nothing but the seed and how often it has been
  // asked.
  bool draw() noexcept {
    // A step of SplitMix64.
    std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (mixed ^ (mixed >> 31)) % every == 0;
  }
};

// Never switches. Inside the library. every 0: no more.
void force_ticks(Runtime& runtime, std::uint64_t seed, unsigned every) noexcept;

}  // namespace lwp
