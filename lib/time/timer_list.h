// SPDX-License-Identifier: MIT
// timer_list.h - the lists behind TM_: a public ring of timers in the order of their expiry, and an
// index beside it, so that a timer's place is found without walking the ring.
//
//   program's pointer --> TimerList { head_ (a TM_Elem), index_, ... }
//                            head_ <-> timer <-> timer <-> timer <-> back to head_
//
// Invariant: while every timer of the ring is indexed (unindexed_ is 0), the ring is the index in
//            order, and its links are set from the index alone: what a program stored in the fields
//            of a timer meanwhile is neither trusted nor followed. Timers that came in while there
//            was no memory for a node are in the ring only, at their right place; while there are
//            any, links and TotalTime of all timers are read.
// Memory:    timers are the program's, the rest the list's.
// Context:   one kernel thread at a time. Nothing here knows of LWPs.
#pragma once

#include <lwp/timer.h>

#include <cstddef>

#include "time/timer_index.h"

namespace lwp {

class TimerList {
 public:
  // Null if there is no memory.
  static TimerList* create() noexcept;
  // The timers are not touched: they may be gone.
  static void destroy(TimerList& list) noexcept;

  // The list whose head this is; null if it is not a head made by create().
  static TimerList* with_head(TM_Elem* head) noexcept;
  TM_Elem& head() noexcept { return head_; }

  // TotalTime, from `now`, becomes the expiry; a timer that is here already is moved.
  void insert(TM_Elem& elem, const timeval& now) noexcept;

  // False if the timer is not in the index; it may still be in the ring.
  bool remove_indexed(TM_Elem& elem) noexcept;
  void remove_unindexed(TM_Elem& elem) noexcept;

  // Without a list at hand: by the timer's links. Does nothing to one that is in no ring.
  static void remove_by_links(TM_Elem& elem) noexcept;

 private:
  friend void insert_timer(TM_Elem& list, TM_Elem& elem) noexcept;

  // Puts elem where its expiry belongs, looking from the place before `next` towards the front.
  static void insert_into_ring(TM_Elem& elem, TM_Elem& head, TM_Elem& next) noexcept;
  void take_out(TimerNode& node) noexcept;

  TM_Elem head_;     // first: programs hold a pointer to it
  TimerList* self_;  // tells a head from a copy of one
  TimerIndex index_;
  std::size_t unindexed_ = 0;
};

// The calls of the TM package. `list` is what the program says is the head of the list; any other
// ring of timers works as well, in linear time.

void insert_timer(TM_Elem& list, TM_Elem& elem) noexcept;

// list may be null, and any other list than the timer's.
void remove_timer(TM_Elem* list, TM_Elem& elem) noexcept;

// Sets TimeLeft of all timers that expire; returns how many have expired.
int rescan(TM_Elem& list) noexcept;
int rescan(TM_Elem& list, const timeval& now) noexcept;
// The same in AFS-3: what has expired has no time left, instead of less than none.
int rescan_to_zero(TM_Elem& list) noexcept;

// Null if there is none.
TM_Elem* first_expired(TM_Elem& list) noexcept;
TM_Elem* first_timer(TM_Elem& list) noexcept;

}  // namespace lwp
