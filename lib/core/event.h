// SPDX-License-Identifier: MIT
// event.h - waiting for events and signalling them.
//
// An event is an address. The lists of all waiting LWPs are cut into nodes, one per place, and the
// nodes hang in a hash table under their event, first come first served. So a signal costs what
// the waiters of that event cost, however many LWPs wait for others.
//
// Order:   LWPs wake in the order in which they began to wait; each goes to the end of its ring.
// Memory:  the table grows with the number of nodes; without memory it stays as it is and gets
//          slower. Only a wait for several events can fail for want of memory.
// Context: inside the library. Never by a signal handler (those post, see sigsafe/inbox.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/block_heap.h"
#include "base/intrusive_list.h"
#include "base/rc.h"
#include "core/pcb.h"

namespace lwp {

struct Runtime;

class EventTable {
 public:
  void start(BlockHeap* block) noexcept { block_ = block; }
  void stop() noexcept;

  void add(WaitNode& node) noexcept {
    if (LWP_UNLIKELY(!has_room())) grow();
    add_in_room(node);
  }
  // Without growing.
  bool has_room() const noexcept { return nodes_ < buckets_; }
  void add_in_room(WaitNode& node) noexcept {
    ++nodes_;
    chain(node.event).push_back(node);
  }
  using Chain = IntrusiveList<WaitNode, &WaitNode::link>;

  void remove(WaitNode& node) noexcept { remove_from(chain(node.event), node); }
  // Its chain being known.
  void remove_from(Chain& chain, WaitNode& node) noexcept {
    if (LWP_LIKELY(chain.holds_only(node))) {
      chain.clear();
    } else {
      chain.erase(node);
    }
    --nodes_;
  }

  // All nodes of an event are in its chain; others may be too.
  Chain& chain(const void* event) noexcept {
    constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;
    const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(event) * kGoldenRatio;
    return table_[mixed >> shift_];
  }

 private:
  static constexpr int kFirstBits = 5;

  void grow() noexcept;

  Chain* table_ = small_;
  int shift_ = 64 - kFirstBits;
  std::size_t buckets_ = std::size_t{1} << kFirstBits;
  BlockHeap* block_ = nullptr;
  std::size_t nodes_ = 0;
  Chain small_[std::size_t{1} << kFirstBits];
};

// Switches. events[0 .. count) are not null; 0 <= needed <= count. The running LWP waits until
// `needed` of them have been signalled, or it is cancelled (core/cancel.h); with 0 it just yields.
Rc block_on_events(Runtime& runtime, const void* const* events, int count, int needed) noexcept;

// The first half of it, which does not switch: puts the running LWP's list into the table. needed
// is not 0. stop_running() and dispatch() come next. Rc::no_memory.
Rc enlist(Runtime& runtime, const void* const* events, int count, int needed) noexcept;

// Switches, unless the running LWP has a credit.
void block_on_credit(Runtime& runtime) noexcept;

// These never switch. Rc::no_waiter if nobody waited.
Rc signal_event(Runtime& runtime, const void* event) noexcept;
Rc give_credit(Runtime& runtime, Pcb& pcb) noexcept;

// Memory of an LWP for the list of its present wait, of events or of anything else; it lasts until
// the next such call, and is freed with the LWP. Null if there is none.
void* memory_for_list(Runtime& runtime, Pcb& self, std::size_t bytes) noexcept;

// Takes an LWP that is about to die or to wake out of all that it waits for.
void forget_wait(Runtime& runtime, Pcb& pcb) noexcept;

}  // namespace lwp
