// SPDX-License-Identifier: MIT
// birth.h - how an LWP is made ready to begin; and the shortest way to one, inlined into the call
// that creates most of them. All others come by life.h.
//
// Context: inside the library. Never by a signal handler.
#pragma once

#include "arch/context.h"
#include "base/attributes.h"
#include "base/legacy_variables.h"
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

// Whether what it uses of its stack is to be known. Written only if that changes: mostly nothing
// else in that cache line is.
LWP_ALWAYS_INLINE void note_accounting(Pcb& pcb) noexcept {
  const bool wanted = lwp_stackUseEnabled != 0;
  if (LWP_UNLIKELY(pcb.stack_accounted != wanted)) pcb.stack_accounted = wanted;
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
  context_make(pcb.context, pcb.slot.low, pcb.slot.top, lwp_main);
}

// False, with nothing done: that is not as quick as usual.
LWP_ALWAYS_INLINE bool clean_stack_plainly(StackSlot& slot) noexcept {
  if (lwp_stackUseEnabled != 0) return slot.clean_plainly();
  slot.forget_use();
  return true;
}

// Ready, as by create_lwp(), if it can have block and stack of one that has ended, and a short
// name. Else null, and nothing has been done. Only if makes_ready_plainly().
//
// What takes time are the stores, some forty: so none that changes nothing, and along cache lines.
LWP_ALWAYS_INLINE Pcb* create_plainly(Runtime& runtime, const NewLwp& wanted) noexcept {
  const int stack_size = round_stack(wanted.stack_size);
  StackSlot* const slot = runtime.stacks.first_recycled(static_cast<std::size_t>(stack_size));
  if (LWP_UNLIKELY(slot == nullptr)) return nullptr;
  Pcb& pcb = pcb_of(*slot);
  HeldText name;
  if (LWP_UNLIKELY(!is_priority(wanted.priority) || !HandleTable::has_place(pcb) ||
                   wanted.name == nullptr || !hold_short_text(name, wanted.name) ||
                   !clean_stack_plainly(*slot))) {
    return nullptr;
  }
  note_accounting(pcb);
  runtime.stacks.take_recycled(*slot);
  describe(runtime, pcb, wanted, stack_size);
  name.write(pcb.short_name);  // and pcb.name is that
  LWP_STORES_SO_FAR();
  runtime.handles.issue_again(pcb);
  pcb.begin_anew();
  pcb.priority = static_cast<std::uint8_t>(wanted.priority);
  make_ready_plainly(runtime, pcb);
  LWP_STORES_SO_FAR();
  make_context(pcb);  // the only call: the less there is to be kept over it, the better
  return &pcb;
}

}  // namespace lwp
