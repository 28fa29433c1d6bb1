// SPDX-License-Identifier: MIT
#include "preempt/range_set.h"

#include <algorithm>
#include <utility>

namespace lwp {

RangeSet::~RangeSet() { return_memory(block_, ranges_); }

void RangeSet::swap(RangeSet& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(ranges_, other.ranges_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
}

// A change makes at most one range more.
bool RangeSet::make_room() noexcept {
  if (size_ + 1 < capacity_) return true;
  const std::size_t wanted = 2 * size_ + 4;
  void* const memory = enlarge_memory(block_, ranges_, wanted * sizeof(CodeRange));
  if (memory == nullptr) return false;
  ranges_ = static_cast<CodeRange*>(memory);
  capacity_ = wanted;
  return true;
}

bool RangeSet::copy_to(RangeSet& copy) const noexcept {
  copy.size_ = 0;
  for (const CodeRange& range : *this) {
    if (!copy.make_room()) return false;
    copy.append(range);
  }
  return true;
}

bool RangeSet::contains(std::uintptr_t address) const noexcept {
  return std::any_of(begin(), end(),
                     [&](const CodeRange& range) { return range.contains(address); });
}

bool RangeSet::add(const CodeRange& range) noexcept {
  if (!make_room()) return false;
  // Those that meet the new one become part of it.
  CodeRange* const first =
      std::lower_bound(ranges_, ranges_ + size_, range.begin,
                       [](const CodeRange& old, std::uintptr_t begin) { return old.end < begin; });
  CodeRange* last = first;
  CodeRange all = range;
  for (; last != ranges_ + size_ && last->begin <= range.end; ++last) {
    all = {std::min(all.begin, last->begin), std::max(all.end, last->end)};
  }
  if (first == last) {
    std::move_backward(first, ranges_ + size_, ranges_ + size_ + 1);
    ++size_;
  } else {
    std::move(last, ranges_ + size_, first + 1);
    size_ -= static_cast<std::size_t>(last - first) - 1;
  }
  *first = all;
  return true;
}

bool RangeSet::remove(const CodeRange& range) noexcept {
  RangeSet rest(block_);
  for (const CodeRange& old : *this) {
    const CodeRange below = {old.begin, std::min(old.end, range.begin)};
    const CodeRange above = {std::max(old.begin, range.end), old.end};
    if (!rest.make_room()) return false;
    if (below.begin < below.end) rest.append(below);
    if (above.begin < above.end) rest.append(above);
  }
  swap(rest);
  return true;
}

}  // namespace lwp
