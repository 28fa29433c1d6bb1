// SPDX-License-Identifier: MIT
// tick_counts.h - how many ticks came, and what became of them: of a kernel thread, or of an LWP.
//
// Context: handlers, which may nest, and library code of the same kernel thread, which they may
// interrupt: each count is changed by one instruction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

// Why a tick did not move the LWP.
enum class Deferral : std::uint8_t {
  level,        // in a critical section or in the library: owed, paid when it is left
  vetoed,       // PRE_Block
  code,         // in code that must not be interrupted for long: the C library, this one, ...
  signal_mask,  // in a handler of the program, or in a section protected by a signal mask
  stack,        // on another stack than its own, or without room for a second signal frame
  no_rival,     // nobody of the same or a higher priority is ready
  count_
};

template <typename Number>
struct TickCounts {
  Number ticks = 0;
  Number moved = 0;
  Number deferred[static_cast<std::size_t>(Deferral::count_)] = {};

  Number of(Deferral reason) const noexcept { return deferred[static_cast<std::size_t>(reason)]; }

  LWP_SIGSAFE void count_tick() noexcept { increment(ticks); }
  LWP_SIGSAFE void count_move() noexcept { increment(moved); }
  LWP_SIGSAFE void count(Deferral reason) noexcept {
    increment(deferred[static_cast<std::size_t>(reason)]);
  }

 private:
  LWP_SIGSAFE static void increment(Number& number) noexcept {
    __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED);
  }
};

using RuntimeTicks = TickCounts<unsigned long>;
using LwpTicks = TickCounts<std::uint32_t>;  // there may be a million of these

}  // namespace lwp
