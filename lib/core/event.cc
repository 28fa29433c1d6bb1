// SPDX-License-Identifier: MIT
#include "core/event.h"

#include <cstring>

#include "core/cancel.h"
#include "core/runtime.h"
#include "core/scheduler.h"

namespace lwp {

void EventTable::stop() noexcept {
  if (table_ != small_) return_memory(block_, table_);
}

void EventTable::grow() noexcept {
  Chain* const old_table = table_;
  const std::size_t old_buckets = buckets_;
  const std::size_t bytes = old_buckets * 2 * sizeof(Chain);
  auto* const bigger = static_cast<Chain*>(take_memory(block_, bytes));
  if (bigger == nullptr) return;
  memset(static_cast<void*>(bigger), 0, bytes);  // empty chains

  table_ = bigger;
  buckets_ = old_buckets * 2;
  --shift_;
  for (std::size_t i = 0; i < old_buckets; ++i) {
    // Front to back, so that the order within each event stays.
    while (WaitNode* node = old_table[i].front()) {
      old_table[i].erase(*node);
      chain(node->event).push_back(*node);
    }
  }
  if (old_table != small_) return_memory(block_, old_table);
}

void* memory_for_list(Runtime& runtime, Pcb& self, std::size_t bytes) noexcept {
  if (bytes <= self.list_bytes) return self.list_memory;
  void* const bigger = enlarge_memory(runtime.block, self.list_memory, bytes);
  if (bigger == nullptr) return nullptr;
  self.rare_in_use = true;
  self.list_memory = bigger;
  self.list_bytes = bytes;
  self.flags |= kOwnsMemory;
  return bigger;
}

namespace {

// Room for a list of `count` nodes in the block. False if there is no memory.
bool make_list(Runtime& runtime, Pcb& self, int count) noexcept {
  self.nodes = &self.only_node;
  if (count == 1) return true;
  void* const memory =
      memory_for_list(runtime, self, static_cast<std::size_t>(count) * sizeof(WaitNode));
  self.nodes = static_cast<WaitNode*>(memory);
  return memory != nullptr;
}

}  // namespace

Rc enlist(Runtime& runtime, const void* const* events, int count, int needed) noexcept {
  Pcb& self = *runtime.current;
  if (!make_list(runtime, self, count)) return Rc::no_memory;
  self.remaining = needed;
  self.node_count = count;
  self.wake_event = 0;
  for (int i = 0; i < count; ++i) {
    WaitNode& node = self.nodes[i];
    node.event = events[i];
    node.waiter = &self;
    runtime.events.add(node);
  }
  return Rc::success;
}

Rc block_on_events(Runtime& runtime, const void* const* events, int count, int needed) noexcept {
  if (needed > 0) {
    if (LWP_UNLIKELY(cancellation_is_due(*runtime.current))) {
      runtime.current->flags |= kWaitCut;
      return Rc::success;
    }
    if (const Rc rc = enlist(runtime, events, count, needed); rc != Rc::success) return rc;
    stop_running(runtime);
  }
  dispatch(runtime);
  return Rc::success;
}

void block_on_credit(Runtime& runtime) noexcept {
  if (--runtime.current->credits >= 0) return;
  stop_running(runtime);
  dispatch(runtime);
}

Rc signal_event(Runtime& runtime, const void* event) noexcept {
  EventTable::Chain& chain = runtime.events.chain(event);
  Rc result = Rc::no_waiter;
  // First the whole chain, then the awakened: taking those out of their other events could
  // remove the very node that is looked at next.
  Pcb* woken = nullptr;
  Pcb** woken_end = &woken;
  for (WaitNode *node = chain.front(), *next; node != nullptr; node = next) {
    next = EventTable::Chain::next(*node);
    if (node->event != event) continue;
    result = Rc::success;
    runtime.events.remove(*node);
    node->event = nullptr;
    Pcb& waiter = *node->waiter;
    if (--waiter.remaining != 0) continue;
    waiter.wake_event = static_cast<int>(node - waiter.nodes) + 1;
    *woken_end = &waiter;
    woken_end = &waiter.next;
  }
  *woken_end = nullptr;
  while (woken != nullptr) {
    Pcb& pcb = *woken;
    woken = pcb.next;
    forget_wait(runtime, pcb);
    make_ready(runtime, pcb);
  }
  return result;
}

Rc give_credit(Runtime& runtime, Pcb& pcb) noexcept {
  if (++pcb.credits != 0) return Rc::no_waiter;
  make_ready(runtime, pcb);
  return Rc::success;
}

void forget_wait(Runtime& runtime, Pcb& pcb) noexcept {
  for (int i = 0; i < pcb.node_count; ++i) {
    if (pcb.nodes[i].event != nullptr) runtime.events.remove(pcb.nodes[i]);
  }
  pcb.node_count = 0;
  if (LWP_UNLIKELY(pcb.io_request != nullptr)) runtime.forget_io(runtime, pcb);
}

}  // namespace lwp
