// SPDX-License-Identifier: MIT
#include "iomgr/deadline_queue.h"

#include <algorithm>

#include "base/prefetch.h"

namespace lwp {

void DeadlineQueue::put(Pcb& pcb, std::int64_t deadline) noexcept {
  const std::int64_t tick = deadline >> kTickBits;
  if (tick <= tick_) {
    // Soon to be woken: asked for before it is needed.
    __builtin_prefetch(&pcb.next, 1);
    __builtin_prefetch(&pcb.node_count, 1);
    heap_.insert(*pcb.io_request);
    return;
  }
  int level = 0;
  int shift = 0;
  while ((tick >> shift) - (tick_ >> shift) >= kSlots && level < kLevels - 1) {
    ++level;
    shift += kStepBits;
  }
  const Position position = {level, std::min(tick >> shift, (tick_ >> shift) + kSlots - 1)};
  Pcb*& head = slot_at(position).chains[next_chain_++ % kChains];
  pcb.due = {head, &head, deadline};
  if (head != nullptr) head->due.place = &pcb.due.next;
  head = &pcb;
  levels_[level].used[position.slot() / 64] |= std::uint64_t{1} << position.slot() % 64;
  used_levels_ |= 1u << level;
}

// The marks of a slot that becomes empty by this stay until its turn.
void DeadlineQueue::erase(IoRequest& request) noexcept {
  LWP_CHECK(contains(request));
  --count_;
  DueNode& due = request.waiter->due;
  if (due.place == nullptr) {
    heap_.erase(request);
    return;
  }
  *due.place = due.next;
  if (due.next != nullptr) due.next->due.place = due.place;
  due.place = nullptr;
}

// The first slot in use, looking round the ring from the present one.
bool DeadlineQueue::find_on(int level, Position* ret_first) const noexcept {
  const std::uint64_t(&used)[kWords] = levels_[level].used;
  const std::int64_t present = tick_ >> (level * kStepBits);
  const int begin = static_cast<int>(present & (kSlots - 1));
  std::uint64_t bits = used[begin / 64] >> begin % 64 << begin % 64;
  for (int i = 0; i <= kWords; ++i) {
    const int word = (begin / 64 + i) % kWords;
    if (i > 0) bits = used[word];
    if (bits == 0) continue;
    const int slot = word * 64 + __builtin_ctzll(bits);
    *ret_first = {level, present + ((slot - begin) & (kSlots - 1))};
    return true;
  }
  return false;
}

bool DeadlineQueue::find_first(Position* ret_first) const noexcept {
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
  std::uint64_t(&used)[kWords] = levels_[position.level].used;
  used[position.slot() / 64] &= ~(std::uint64_t{1} << position.slot() % 64);
  const bool any = std::any_of(used, used + kWords, [](auto word) { return word != 0; });
  if (!any) used_levels_ &= ~(1u << position.level);
}

// At least that many, if there are, and no more than one for each chain beyond that.
void DeadlineQueue::move_down(const Position& position, std::uint64_t most) noexcept {
  Slot& slot = slot_at(position);
  Level& level = levels_[position.level];
  int chains_left = kChains;
  std::uint64_t moved = 0;
  while (chains_left > 0 && moved < most) {
    chains_left = 0;
    for (Pcb*& head : slot.chains) {
      if (head == nullptr) continue;
      Pcb& pcb = *head;
      head = pcb.due.next;
      if (head != nullptr) {
        head->due.place = &head;
        ++chains_left;
      }
      pcb.due.place = nullptr;
      put(pcb, pcb.due.deadline);
      ++moved;
    }
  }
  level.count += moved;
  if (chains_left > 0) return;
  mark_empty(position);
  level.last_count = level.count;
  level.count = 0;
}

// Of each level, some of those that the one below reaches already: so many that it takes a part of
// the time that there is, if as many come as in the last slot.
void DeadlineQueue::move_ahead(std::int64_t ticks) noexcept {
  for (unsigned levels = used_levels_ & ~1u; levels != 0; levels &= levels - 1) {
    Position first;
    if (!find_on(__builtin_ctz(levels), &first)) continue;
    const std::int64_t below = tick_ >> ((first.level - 1) * kStepBits);
    if (((first.number + 1) << kStepBits) - below > kSlots) continue;
    Level& level = levels_[first.level];
    move_down(first, static_cast<std::uint64_t>(ticks) * (kChains + level.last_count / 32));
    prefetch_slot(first);
  }
}

void DeadlineQueue::prefetch_slot(const Position& position) const noexcept {
  for (const Pcb* each : levels_[position.level].slots[position.slot()].chains) {
    if (each != nullptr) prefetch(&each->due);
  }
}

void DeadlineQueue::turn_to(std::int64_t tick) noexcept {
  const std::int64_t ticks = std::min<std::int64_t>(tick - tick_, kSlots);
  for (Position first; find_first(&first) && first.tick() <= tick;) {
    tick_ = std::max(tick_, first.tick());
    move_all_down(first);
  }
  tick_ = tick;
  move_ahead(ticks);
  for (int i = 1; i <= 3; ++i) prefetch_slot({0, tick_ + i});
}

// Makes *ret_earliest no later than what is in the slot. Whether there is anything.
bool DeadlineQueue::look_into(const Position& position, std::int64_t* ret_earliest) noexcept {
  constexpr int kFew = 8;
  int looked_at = 0;
  for (const Pcb* each : slot_at(position).chains) {
    for (; each != nullptr && looked_at < kFew; each = each->due.next, ++looked_at) {
      *ret_earliest = std::min(*ret_earliest, each->due.deadline);
    }
  }
  if (looked_at == kFew) *ret_earliest = std::min(*ret_earliest, position.tick() << kTickBits);
  return looked_at > 0;
}

std::int64_t DeadlineQueue::next_look() noexcept {
  if (!heap_.empty()) return heap_.front()->deadline;
  std::int64_t earliest = kNever;
  for (unsigned levels = used_levels_; levels != 0; levels &= levels - 1) {
    for (Position first; find_on(__builtin_ctz(levels), &first); mark_empty(first)) {
      if (look_into(first, &earliest)) break;
    }
  }
  return earliest;
}

}  // namespace lwp
