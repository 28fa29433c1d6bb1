// SPDX-License-Identifier: MIT
#include "iomgr/deadline_queue.h"

#include <algorithm>

#include "base/cache_line.h"
#include "base/prefetch.h"

namespace lwp {

void DeadlineQueue::put(DueNode& due) noexcept {
  const std::int64_t tick = due.deadline >> kTickBits;
  if (tick <= tick_) {
    due.heap = {};
    heap_.insert(due);
    return;
  }
  int level = 0;
  int shift = 0;
  while ((tick >> shift) - (tick_ >> shift) >= kSlots && level < kLevels - 1) {
    ++level;
    shift += kStepBits;
  }
  const Position position = {level, std::min(tick >> shift, (tick_ >> shift) + kSlots - 1)};
  DueNode*& head = slot_at(position).chains[next_chain_++ % kChains];
  due.chain = {head, &head};
  if (head != nullptr) head->chain.place = &due.chain.next;
  head = &due;
  levels_[level].used[position.slot() / 64] |= std::uint64_t{1} << position.slot() % 64;
  used_levels_ |= 1u << level;
}

// The marks of a slot that becomes empty by this stay until its turn.
void DeadlineQueue::erase(Pcb& pcb) noexcept {
  LWP_CHECK(contains(pcb));
  --count_;
  DueNode& due = *pcb.due;
  if (due.deadline >> kTickBits <= tick_) {
    heap_.erase(due);
  } else {
    *due.chain.place = due.chain.next;
    if (due.chain.next != nullptr) due.chain.next->chain.place = due.chain.place;
  }
  due.request = nullptr;
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
    for (DueNode*& head : slot.chains) {
      if (head == nullptr) continue;
      DueNode& due = *head;
      head = due.chain.next;
      if (head != nullptr) {
        head->chain.place = &head;
        ++chains_left;
      }
      put(due);
      ++moved;
    }
  }
  level.count += moved;
  if (chains_left > 0) return;
  mark_empty(position);
  level.last_count = level.count;
  level.count = 0;
}

// Of each level, some of those that the one below reaches already: so many that it takes half of
// the time that there is, if as many come as in the last slot.
void DeadlineQueue::move_ahead(std::int64_t ticks) noexcept {
  for (unsigned levels = used_levels_ & ~1u; levels != 0; levels &= levels - 1) {
    Position first;
    if (!find_on(__builtin_ctz(levels), &first)) continue;
    const std::int64_t below = tick_ >> ((first.level - 1) * kStepBits);
    if (((first.number + 1) << kStepBits) - below > kSlots) continue;
    Level& level = levels_[first.level];
    const int half_slot_bits = first.level * kStepBits - 1;  // of ticks
    const std::uint64_t each_tick = kChains + (level.last_count >> half_slot_bits);
    move_down(first, static_cast<std::uint64_t>(ticks) * each_tick);
    prefetch_slot(first);
  }
}

void DeadlineQueue::prefetch_slot(const Position& position) const noexcept {
  for (const DueNode* each : levels_[position.level].slots[position.slot()].chains) {
    if (each != nullptr) prefetch(each);
  }
}

// The request lies in the frames that the LWP returns through when it runs again.
void DeadlineQueue::prefetch_waiters(std::int64_t time) const noexcept {
  constexpr int kSome = 32;
  constexpr std::size_t kBelow = 2 * kCacheLine;  // what the switch has saved
  constexpr std::size_t kFrames = 6 * kCacheLine;
  DueNode* nodes[kSome];
  const int count = at_hand_until(time, nodes);
  for (int i = 0; i < count; ++i) {
    const Pcb& pcb = *nodes[i]->pcb;
    prefetch(&pcb.next);
    prefetch(&pcb.node_count);
    const char* const begin = reinterpret_cast<const char*>(nodes[i]->request) - kBelow;
    for (std::size_t at = 0; at < kFrames; at += kCacheLine) prefetch(begin + at);
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
  for (const DueNode* each : slot_at(position).chains) {
    for (; each != nullptr && looked_at < kFew; each = each->chain.next, ++looked_at) {
      *ret_earliest = std::min(*ret_earliest, each->deadline);
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
