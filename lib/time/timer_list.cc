// SPDX-License-Identifier: MIT
#include "time/timer_list.h"

#include <cstdlib>
#include <new>

#include "time/fast_time.h"

namespace lwp {

namespace {

constexpr suseconds_t kUsPerSecond = 1000000;

// Its address marks a head: no timer's TotalTime has that many microseconds. (Not in BackPointer,
// which programs leave uninitialised.)
const char head_mark[] = "head of a TM list";

timeval head_time() noexcept {
  return {-1, static_cast<suseconds_t>(reinterpret_cast<std::intptr_t>(head_mark))};
}

bool never_expires(const TM_Elem& elem) noexcept {
  return elem.TotalTime.tv_sec < 0 || elem.TotalTime.tv_usec < 0;
}

Expiry expiry_of(const TM_Elem& elem) noexcept {
  if (never_expires(elem)) return Expiry::never();
  return {elem.TotalTime.tv_sec, elem.TotalTime.tv_usec};
}

// Neither is negative. The result is normal, and the last that there is if it would be later.
timeval later_by(const timeval& now, const timeval& wait) noexcept {
  const suseconds_t microseconds = now.tv_usec + wait.tv_usec % kUsPerSecond;
  const time_t carry = wait.tv_usec / kUsPerSecond + microseconds / kUsPerSecond;
  timeval sum;
  if (__builtin_add_overflow(now.tv_sec, wait.tv_sec, &sum.tv_sec) ||
      __builtin_add_overflow(sum.tv_sec, carry, &sum.tv_sec)) {
    return {std::numeric_limits<time_t>::max(), kUsPerSecond - 1};
  }
  sum.tv_usec = microseconds % kUsPerSecond;
  return sum;
}

// TotalTime counts from now, and becomes the time of day.
void set_times(TM_Elem& elem, const timeval& now) noexcept {
  elem.TimeLeft = elem.TotalTime;
  if (!never_expires(elem)) elem.TotalTime = later_by(now, elem.TotalTime);
}

// The seconds may become negative, the microseconds not. `end` is the program's, so anything.
timeval time_until(const timeval& end, const timeval& now) noexcept {
  timeval left;
  if (__builtin_sub_overflow(end.tv_sec, now.tv_sec, &left.tv_sec)) left.tv_sec = end.tv_sec;
  left.tv_usec = end.tv_usec - now.tv_usec;
  if (left.tv_usec < 0) {
    left.tv_usec += kUsPerSecond;
    --left.tv_sec;
  }
  return left;
}

bool has_expired(const TM_Elem& elem) noexcept {
  const timeval& left = elem.TimeLeft;
  if (never_expires(elem)) return false;
  return left.tv_sec < 0 || (left.tv_sec == 0 && left.tv_usec <= 0);
}

bool linked_both_ways(const TM_Elem& elem) noexcept {
  return elem.Next != nullptr && elem.Prev != nullptr && elem.Next != &elem &&
         elem.Next->Prev == &elem && elem.Prev->Next == &elem;
}

void unlink(TM_Elem& elem, TM_Elem& prev, TM_Elem& next) noexcept {
  prev.Next = &next;
  next.Prev = &prev;
  elem.Next = elem.Prev = &elem;
}

// The list that the timer is linked into, searched both ways at once. Null if the ring has no head
// of ours, or does not close.
TimerList* find_list(TM_Elem& elem) noexcept {
  TM_Elem* ahead = &elem;
  TM_Elem* behind = &elem;
  do {
    TM_Elem* const next = ahead->Next;
    if (next == nullptr || next->Prev != ahead) return nullptr;
    if (TimerList* const list = TimerList::with_head(next); list != nullptr) return list;
    ahead = next;
    if (ahead == behind) return nullptr;
    TM_Elem* const prev = behind->Prev;
    if (prev == nullptr || prev->Next != behind) return nullptr;
    if (TimerList* const list = TimerList::with_head(prev); list != nullptr) return list;
    behind = prev;
  } while (ahead != behind);
  return nullptr;
}

}  // namespace

TimerList* TimerList::create() noexcept {
  void* const memory = calloc(1, sizeof(TimerList));
  if (memory == nullptr) return nullptr;
  TimerList& list = *new (memory) TimerList{};
  list.head_.Next = list.head_.Prev = &list.head_;
  list.head_.TotalTime = head_time();
  list.self_ = &list;
  return &list;
}

void TimerList::destroy(TimerList& list) noexcept {
  list.index_.clear();
  // Whoever still has a timer linked to this, finds a ring that does not close.
  list.head_ = {};
  list.self_ = nullptr;
  free(&list);
}

TimerList* TimerList::with_head(TM_Elem* head) noexcept {
  // The mark first: what is not a head need not have memory behind it.
  if (head == nullptr || head->TotalTime.tv_usec != head_time().tv_usec) return nullptr;
  auto* const list = reinterpret_cast<TimerList*>(head);
  return list->self_ == list ? list : nullptr;
}

void TimerList::insert(TM_Elem& elem, const timeval& now) noexcept {
  if (TimerNode* const old = index_.find(elem); old != nullptr) take_out(*old);
  set_times(elem, now);
  TimerNode* const node = index_.insert(elem, expiry_of(elem));
  if (node == nullptr) ++unindexed_;
  const TimerNode* const successor = node != nullptr ? TimerIndex::next(*node) : nullptr;
  TM_Elem& next = successor != nullptr ? *successor->elem : head_;
  if (unindexed_ > 0) {
    insert_into_ring(elem, head_, next);
    return;
  }
  elem.Next = &next;
  elem.Prev = next.Prev;
  elem.Prev->Next = next.Prev = &elem;
}

void TimerList::take_out(TimerNode& node) noexcept {
  TM_Elem& elem = *node.elem;
  if (unindexed_ > 0) {
    unlink(elem, *elem.Prev, *elem.Next);
  } else {
    const TimerNode* const prev = TimerIndex::prev(node);
    const TimerNode* const next = TimerIndex::next(node);
    unlink(elem, prev != nullptr ? *prev->elem : head_, next != nullptr ? *next->elem : head_);
  }
  index_.erase(node);
}

bool TimerList::remove_indexed(TM_Elem& elem) noexcept {
  TimerNode* const node = index_.find(elem);
  if (node == nullptr) return false;
  take_out(*node);
  return true;
}

void TimerList::remove_unindexed(TM_Elem& elem) noexcept {
  --unindexed_;
  unlink(elem, *elem.Prev, *elem.Next);
}

void TimerList::remove_by_links(TM_Elem& elem) noexcept {
  if (!linked_both_ways(elem)) return;
  TimerList* const list = find_list(elem);
  if (list == nullptr) {
    unlink(elem, *elem.Prev, *elem.Next);
  } else if (!list->remove_indexed(elem)) {
    list->remove_unindexed(elem);
  }
}

void TimerList::insert_into_ring(TM_Elem& elem, TM_Elem& head, TM_Elem& next) noexcept {
  const Expiry expiry = expiry_of(elem);
  TM_Elem* behind = &next;
  while (behind->Prev != &head && expiry < expiry_of(*behind->Prev)) behind = behind->Prev;
  elem.Next = behind;
  elem.Prev = behind->Prev;
  elem.Prev->Next = behind->Prev = &elem;
}

void insert_timer(TM_Elem& list, TM_Elem& elem) noexcept {
  timeval now = {};
  (void)fetch_time(&now, nullptr);
  if (&elem == &list) return;
  if (TimerList* const indexed = TimerList::with_head(&list); indexed != nullptr) {
    indexed->insert(elem, now);
  } else if (list.Prev != nullptr) {
    set_times(elem, now);
    TimerList::insert_into_ring(elem, list, list);
  }
}

void remove_timer(TM_Elem* list, TM_Elem& elem) noexcept {
  if (&elem == list || TimerList::with_head(&elem) != nullptr) return;
  TimerList* const indexed = TimerList::with_head(list);
  if (indexed != nullptr && indexed->remove_indexed(elem)) return;
  TimerList::remove_by_links(elem);
}

int rescan(TM_Elem& list, const timeval& now) noexcept {
  int expired = 0;
  for (TM_Elem* elem = list.Next; elem != &list; elem = elem->Next) {
    if (never_expires(*elem)) continue;
    elem->TimeLeft = time_until(elem->TotalTime, now);
    if (has_expired(*elem)) ++expired;
  }
  return expired;
}

int rescan(TM_Elem& list) noexcept {
  timeval now = {};
  (void)fetch_time(&now, nullptr);
  return rescan(list, now);
}

int rescan_to_zero(TM_Elem& list) noexcept {
  const int expired = rescan(list);
  for (TM_Elem* elem = list.Next; elem != &list; elem = elem->Next) {
    if (has_expired(*elem)) elem->TimeLeft = {};
  }
  return expired;
}

TM_Elem* first_expired(TM_Elem& list) noexcept {
  for (TM_Elem* elem = list.Next; elem != &list; elem = elem->Next) {
    if (has_expired(*elem)) return elem;
  }
  return nullptr;
}

TM_Elem* first_timer(TM_Elem& list) noexcept { return list.Next != &list ? list.Next : nullptr; }

}  // namespace lwp
