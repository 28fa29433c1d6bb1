// SPDX-License-Identifier: MIT
// deadline_queue.h - the LWPs that wait until a deadline, earliest first.
//
// They lie in a wheel. The near ones are in slots of 8 us, for 16 ms; those farther off in slots of
// 8 ms, 0.5 s and so on, a level for each, and move down when their time is near. Within a slot
// they are sorted when it is their turn, and nobody is looked at before: with 100 000 every look is
// a cache miss. For the same reason nothing of the LWP itself is looked at, but a node that holds
// all that is needed and shares a page with a hundred others (DueNode in core/pcb.h). Each far
// slot has several chains: going along them in turn, the misses overlap.
//
// A ring is twice as long as a slot of the level above. So such a slot can be moved down for as
// long as it lasts itself, before it begins, and that is done a little at a time: done at once, it
// made 100 000 sleepers late by milliseconds.
//
// Invariant: a slot that holds something is marked, and a near one only then. What is on a level
//            lies ahead, and no farther than its ring reaches; what no ring reaches is at the end
//            of the top one. What comes within a millisecond of the present is near.
// Cost:      insert and erase are constant; a request whose deadline is t away is moved about
//            log64(t / 8 ms) times, and sorted among those of its 8 us.
// Memory:    nothing is allocated, so nothing can fail.
// Context:   inside the library.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/cache_line.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/prefetch.h"
#include "core/pcb.h"
#include "iomgr/request.h"
#include "iomgr/slot_marks.h"

namespace lwp {

// Asks for the memory that its LWP will touch first when it wakes. The request lies in the frames
// that it returns through.
inline void prefetch_waiter(const DueNode& due) noexcept {
  constexpr std::size_t kBelow = 2 * kCacheLine;  // what the switch has saved
  constexpr std::size_t kFrames = 6 * kCacheLine;
  prefetch(&due.pcb->next);
  prefetch(&due.pcb->node_count);
  const char* const begin = reinterpret_cast<const char*>(due.request) - kBelow;
  for (std::size_t at = 0; at < kFrames; at += kCacheLine) prefetch(begin + at);
}

class DeadlineQueue {
 public:
  bool empty() const noexcept { return count_ == 0; }
  static bool contains(const Pcb& pcb) noexcept { return pcb.due->place != nullptr; }

  // Its deadline is not kNever. It is the io_request of its waiter.
  void insert(IoRequest& request) noexcept {
    DueNode& due = *request.waiter->due;
    LWP_CHECK(due.place == nullptr);
    ++count_;
    due.pcb = request.waiter;
    due.deadline = request.deadline;
    due.request = &request;
    if (due.deadline < nobody_before_) nobody_before_ = due.deadline;
    put(due);
  }
  void erase(Pcb& pcb) noexcept;

  // Time has come to this, and does not go back. Those whose deadlines are not behind it are taken
  // out: a chain by `next`, in the order of served_before().
  DueNode* take_until(std::int64_t time) noexcept {
    const std::int64_t tick = std::max(time >> kTickBits, tick_);
    if (time >= nobody_before_ || far_begins_ <= tick + kNearTicks) return take_due(tick, time);
    tick_ = tick;
    return nullptr;
  }

  // Nobody is due before this time, kNever if there is nobody. It is the earliest deadline, but if
  // that shares a slot with many, the time when the slot begins.
  std::int64_t next_look() noexcept;

  // Does now what take_until() would have to do later: moves down those whose time comes nearer,
  // and asks for the memory of the next ones. While nobody calls this, take_until() does it, less
  // often.
  void work_ahead() noexcept {
    if (tick_ - worked_ahead_at_ >= kStrideTicks) work_ahead_now();
  }

  // Calls each(DueNode&) for those that come next while it says true, slot by slot, and within a
  // slot in no order; but for nobody who comes half a millisecond behind the first.
  template <typename Each>
  void look_ahead(Each each) const noexcept {
    if (!near_marks_.any()) return;
    const std::int64_t first = first_near();
    for (std::uint64_t marks = near_marks_.next_64(near_slot(first)); marks != 0;
         marks &= marks - 1) {
      DueNode* due = near_[near_slot(first + __builtin_ctzll(marks))];
      for (; due != nullptr; due = due->next) {
        if (!each(*due)) return;
      }
    }
  }

 private:
  static constexpr int kTickBits = 13;  // of ns
  static constexpr int kNearBits = 11;
  static constexpr int kNearSlots = 1 << kNearBits;
  static constexpr std::int64_t kNearTicks = 128;   // within which nothing is far
  static constexpr std::int64_t kStrideTicks = 16;  // working ahead each time is not worth while

  static constexpr int kStepBits = 6;  // from far level to far level
  static constexpr int kFarSlots = 2 << kStepBits;
  static constexpr int kFarLevels = 4;
  static constexpr int kChains = 4;

  struct Slot {
    DueNode* chains[kChains];
  };

  struct Level {
    Slot slots[kFarSlots];
    SlotMarks<kFarSlots> marks;
    std::uint64_t count;       // moved down so far out of the first slot
    std::uint64_t last_count;  // and out of the one before
  };

  // A slot of a far level, by number since the beginning of time.
  struct Position {
    int level;
    std::int64_t number;

    std::int64_t tick() const noexcept { return number << tick_bits(level); }
    int slot() const noexcept { return static_cast<int>(number & (kFarSlots - 1)); }
  };

  // Of the length of a slot, in ticks.
  static constexpr int tick_bits(int level) noexcept { return kNearBits - 1 + level * kStepBits; }
  static constexpr int near_slot(std::int64_t tick) noexcept {
    return static_cast<int>(tick & (kNearSlots - 1));
  }

  // The tick of the first near slot that holds something. There is one.
  std::int64_t first_near() const noexcept {
    return tick_ + near_marks_.distance_from(near_slot(tick_));
  }

  DueNode* take_due(std::int64_t tick, std::int64_t time) noexcept;
  void put(DueNode& due) noexcept;
  void put_far(DueNode& due, std::int64_t tick) noexcept;
  bool find_on(int level, Position* ret_first) const noexcept;
  bool find_far(Position* ret_first) const noexcept;
  Slot& slot_at(const Position& position) noexcept {
    return levels_[position.level].slots[position.slot()];
  }
  void mark_empty(const Position& position) noexcept;
  void move_down(const Position& position, std::uint64_t most) noexcept;
  void move_all_down(const Position& position) noexcept { move_down(position, count_ + kChains); }
  void work_ahead_now() noexcept;
  void move_ahead(std::int64_t ticks) noexcept;
  DueNode** take_slot(int slot, std::int64_t time, DueNode** end) noexcept;
  DueNode** take_near(std::int64_t tick, std::int64_t time, DueNode** end) noexcept;
  void prefetch_ahead() noexcept;
  void look_into_far(std::int64_t* ret_earliest) noexcept;

  std::uint64_t count_ = 0;
  std::int64_t tick_ = 0;                // the present one
  std::int64_t nobody_before_ = kNever;  // a time: nobody is due before
  std::int64_t far_begins_ = kNever;     // a tick: no far slot that holds something begins before
  std::int64_t worked_ahead_at_ = 0;     // a tick
  std::int64_t prefetched_ = 0;          // likewise
  unsigned next_chain_ = 0;
  unsigned used_levels_ = 0;  // a bit for each that may hold something
  SlotMarks<kNearSlots> near_marks_;
  DueNode* near_[kNearSlots] = {};
  Level levels_[kFarLevels] = {};
};

}  // namespace lwp
