// SPDX-License-Identifier: MIT
// wait.h - the shortest way into a wait for one event, and out of it: inlined into the calls.
#pragma once

#include "core/cancel.h"
#include "core/event.h"
#include "core/scheduler.h"

namespace lwp {

// Nothing wants attention, and the running LWP is not to be cancelled.
LWP_ALWAYS_INLINE bool may_block_plainly(const Runtime& runtime) noexcept {
  return !wants_attention(runtime) && !cancellation_is_due(*runtime.current);
}

// Switches. The event is not null, and the table has room. Only if may_block_plainly().
LWP_ALWAYS_INLINE void block_plainly_on_event(Runtime& runtime, const void* event) noexcept {
  Pcb& self = *runtime.current;
  self.nodes = &self.only_node;
  self.node_count = 1;
  self.remaining = 1;
  self.wake_event = 0;
  self.only_node.event = event;
  self.only_node.waiter = &self;
  runtime.events.add_in_room(self.only_node);
  stop_running(runtime);
  dispatch_plainly(runtime);
}

// Never switches. If one LWP waits for the event and for nothing else, or nobody does; else does
// nothing and returns false. Only if makes_ready_plainly().
LWP_ALWAYS_INLINE bool signal_only_waiter(Runtime& runtime, const void* event,
                                          Rc* ret_rc) noexcept {
  EventTable::Chain& chain = runtime.events.chain(event);
  WaitNode* const node = chain.front();
  *ret_rc = Rc::no_waiter;
  if (node == nullptr) return true;
  Pcb& pcb = *node->waiter;
  if (LWP_UNLIKELY(node->event != event || pcb.node_count != 1 || pcb.io_request != nullptr ||
                   !is_made_ready_plainly(pcb) || !chain.holds_only(*node))) {
    return false;
  }
  runtime.events.remove_only(chain);
  node->event = nullptr;
  pcb.wake_event = 1;
  pcb.node_count = 0;
  make_ready_plainly(runtime, pcb);
  *ret_rc = Rc::success;
  return true;
}

}  // namespace lwp
