// SPDX-License-Identifier: MIT
// aging.h - that low priorities are not starved for ever, for programs that ask for it.
//
// A priority grows older by each slice that ends while an LWP of it is ready and has not run since
// the last one. When it is old enough the LWP whose turn it is gets the processor for one slice,
// whoever else is ready; it keeps its priority, so that the next tick or yield ends its time.
//
// Context: inside the library. Never switches.
#pragma once

#include "core/run_queue.h"

namespace lwp {

struct Runtime;

struct Aging {
  int limit = 0;  // slices; meaningless while attention.aging is false
  int age[kPriorities] = {};
  std::uint32_t ran = 0;  // bit p: since the last slice ended

  void note_dispatch_of(const Pcb& next) noexcept { ran |= 1u << next.priority; }
};

// 0: off. For the running LWP's kernel thread.
void set_aging(Runtime& runtime, int slices) noexcept;

// A slice has ended. The LWP that is to have the next one out of turn, at the head of its ring; or
// null.
Pcb* grow_older(Runtime& runtime) noexcept;

// Aging is on, and some LWP of a lower priority than the running one's is ready.
bool somebody_ages(const Runtime& runtime, const Pcb& running) noexcept;

}  // namespace lwp
