// SPDX-License-Identifier: MIT
// birth.h - how an LWP is made ready to begin; and the shortest way to one, inlined into the call
// that creates most of them. All others come by life.h.
//
// Context: inside the library. Never by a signal handler.
#pragma once

#include "arch/context.h"
#include "base/attributes.h"
#include "base/legacy_variables.h"
#include "base/prefetch.h"
#include "base/short_text.h"
#include "core/life.h"
#include "core/runtime.h"
#include "core/scheduler.h"

namespace lwp {

// Where every LWP but the first begins, having been switched to.
void lwp_main(Arrival arrival) noexcept;

inline int round_stack(int wanted) noexcept {
  constexpr int kSmallest = 32768;
  constexpr int kUnit = 4096;
  constexpr int kLargest = 0x7fffffff / kUnit * kUnit;
  if (wanted < kSmallest) return kSmallest;
  if (wanted > kLargest) return kLargest;
  return (wanted + kUnit - 1) / kUnit * kUnit;
}

// What its creator says of it; but for name and priority.
LWP_ALWAYS_INLINE void describe(Runtime& runtime, Pcb& pcb, const NewLwp& wanted,
                                int stack_size) noexcept {
  const int index = (*runtime.next_index)++;
  LWP_STORES_SO_FAR();
  pcb.entry = wanted.entry;
  pcb.parm = wanted.parm;
  pcb.index = index;
  pcb.nominal_stack = stack_size;
}

LWP_ALWAYS_INLINE void make_context(Pcb& pcb) noexcept {
  context_make_bare(pcb.context, pcb.slot.low, pcb.slot.top, lwp_main);
}

// Whether an LWP that has ended has left this block, in the pool, as the next one needs it: with a
// place in the handle table and nothing in what is rare, and with a stack that is accounted for, or
// forgotten, as this one's is to be.
template <bool kAccounted>
LWP_ALWAYS_INLINE bool is_as_needed(const Pcb& pcb) noexcept {
  constexpr bool kNeeded[] = {kAccounted, false};
  static_assert(offsetof(Pcb, rare_in_use) == offsetof(Pcb, stack_accounted) + 1);
  return memcmp(&pcb.stack_accounted, kNeeded, sizeof kNeeded) == 0;
}

// A block in whose stack there is that much room; or null.
LWP_ALWAYS_INLINE StackSlot* first_recycled(const Runtime& runtime, int* stack_size) noexcept {
  // Mostly it is a round number, which is so large already: what was wanted last always is. If no
  // int is mistaken for "nothing yet", that is.
  constexpr bool kSafe = sizeof(std::size_t) > sizeof(int);
  if (LWP_UNLIKELY(!kSafe || !runtime.stacks.wants_what_last(static_cast<unsigned>(*stack_size)))) {
    *stack_size = round_stack(*stack_size);
  }
  return runtime.stacks.first_recycled(static_cast<unsigned>(*stack_size));
}

// Asks for what the next creation will write to: the lines lie too far apart to be foreseen.
LWP_ALWAYS_INLINE void prefetch_block(const StackSlot* slot) noexcept {
  const char* const block = reinterpret_cast<const char*>(slot) - offsetof(Pcb, slot);
  prefetch(block + offsetof(Pcb, next));
  prefetch(block + offsetof(Pcb, entry));
  prefetch(block + offsetof(Pcb, credits));
}

// Ready, as by create_lwp(), if it can have block and stack of one that has ended, and a short
// name. Else null, and nothing has been done. Only if makes_ready_plainly(). kAccounted: whether
// what it uses of its stack is to be known.
//
// What takes time are the instructions, and the stores among them: so whatever can be is left as it
// was, and stores go along cache lines.
template <bool kAccounted>
LWP_ALWAYS_INLINE Pcb* create_plainly(Runtime& runtime, const NewLwp& wanted) noexcept {
  int stack_size = wanted.stack_size;
  StackSlot* const slot = first_recycled(runtime, &stack_size);
  if (LWP_UNLIKELY(slot == nullptr)) return nullptr;
  Pcb& pcb = pcb_of(*slot);
  HeldText name;
  if (LWP_UNLIKELY(!is_as_needed<kAccounted>(pcb))) return nullptr;
  if (LWP_UNLIKELY(!is_priority(wanted.priority) || wanted.name == nullptr ||
                   !hold_short_text(name, wanted.name) || (kAccounted && !slot->clean_plainly()))) {
    return nullptr;
  }
  if (slot->next_free != nullptr) prefetch_block(slot->next_free);
  runtime.stacks.take_recycled(*slot);
  describe(runtime, pcb, wanted, stack_size);
  name.write(pcb.short_name);  // and pcb.name is that
  LWP_STORES_SO_FAR();
  runtime.handles.issue_again(pcb);
  pcb.begin_anew();
  pcb.priority = static_cast<std::uint8_t>(wanted.priority);
  make_ready_plainly(runtime, pcb);
  LWP_STORES_SO_FAR();
  make_context(pcb);
  return &pcb;
}

}  // namespace lwp
