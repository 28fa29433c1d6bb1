// SPDX-License-Identifier: MIT
#include "core/life.h"

#include <cstring>
#include <new>

#include "base/memcheck.h"
#include "core/birth.h"
#include "core/remains.h"
#include "core/safe_point.h"
#include "core/scheduler.h"
#include "sigsafe/handler_mark.h"

namespace lwp {

namespace {

bool copy_long_name(Runtime& runtime, Pcb& pcb, const char* name) noexcept {
  const std::size_t size = strlen(name) + 1;
  auto* const copy = static_cast<char*>(take_memory(runtime.block, size));
  if (copy == nullptr) return false;
  pcb.name = static_cast<char*>(memcpy(copy, name, size));
  pcb.flags |= kOwnsMemory;
  return true;
}

bool copy_name(Runtime& runtime, Pcb& pcb, const char* name) noexcept {
  pcb.name = pcb.short_name;
  return copy_short_text(pcb.short_name, name != nullptr ? name : "") ||
         copy_long_name(runtime, pcb, name);
}

// The block in a slot that has never been used before.
void construct(StackSlot& slot) noexcept {
  const StackSlot kept = slot;
  Pcb& pcb = *new (&pcb_of(slot)) Pcb;
  pcb.slot = kept;
  pcb.due = static_cast<DueNode*>(kept.annex);
  if (kept.placed) pcb.flags = kPlaced;
}

// Name and handle, or nothing.
Rc identify(Runtime& runtime, Pcb& pcb, const NewLwp& wanted) noexcept {
  // Historically the last thing to be looked at, when the memory was there already.
  if (!is_priority(wanted.priority)) return Rc::bad_priority;
  if (!copy_name(runtime, pcb, wanted.name)) return Rc::no_memory;
  if (runtime.handles.issue(pcb)) return Rc::success;
  free_memory(runtime, pcb);
  return Rc::no_memory;
}

// It is in no queue any more.
LWP_ALWAYS_INLINE void retire(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.state = PcbState::dead;
  runtime.handles.retire(pcb);
}

// The rest of its burial. The first one's stack is not ours.
void put_away(Runtime& runtime, Pcb& pcb, void* status) noexcept {
  retire(runtime, pcb);
  if (LWP_UNLIKELY(pcb.flags != 0)) return leave_remains(runtime, pcb, status);
  if (&pcb != &runtime.first) runtime.stacks.release_pooled(pcb.slot);
}

// Everything that dies with an LWP; its block and its stack are then free for the next.
void bury(Runtime& runtime, Pcb& pcb, void* status) noexcept {
  if (pcb.state == PcbState::ready) {
    runtime.queue.remove(pcb);
  } else if (pcb.node_count != 0 || pcb.io_request != nullptr) {
    forget_wait(runtime, pcb);
  }
  put_away(runtime, pcb, status);
}

// Makes an LWP in the slot, not ready yet. The slot is the caller's again after an error.
Rc make_lwp(Runtime& runtime, StackSlot& slot, const NewLwp& wanted, int stack_size) noexcept {
  const bool used_before = slot.recycled || slot.placed;
  if (!slot.recycled) construct(slot);
  Pcb& pcb = pcb_of(slot);
  pcb.clear_rare();
  pcb.begin_anew();
  if (const Rc rc = identify(runtime, pcb, wanted); rc != Rc::success) return rc;
  pcb.rare_in_use = false;
  pcb.priority = static_cast<std::uint8_t>(wanted.priority);
  pcb.stack_accounted = lwp_stackUseEnabled != 0;
  describe(runtime, pcb, wanted, stack_size);
  if (!pcb.stack_accounted) {
    slot.forget_use();
  } else if (used_before) {
    const MemcheckPaused paused;  // what others have left on the stack is looked at
    if (!slot.clean_plainly()) slot.make_clean();
  }
  make_context(pcb);
  return Rc::success;
}

// The end of the running LWP in its rarer forms. Who has waited for it may be the next to run.
void end_otherwise(void* pcb) noexcept {
  end_of_backtrace();
  Runtime& runtime = *this_runtime();
  Pcb& self = *static_cast<Pcb*>(pcb);
  runtime.queue.remove(self);
  put_away(runtime, self, nullptr);
  dispatch_for_good(runtime, runtime.queue.pick());
}

// An LWP ends here too, with no call left open: the returns of whoever runs next are then predicted
// right.
[[noreturn]] LWP_ALWAYS_INLINE void live_and_end(Runtime& present, Pcb& self) noexcept {
  leave_library(present);
  self.entry(self.parm);
  // Registers that were to keep anything meanwhile would have to be saved first, for nobody.
  ThreadState& thread = thread_state_afresh();
  critical::enter_library(thread);
  Runtime& runtime = *static_cast<Runtime*>(thread.zone);
  if (LWP_UNLIKELY(!runtime.queue.leads_others(self) || self.flags != 0 ||
                   wants_attention(runtime))) {
    end_at(self.slot.top, end_otherwise, &self);  // what is on the stack is of no use any more
  }
  Pcb& next = *self.next;
  runtime.queue.unlink_head(self, next);
  retire(runtime, self);
  // Nobody takes the stack before the next LWP runs, so this one may end on its own.
  runtime.stacks.release_pooled(self.slot);
  leave_for(runtime, self, next, thread);
}

}  // namespace

void lwp_life(void* pcb) noexcept {
  end_of_backtrace();
  live_and_end(*this_runtime(), *static_cast<Pcb*>(pcb));
}

void lwp_main(Arrival arrival) noexcept {
  end_of_backtrace();
  Runtime& runtime = *this_runtime();
  Pcb& self = *runtime.current;
  land(self.context, arrival);
  live_and_end(runtime, self);
}

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
  if (LWP_UNLIKELY(pcb.obligation != nullptr)) {
    if (pcb.node_count == 0) pcb.obligation->pass_on(runtime, pcb);
    pcb.obligation = nullptr;
  }
  bury(runtime, pcb, kCancelledStatus);
}

void exit_lwp(Runtime& runtime, void* status) noexcept {
  bury(runtime, *runtime.current, status);
  dispatch_for_good(runtime, runtime.queue.pick());
}

void adopt_first_lwp(Runtime& runtime, int priority) noexcept {
  runtime.first_frame.start(lwp_main);
  Pcb& pcb = runtime.first;
  pcb.due = &runtime.first_due;
  copy_name(runtime, pcb,
            runtime.dialect == Dialect::afs3 ? "Main Process [created by LWP]" : "Main Process");
  runtime.handles.issue(pcb);
  pcb.context.note.adopted();
  pcb.priority = static_cast<std::uint8_t>(priority);
  pcb.index = (*runtime.next_index)++;
  runtime.current = &pcb;
  *runtime.current_mirror = pcb.handle;
  make_ready(runtime, pcb);
}

void free_all_lwps(Runtime& runtime) noexcept {
  runtime.handles.for_each([&](Pcb& pcb) {
    const bool pooled = &pcb != &runtime.first && !pcb.slot.placed;
    pcb.flags &= kPlaced | kOwnsMemory;  // whoever would join it ends too
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
