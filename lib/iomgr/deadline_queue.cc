// SPDX-License-Identifier: MIT
#include "iomgr/deadline_queue.h"

#include <algorithm>
#include <functional>

#include "base/prefetch.h"

namespace lwp {

namespace {

void link(DueNode& due, DueNode*& head) noexcept {
  due.next = head;
  due.place = &head;
  if (head != nullptr) head->place = &due.next;
  head = &due;
}

void unlink(DueNode& due) noexcept {
  *due.place = due.next;
  if (due.next != nullptr) due.next->place = due.place;
}

// Makes *ret_earliest no later than what is in the slot that these chains are of: if that is a few,
// the earliest deadline, else the time when the slot begins. Whether there was anything.
bool look_into(const DueNode* const* chains, int count, std::int64_t begin,
               std::int64_t* ret_earliest) noexcept {
  constexpr int kFew = 8;
  int looked_at = 0;
  for (int i = 0; i < count; ++i) {
    for (const DueNode* each = chains[i]; each != nullptr && looked_at < kFew; each = each->next) {
      *ret_earliest = std::min(*ret_earliest, each->deadline);
      ++looked_at;
    }
  }
  if (looked_at == kFew) *ret_earliest = std::min(*ret_earliest, begin);
  return looked_at > 0;
}

// As served_before() has it; the requests themselves lie far apart.
bool due_before(const DueNode& a, const DueNode& b) noexcept {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  return a.request->sequence < b.request->sequence;
}

DueNode* merged(DueNode* a, DueNode* b) noexcept {
  DueNode* first;
  DueNode** end = &first;
  while (a != nullptr && b != nullptr) {
    DueNode*& earlier = due_before(*b, *a) ? b : a;
    *end = earlier;
    end = &earlier->next;
    earlier = earlier->next;
  }
  *end = a != nullptr ? a : b;
  return first;
}

// A merge sort: parts[i] has 2^i of them, sorted, or none.
DueNode* sorted(DueNode* chain) noexcept {
  constexpr int kMost = 32;
  DueNode* parts[kMost];
  int used = 0;
  while (chain != nullptr) {
    DueNode* part = chain;
    chain = chain->next;
    part->next = nullptr;
    int i = 0;
    for (; i < used && parts[i] != nullptr; ++i) {
      part = merged(parts[i], part);
      parts[i] = nullptr;
    }
    if (i == used) ++used;
    parts[i] = part;
  }
  DueNode* all = nullptr;
  for (int i = 0; i < used; ++i) all = merged(parts[i], all);
  return all;
}

}  // namespace

void DeadlineQueue::put(DueNode& due) noexcept {
  const std::int64_t tick = std::max(due.deadline >> kTickBits, tick_);
  if (tick - tick_ >= kNearSlots) return put_far(due, tick);
  const int slot = near_slot(tick);
  link(due, near_[slot]);
  near_marks_.mark(slot);
}

void DeadlineQueue::put_far(DueNode& due, std::int64_t tick) noexcept {
  int level = 0;
  const auto number_of = [&](std::int64_t a_tick) { return a_tick >> tick_bits(level); };
  while (number_of(tick) - number_of(tick_) >= kFarSlots && level < kFarLevels - 1) ++level;
  const Position position = {level, std::min(number_of(tick), number_of(tick_) + kFarSlots - 1)};
  link(due, slot_at(position).chains[next_chain_++ % kChains]);
  levels_[level].marks.mark(position.slot());
  used_levels_ |= 1u << level;
  far_begins_ = std::min(far_begins_, position.tick());
}

// The mark of a far slot that becomes empty by this stays until its turn.
void DeadlineQueue::erase(Pcb& pcb) noexcept {
  LWP_CHECK(contains(pcb));
  --count_;
  DueNode& due = *pcb.due;
  unlink(due);
  const std::less<DueNode* const*> before;
  if (*due.place == nullptr && !before(due.place, near_) && before(due.place, near_ + kNearSlots)) {
    near_marks_.unmark(static_cast<int>(due.place - near_));
  }
  due.place = nullptr;
}

bool DeadlineQueue::find_on(int level, Position* ret_first) const noexcept {
  const SlotMarks<kFarSlots>& marks = levels_[level].marks;
  if (!marks.any()) return false;
  const std::int64_t present = tick_ >> tick_bits(level);
  *ret_first = {level, present + marks.distance_from(static_cast<int>(present & (kFarSlots - 1)))};
  return true;
}

bool DeadlineQueue::find_far(Position* ret_first) const noexcept {
  bool found = false;
  for (unsigned levels = used_levels_; levels != 0; levels &= levels - 1) {
    Position first;
    if (!find_on(__builtin_ctz(levels), &first)) continue;
    if (!found || first.tick() < ret_first->tick()) *ret_first = first;
    found = true;
  }
  return found;
}

void DeadlineQueue::mark_empty(const Position& position) noexcept {
  SlotMarks<kFarSlots>& marks = levels_[position.level].marks;
  marks.unmark(position.slot());
  if (!marks.any()) used_levels_ &= ~(1u << position.level);
}

// At least that many, if there are, and no more than one for each chain beyond that.
void DeadlineQueue::move_down(const Position& position, std::uint64_t most) noexcept {
  Slot& slot = slot_at(position);
  Level& level = levels_[position.level];
  int chains_left = kChains;
  std::uint64_t moved = 0;
  while (chains_left > 0 && moved < most) {
    chains_left = 0;
    for (DueNode*& head : slot.chains) {
      if (head == nullptr) continue;
      DueNode& due = *head;
      unlink(due);
      put(due);
      ++moved;
      chains_left += head != nullptr;  // which is on its way: it has been written to
    }
  }
  level.count += moved;
  if (chains_left > 0) return;
  mark_empty(position);
  level.last_count = level.count;
  level.count = 0;
}

// Of each level, some of those that the one below reaches already: so many that it takes three
// quarters of the time that there is, if as many come as in the last slot.
void DeadlineQueue::move_ahead(std::int64_t ticks) noexcept {
  for (unsigned levels = used_levels_; levels != 0; levels &= levels - 1) {
    Position first;
    if (!find_on(__builtin_ctz(levels), &first)) continue;
    const int bits = tick_bits(first.level);
    if ((first.number + 1) << bits > tick_ + (std::int64_t{2} << bits)) continue;
    const auto share = static_cast<std::uint64_t>(std::min(ticks, std::int64_t{1} << bits));
    const std::uint64_t wanted = share * levels_[first.level].last_count * 4 / 3 >> bits;
    move_down(first, wanted / kChains * kChains + kChains);
  }
}

// Those of a near slot, behind *end; returns the new end.
DueNode** DeadlineQueue::take_slot(int slot, std::int64_t time, DueNode** end) noexcept {
  DueNode* const first = near_[slot];  // mostly the only one
  if (first->next == nullptr && first->deadline <= time) {
    near_[slot] = nullptr;
    near_marks_.unmark(slot);
    first->place = nullptr;
    --count_;
    *end = first;
    return &first->next;
  }
  DueNode* taken = nullptr;
  for (DueNode *due = first, *next; due != nullptr; due = next) {
    next = due->next;
    if (due->deadline > time) continue;
    unlink(*due);
    due->next = taken;
    taken = due;
  }
  if (near_[slot] == nullptr) near_marks_.unmark(slot);
  if (taken != nullptr && taken->next != nullptr) taken = sorted(taken);
  for (; taken != nullptr; taken = taken->next) {
    taken->place = nullptr;
    --count_;
    *end = taken;
    end = &taken->next;
  }
  return end;
}

// Those of all near slots up to that tick, which becomes the present one.
DueNode** DeadlineQueue::take_near(std::int64_t tick, std::int64_t time, DueNode** end) noexcept {
  const std::int64_t ring_ends = tick_ + kNearSlots;
  for (std::int64_t at = tick_; at <= tick && at < ring_ends && near_marks_.any(); at += 64) {
    std::uint64_t marks = near_marks_.next_64(near_slot(at));
    if (tick - at < 63) marks &= (std::uint64_t{2} << (tick - at)) - 1;
    for (; marks != 0; marks &= marks - 1) {
      end = take_slot(near_slot(at + __builtin_ctzll(marks)), time, end);
    }
  }
  tick_ = tick;
  return end;
}

// Those that come within half a millisecond, as far as not asked for before: the next plan looks at
// them. Of each slot the first, as there are rarely more.
void DeadlineQueue::prefetch_ahead() noexcept {
  constexpr std::int64_t kTicks = 63;
  const std::int64_t begin = std::max(prefetched_, tick_);
  prefetched_ = tick_ + kTicks;
  std::uint64_t marks = near_marks_.next_64(near_slot(begin));
  marks &= (std::uint64_t{1} << (prefetched_ - begin)) - 1;
  for (; marks != 0; marks &= marks - 1) {
    prefetch(near_[near_slot(begin + __builtin_ctzll(marks))]);
  }
}

void DeadlineQueue::work_ahead_now() noexcept {
  move_ahead(tick_ - worked_ahead_at_);
  worked_ahead_at_ = tick_;
  prefetch_ahead();
}

DueNode* DeadlineQueue::take_due(std::int64_t tick, std::int64_t time) noexcept {
  DueNode* first;
  DueNode** end = &first;
  while (far_begins_ <= tick + kNearTicks) {
    Position far = {};
    far_begins_ = find_far(&far) ? far.tick() : kNever;
    if (far_begins_ > tick + kNearTicks) break;
    end = take_near(std::max(std::min(tick, far_begins_ - 1), tick_), time, end);
    move_all_down(far);
  }
  end = take_near(tick, time, end);
  constexpr std::int64_t kLongTicks = 4 * kStrideTicks;
  if (tick - worked_ahead_at_ >= kLongTicks) work_ahead_now();
  *end = nullptr;
  nobody_before_ = std::max(nobody_before_, time + 1);
  return first;
}

void DeadlineQueue::look_into_far(std::int64_t* ret_earliest) noexcept {
  for (unsigned levels = used_levels_; levels != 0; levels &= levels - 1) {
    for (Position first; find_on(__builtin_ctz(levels), &first); mark_empty(first)) {
      if (look_into(slot_at(first).chains, kChains, first.tick() << kTickBits, ret_earliest)) break;
    }
  }
}

std::int64_t DeadlineQueue::next_look() noexcept {
  std::int64_t earliest = kNever;
  std::int64_t first = kNever;
  if (near_marks_.any()) {
    first = first_near();
    (void)look_into(&near_[near_slot(first)], 1, first << kTickBits, &earliest);
  }
  if (first >= far_begins_) look_into_far(&earliest);
  nobody_before_ = std::max(nobody_before_, earliest);
  return nobody_before_;
}

}  // namespace lwp
