// SPDX-License-Identifier: MIT
#include "core/life.h"

#include <cstring>
#include <new>

#include "base/legacy_variables.h"
#include "core/remains.h"
#include "core/safe_point.h"
#include "core/scheduler.h"
#include "sigsafe/handler_mark.h"

namespace lwp {

namespace {

constexpr int kSmallestStack = 32768;
constexpr int kStackUnit = 4096;

int round_stack(int wanted) noexcept {
  if (wanted < kSmallestStack) return kSmallestStack;
  constexpr int kLargest = 0x7fffffff / kStackUnit * kStackUnit;
  if (wanted > kLargest) return kLargest;
  return (wanted + kStackUnit - 1) / kStackUnit * kStackUnit;
}

LWP_NOINLINE bool copy_long_name(Runtime& runtime, Pcb& pcb, const char* name) noexcept {
  const std::size_t size = strlen(name) + 1;
  pcb.name = static_cast<char*>(take_memory(runtime.block, size));
  if (pcb.name == nullptr) return false;
  memcpy(pcb.name, name, size);
  return true;
}

// Most names are short, and copied before their length could be told.
LWP_ALWAYS_INLINE bool copy_name(Runtime& runtime, Pcb& pcb, const char* name) noexcept {
  const char* from = name != nullptr ? name : "";
  pcb.name = pcb.short_name;
  for (char* to = pcb.short_name; to < pcb.short_name + kShortName; ++to, ++from) {
    const char c = *from;
    *to = c;
    if (c == '\0') return true;
  }
  return copy_long_name(runtime, pcb, name);
}

// The block in a slot that has never been used before.
void construct(StackSlot& slot) noexcept {
  const StackSlot kept = slot;
  Pcb& pcb = *new (&pcb_of(slot)) Pcb;
  pcb.slot = kept;
  if (kept.placed) pcb.flags = kPlaced;
}

// Everything but what is kept (pcb.h) and what the caller sets.
void reset(Pcb& pcb) noexcept {
  pcb.critical_word = critical::kInitialWord + critical::kDepthUnit;
  pcb.exceptions = {};
  pcb.list_memory = nullptr;
  pcb.list_bytes = 0;
  pcb.node_count = 0;
  pcb.wake_event = 0;
  pcb.credits = 0;
  pcb.io_request = nullptr;
  pcb.cleanup = nullptr;
  pcb.loops = nullptr;
  pcb.rock_count = 0;
  pcb.slices_left = 0;
  pcb.ready_since = {};
  pcb.ticks = {};
}

// Name and handle, or nothing.
LWP_ALWAYS_INLINE Rc identify(Runtime& runtime, Pcb& pcb, const NewLwp& wanted) noexcept {
  // Historically the last thing to be looked at, when the memory was there already.
  if (wanted.priority < 0 || wanted.priority >= kPriorities) return Rc::bad_priority;
  if (!copy_name(runtime, pcb, wanted.name)) return Rc::no_memory;
  if (runtime.handles.issue(pcb)) return Rc::success;
  if (pcb.name != pcb.short_name) return_memory(runtime.block, pcb.name);
  return Rc::no_memory;
}

// Everything that dies with an LWP; its block and its stack are then free for the next.
LWP_ALWAYS_INLINE void bury(Runtime& runtime, Pcb& pcb, void* status) noexcept {
  if (pcb.state == PcbState::ready) {
    runtime.queue.remove(pcb);
  } else if (pcb.node_count != 0 || pcb.io_request != nullptr) {
    forget_wait(runtime, pcb);
  }
  pcb.state = PcbState::dead;
  runtime.handles.retire(pcb);
  if (LWP_UNLIKELY(pcb.name != pcb.short_name)) return_memory(runtime.block, pcb.name);
  if (LWP_UNLIKELY(pcb.list_memory != nullptr)) return_memory(runtime.block, pcb.list_memory);
  if (LWP_UNLIKELY(pcb.flags != 0)) return leave_remains(runtime, pcb, status);
  // Nobody takes the stack before the next LWP runs, so the running LWP may end on its own.
  if (&pcb != &runtime.first) runtime.stacks.release(pcb.slot);
}

// Where every LWP but the first begins, having been switched to. It ends here too, with no call
// left open: the returns of whoever runs next are then predicted right.
void lwp_main(Arrival arrival) noexcept {
  end_of_backtrace();
  Runtime& runtime = *this_runtime();
  Pcb& self = *runtime.current;
  land(self.context, arrival);
  leave_library(runtime);
  self.entry(self.parm);
  critical::enter_library();
  bury(runtime, self, nullptr);
  dispatch_for_good(runtime);
}

// Makes an LWP in the slot, not ready yet. The slot is the caller's again after an error.
LWP_ALWAYS_INLINE Rc make_lwp(Runtime& runtime, StackSlot& slot, const NewLwp& wanted,
                              int stack_size) noexcept {
  if (!slot.recycled) construct(slot);
  Pcb& pcb = pcb_of(slot);
  reset(pcb);
  if (const Rc rc = identify(runtime, pcb, wanted); rc != Rc::success) return rc;
  pcb.stack_accounted = lwp_stackUseEnabled != 0;
  if (slot.recycled || slot.placed) {
    if (pcb.stack_accounted) {
      slot.make_clean();
    } else {
      slot.expected_use = 0;  // this owner's traces are not measured
    }
  }
  pcb.priority = static_cast<std::uint8_t>(wanted.priority);
  pcb.entry = wanted.entry;
  pcb.parm = wanted.parm;
  pcb.nominal_stack = stack_size;
  pcb.index = (*runtime.next_index)++;
  context_make(pcb.context, slot.low, slot.top, lwp_main);
  return Rc::success;
}

}  // namespace

Rc create_lwp(Runtime& runtime, const NewLwp& wanted, Pcb** ret_pcb) noexcept {
  const int stack_size = round_stack(wanted.stack_size);
  StackSlot* const slot = runtime.stacks.acquire(static_cast<std::size_t>(stack_size));
  if (slot == nullptr) return Rc::no_memory;
  if (const Rc rc = make_lwp(runtime, *slot, wanted, stack_size); rc != Rc::success) {
    runtime.stacks.release(*slot);
    return rc;
  }
  Pcb& pcb = pcb_of(*slot);
  make_ready(runtime, pcb);
  *ret_pcb = &pcb;
  return Rc::success;
}

Rc create_lwp_with(Runtime& runtime, const NewLwp& wanted, const NewLwpExtras& extras,
                   Pcb** ret_pcb) noexcept {
  int stack_size = round_stack(wanted.stack_size);
  StackSlot* const slot = extras.memory != nullptr
                              ? runtime.stacks.place(extras.memory, extras.memory_size, &stack_size)
                              : runtime.stacks.acquire(static_cast<std::size_t>(stack_size));
  if (slot == nullptr) return Rc::no_memory;
  if (extras.preemptible) mark();  // the LWP has it from its creator
  if (const Rc rc = make_lwp(runtime, *slot, wanted, stack_size); rc != Rc::success) {
    runtime.stacks.release(*slot);
    return rc;
  }
  Pcb& pcb = pcb_of(*slot);
  pcb.flags |= extras.flags;
  pcb.joiner = nullptr;
  if (extras.preemptible) pcb.critical_word -= critical::kLevelUnit;
  make_ready(runtime, pcb);
  *ret_pcb = &pcb;
  return Rc::success;
}

void destroy_lwp(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.in_tick = false;
  bury(runtime, pcb, kCancelledStatus);
}

void exit_lwp(Runtime& runtime, void* status) noexcept {
  bury(runtime, *runtime.current, status);
  dispatch_for_good(runtime);
}

void adopt_first_lwp(Runtime& runtime, int priority) noexcept {
  Pcb& pcb = runtime.first;
  reset(pcb);
  copy_name(runtime, pcb,
            runtime.dialect == Dialect::afs3 ? "Main Process [created by LWP]" : "Main Process");
  runtime.handles.issue(pcb);
  pcb.context.note.adopted();
  pcb.priority = static_cast<std::uint8_t>(priority);
  pcb.nominal_stack = 0;
  pcb.stack_accounted = false;
  pcb.index = (*runtime.next_index)++;
  runtime.current = &pcb;
  *runtime.current_mirror = pcb.handle;
  make_ready(runtime, pcb);
}

void free_all_lwps(Runtime& runtime) noexcept {
  runtime.handles.for_each([&](Pcb& pcb) {
    const bool pooled = &pcb != &runtime.first && !pcb.slot.placed;
    pcb.flags &= kPlaced;  // whoever would join it ends too
    if (pcb.state == PcbState::ended) {
      clear_away(runtime, pcb);
    } else if (pcb.state != PcbState::dead) {
      bury(runtime, pcb, kCancelledStatus);
    }
    if (pooled) forget_stack(pcb);
  });
  forget_departed(runtime);
}

}  // namespace lwp
