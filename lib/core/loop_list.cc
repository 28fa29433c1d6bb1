// SPDX-License-Identifier: MIT
#include "core/loop_list.h"

#include <atomic>

#include "sigsafe/doors.h"

extern "C" {
LWP_EXPORT __thread volatile int lwpx_checkpoint_due LWP_TLS = 0;
}

namespace lwp {

namespace {

bool is_below(const PRE_Loop* loop, std::uintptr_t stack) noexcept {
  return reinterpret_cast<std::uintptr_t>(loop) < stack;
}

}  // namespace

void lower_limits(Pcb& pcb) noexcept {
  for (PRE_Loop* loop = pcb.loops; loop != nullptr; loop = loop->outer) loop->compare = loop->stop;
}

void ask_loops(Runtime& runtime, std::uintptr_t stack) noexcept {
  forget_dead_loops(runtime, stack);
  lower_limits(*runtime.current);
  runtime.asked_at = *runtime.dispatch_count;
  lwpx_checkpoint_due = 1;
}

void forget_dead_loops(Runtime& runtime, std::uintptr_t stack) noexcept {
  PRE_Loop* const newest = runtime.current->loops;
  if (LWP_LIKELY(newest == nullptr || !is_below(newest, stack))) return;
  // Of two different stacks, either may be below.
  const void* const end = lwp_door_stack_end(&runtime, reinterpret_cast<const void*>(stack));
  if (end != nullptr && lwp_door_stack_end(&runtime, newest) == end)
    runtime.current->loops = nullptr;
}

void enlist(Pcb& pcb, PRE_Loop& loop) noexcept {
  pcb.rare_in_use = true;
  loop.outer = pcb.loops;
  loop.listed = 1;
  // A handler sees the list with the whole record, or without.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  pcb.loops = &loop;
}

void delist(Pcb& pcb, PRE_Loop& loop) noexcept {
  PRE_Loop** link = &pcb.loops;
  while (*link != nullptr && *link != &loop) link = &(*link)->outer;
  if (*link != nullptr) *link = loop.outer;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  loop.listed = 0;
}

void restore_limits(Runtime& runtime) noexcept {
  const bool forced = runtime.attention.forced;
  for (PRE_Loop* loop = runtime.current->loops; loop != nullptr; loop = loop->outer) {
    if (loop->cancelled == 0) loop->compare = forced ? loop->stop : loop->wanted;
  }
}

bool cancel_loops(Pcb& pcb) noexcept {
  for (PRE_Loop* loop = pcb.loops; loop != nullptr; loop = loop->outer) loop->cancelled = 1;
  lower_limits(pcb);
  return pcb.loops != nullptr;
}

}  // namespace lwp
