// SPDX-License-Identifier: MIT
#include "core/control.h"

#include "core/scheduler.h"

namespace lwp {

void suspend_lwp(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.flags |= kSuspended;
  if (pcb.state != PcbState::ready) return;
  runtime.queue.remove(pcb);
  pcb.state = PcbState::suspended;
  if (&pcb == runtime.current) dispatch(runtime);
}

Rc resume_lwp(Runtime& runtime, Pcb& pcb) noexcept {
  if ((pcb.flags & kSuspended) == 0) return Rc::no_waiter;
  pcb.flags = static_cast<std::uint8_t>(pcb.flags & ~kSuspended);
  if (pcb.state == PcbState::suspended) make_ready(runtime, pcb);
  return Rc::success;
}

Rc set_priority(Runtime& runtime, Pcb& pcb, int priority) noexcept {
  if (!is_priority(priority)) return Rc::bad_priority;
  if (priority == pcb.priority) return Rc::success;
  const bool ready = pcb.state == PcbState::ready;
  if (ready) runtime.queue.remove(pcb);
  pcb.priority = static_cast<std::uint8_t>(priority);
  if (!ready) return Rc::success;
  if (&pcb == runtime.current) {
    runtime.queue.insert_running(pcb);
  } else {
    runtime.queue.insert(pcb);
  }
  stop_dozing_for(runtime, *runtime.current);
  return Rc::success;
}

}  // namespace lwp
