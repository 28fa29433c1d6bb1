// SPDX-License-Identifier: MIT
// timer_index.h - finds the place of a timer in its list, and the timers that are in it.
//
// Two structures over one set of nodes, one node per timer. A treap, ordered by expiry and among
// equals by age, says what stands before and behind a timer; a hash table keyed by the timer's
// address says whether it is there at all. [A skip list would need several links both ways in each
// node to be removable without a search; a balanced tree more code for the same depth.]
//
// Invariant: nodes never look into the timers: the key is the index's own copy. So nothing that a
//            program does to a timer's fields, or to memory that was a timer, can break the order.
// Memory:    a node comes from the heap at insert(); the hash table grows with their number and, if
//            there is no memory for that, stays as it is and gets slower.
// Context:   one kernel thread at a time.
#pragma once

#include <lwp/timer.h>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace lwp {

// A time of day that timers are ordered by; never() is behind all others.
struct Expiry {
  time_t seconds;
  suseconds_t microseconds;

  static constexpr Expiry never() noexcept { return {std::numeric_limits<time_t>::max(), 1000000}; }
  constexpr bool operator<(const Expiry& other) const noexcept {
    return seconds != other.seconds ? seconds < other.seconds : microseconds < other.microseconds;
  }
};

struct TimerNode {
  TM_Elem* elem;
  Expiry expiry;
  std::uint32_t weight;  // random; a parent's is not less than its children's
  TimerNode* up;
  TimerNode* left;
  TimerNode* right;
  TimerNode* next_in_bucket;
};

class TimerIndex {
 public:
  // Null if the timer is not here.
  TimerNode* find(const TM_Elem& elem) const noexcept;

  // Behind all that expire no later. The timer is not here yet. Null if there is no memory.
  TimerNode* insert(TM_Elem& elem, const Expiry& expiry) noexcept;
  void erase(TimerNode& node) noexcept;
  void clear() noexcept;

  // The neighbours in order; null at the ends.
  static TimerNode* next(const TimerNode& node) noexcept;
  static TimerNode* prev(const TimerNode& node) noexcept;

 private:
  static constexpr int kFirstBits = 4;

  std::size_t buckets() const noexcept { return std::size_t{1} << bits_; }
  TimerNode*& bucket(const TM_Elem& elem) const noexcept;
  bool make_table() noexcept;
  void grow_table() noexcept;
  TimerNode*& link_to(const TimerNode& node) noexcept;
  void rotate_up(TimerNode& node) noexcept;

  TimerNode* root_ = nullptr;
  TimerNode** table_ = nullptr;  // null until the first insert()
  int bits_ = 0;
  std::size_t count_ = 0;
  std::uint64_t random_ = 0;
};

}  // namespace lwp
