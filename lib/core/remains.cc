// SPDX-License-Identifier: MIT
#include "core/remains.h"

#include <atomic>

#include "arch/sanitizer.h"
#include "core/event.h"
#include "core/overflow.h"

namespace lwp {

namespace {

Pcb* find_ended(const Runtime& runtime, PROCESS pid) noexcept {
  Pcb* const pcb = runtime.handles.find_retired(pid);
  return pcb != nullptr && pcb->state == PcbState::ended ? pcb : nullptr;
}

// Living or ended. Null also if it is not joinable.
Pcb* find_joinable(const Runtime& runtime, PROCESS pid) noexcept {
  Pcb* const living = runtime.handles.find(pid);
  Pcb* const pcb = living != nullptr ? living : find_ended(runtime, pid);
  return pcb != nullptr && (pcb->flags & kJoinable) != 0 ? pcb : nullptr;
}

// A joiner takes itself out when it goes on, so one that is set waits, or is dead.
Pcb* joiner_of(const Runtime& runtime, const Pcb& pcb) noexcept {
  return (pcb.flags & kJoinable) != 0 ? runtime.handles.find(pcb.joiner) : nullptr;
}

}  // namespace

// A handler may look at the name at any time. What has been copied of a long one does for a dead
// LWP.
void free_memory(Runtime& runtime, Pcb& pcb) noexcept {
  char* const name = pcb.name;
  pcb.short_name[kShortText - 1] = '\0';
  pcb.name = pcb.short_name;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (name != pcb.short_name) return_memory(runtime.block, name);
  if (pcb.list_memory != nullptr) return_memory(runtime.block, pcb.list_memory);
  pcb.list_memory = nullptr;
  pcb.list_bytes = 0;
  pcb.flags = static_cast<std::uint8_t>(pcb.flags & ~kOwnsMemory);
}

void leave_remains(Runtime& runtime, Pcb& pcb, void* status) noexcept {
  check_canary(runtime, pcb);
  free_memory(runtime, pcb);
  if ((pcb.flags & kCancelWanted) != 0) --runtime.cancellations;
  if ((pcb.flags & kThread) != 0 && --runtime.threads == 0) {
    (void)signal_event(runtime, &runtime.threads);
  }
  if ((pcb.flags & kJoinable) == 0) return clear_away(runtime, pcb);
  pcb.flags &= kPlaced | kJoinable;
  pcb.state = PcbState::ended;
  pcb.status = status;
  (void)signal_event(runtime, &pcb.joiner);
}

void clear_away(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.state = PcbState::dead;
  const bool placed = (pcb.flags & kPlaced) != 0;
  pcb.flags = 0;
  if (&pcb == &runtime.first) return;
  if (!placed) return runtime.stacks.release(pcb.slot);
  runtime.handles.give_up(pcb);
  forget_departed(runtime);
  runtime.departed = pcb.context.note;
  note_no_stack(pcb.slot.low, pcb.slot.top);
  runtime.stacks.release(pcb.slot);
}

void forget_stack(Pcb& pcb) noexcept {
  pcb.context.note.gone();
  note_stack_ends(pcb.slot.valgrind_id);
}

void forget_departed(Runtime& runtime) noexcept {
  runtime.departed.gone();
  runtime.departed = {};
}

Rc may_join(const Runtime& runtime, const Pcb& pcb) noexcept {
  // Whoever waits for the running LWP, and for that one, and so on, must not be waited for.
  for (const Pcb* at = runtime.current; at != nullptr; at = joiner_of(runtime, *at)) {
    if (at == &pcb) return Rc::deadlock;
  }
  const bool free = (pcb.flags & kJoinable) != 0 && joiner_of(runtime, pcb) == nullptr;
  return free ? Rc::success : Rc::not_joinable;
}

void stop_joining(Runtime& runtime, PROCESS pid) noexcept {
  if (Pcb* const pcb = find_joinable(runtime, pid)) pcb->joiner = nullptr;
}

Rc take_status(Runtime& runtime, PROCESS pid, void** ret_status) noexcept {
  Pcb* const pcb = find_ended(runtime, pid);
  if (pcb == nullptr) return Rc::bad_pid;
  const Pcb* const joiner = joiner_of(runtime, *pcb);
  if (joiner != nullptr && joiner != runtime.current) return Rc::not_joinable;
  *ret_status = pcb->status;
  clear_away(runtime, *pcb);
  return Rc::success;
}

Rc detach_lwp(Runtime& runtime, PROCESS pid) noexcept {
  Pcb* const living = runtime.handles.find(pid);
  Pcb* const pcb = living != nullptr ? living : find_ended(runtime, pid);
  if (pcb == nullptr) return Rc::bad_pid;
  if ((pcb->flags & kJoinable) == 0 || joiner_of(runtime, *pcb) != nullptr) return Rc::not_joinable;
  pcb->flags = static_cast<std::uint8_t>(pcb->flags & ~kJoinable);
  if (living == nullptr) clear_away(runtime, *pcb);
  return Rc::success;
}

}  // namespace lwp
