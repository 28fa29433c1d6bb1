// SPDX-License-Identifier: MIT
// deadline_queue.h - the LWPs that wait until a deadline, earliest first.
//
// Those at hand lie in a heap, in exact order. Those farther off lie in a wheel, unordered, in
// slots of 131 us, and on the levels above of 8 ms, 0.5 s and so on; they move down a level when
// their time is near. So nobody is looked at before it is nearly his turn: in a heap of 100 000
// every step is a cache miss. For the same reason nothing of the LWP itself is looked at, but a
// node that holds all that is needed and shares a page with a hundred others (DueNode in
// core/pcb.h). And each slot has several chains: going along them in turn, the misses overlap.
//
// A level is a ring of twice as many slots as it takes to fill one of the level above. So a slot
// can be moved down for as long as it lasts itself, before it begins, and that is done a little at
// a time: done at once, it made 100 000 sleepers late by milliseconds.
//
// Invariant: what is at hand comes before all that is in the wheel. What is on a level lies ahead,
//            and no farther than its ring reaches; what no ring reaches is at the end of the top
//            one.
// Cost:      insert and erase are constant, but logarithmic for what is at hand; a request whose
//            deadline is t away is moved about log64(t / 131 us) times.
// Memory:    nothing is allocated, so nothing can fail.
// Context:   inside the library.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/clock.h"
#include "core/pcb.h"
#include "iomgr/request.h"

namespace lwp {

class DeadlineQueue {
 public:
  bool empty() const noexcept { return count_ == 0; }
  static bool contains(const Pcb& pcb) noexcept { return pcb.due->request != nullptr; }

  // Its deadline is not kNever. It is the io_request of its waiter.
  void insert(IoRequest& request) noexcept {
    DueNode& due = *request.waiter->due;
    LWP_CHECK(due.request == nullptr);
    ++count_;
    due.pcb = request.waiter;
    due.deadline = request.deadline;
    due.request = &request;
    put(due);
  }
  void erase(Pcb& pcb) noexcept;

  // Takes to hand at least all whose deadlines are not behind that time.
  void advance(std::int64_t time) noexcept {
    if (time >> kTickBits > tick_) turn_to(time >> kTickBits);
  }

  // The earliest of those at hand; null if there are none.
  DueNode* front() const noexcept { return heap_.front(); }

  // Nobody is due before this time, kNever if there is nobody. It is the earliest deadline, but if
  // that is far off and shares a slot with many, the time when the slot begins.
  std::int64_t next_look() noexcept;

  // Asks for the memory that those at hand will touch first when they wake; only for some, if more
  // are due by then than the processor can ask for at once.
  void prefetch_waiters(std::int64_t time) const noexcept;

  // Up to kRoom of those at hand whose deadlines are not behind that time, in no order. How many.
  template <int kRoom>
  int at_hand_until(std::int64_t time, DueNode* (&ret_nodes)[kRoom]) const noexcept {
    return heap_.collect([&](const DueNode& each) { return each.deadline <= time; }, ret_nodes);
  }

 private:
  static bool due_before(const DueNode& a, const DueNode& b) noexcept {
    if (a.deadline != b.deadline) return a.deadline < b.deadline;
    return a.request->sequence < b.request->sequence;
  }
  using Heap = PairingHeap<DueNode, &DueNode::heap, due_before>;

  static constexpr int kTickBits = 17;  // of ns
  static constexpr int kStepBits = 6;   // from level to level
  static constexpr int kSlots = 2 << kStepBits;
  static constexpr int kLevels = 6;
  static constexpr int kWords = kSlots / 64;
  static constexpr int kChains = 4;

  struct Slot {
    DueNode* chains[kChains];
  };

  struct Level {
    Slot slots[kSlots];
    std::uint64_t used[kWords];  // a bit for each slot that may hold something
    std::uint64_t count;         // moved down so far out of the first slot
    std::uint64_t last_count;    // and out of the one before
  };

  // A slot of a level, by number since the beginning of time.
  struct Position {
    int level;
    std::int64_t number;

    std::int64_t tick() const noexcept { return number << (level * kStepBits); }
    int slot() const noexcept { return static_cast<int>(number & (kSlots - 1)); }
  };

  void put(DueNode& due) noexcept;
  void turn_to(std::int64_t tick) noexcept;
  bool find_on(int level, Position* ret_first) const noexcept;
  bool find_first(Position* ret_first) const noexcept;
  Slot& slot_at(const Position& position) noexcept {
    return levels_[position.level].slots[position.slot()];
  }
  void mark_empty(const Position& position) noexcept;
  void move_down(const Position& position, std::uint64_t most) noexcept;
  void move_all_down(const Position& position) noexcept { move_down(position, count_ + kChains); }
  void prefetch_slot(const Position& position) const noexcept;
  void move_ahead(std::int64_t ticks) noexcept;
  bool look_into(const Position& position, std::int64_t* ret_earliest) noexcept;

  Heap heap_;
  std::uint64_t count_ = 0;
  unsigned next_chain_ = 0;
  std::int64_t tick_ = 0;     // up to the end of which all is at hand
  unsigned used_levels_ = 0;  // a bit for each that may hold something
  Level levels_[kLevels] = {};
};

}  // namespace lwp
