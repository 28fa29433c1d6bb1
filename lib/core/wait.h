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

// The first wait for the event among `node` and those behind it in its chain, if any.
LWP_ALWAYS_INLINE WaitNode* find_wait(WaitNode* node, const void* event) noexcept {
  while (node != nullptr && node->event != event) node = EventTable::Chain::next(*node);
  return node;
}

// Never switches. If one LWP waits for the event and for nothing else, or nobody does; else does
// nothing and returns false. Only if makes_ready_plainly().
LWP_ALWAYS_INLINE bool signal_only_waiter(Runtime& runtime, const void* event,
                                          Rc* ret_rc) noexcept {
  EventTable::Chain& chain = runtime.events.chain(event);
  WaitNode* const node = find_wait(chain.front(), event);
  *ret_rc = Rc::no_waiter;
  if (node == nullptr) return true;
  Pcb& pcb = *node->waiter;
  if (LWP_UNLIKELY(pcb.node_count != 1 || pcb.io_request != nullptr ||
                   !is_made_ready_plainly(pcb) ||
                   find_wait(EventTable::Chain::next(*node), event) != nullptr)) {
    return false;
  }
  runtime.events.remove_from(chain, *node);
  node->event = nullptr;
  pcb.wake_event = 1;
  pcb.node_count = 0;
  make_ready_plainly(runtime, pcb);
  *ret_rc = Rc::success;
  return true;
}

}  // namespace lwp
