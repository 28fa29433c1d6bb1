// SPDX-License-Identifier: MIT
// range_set.h - a set of addresses: ranges in order that neither meet nor overlap.
//
// Memory: one piece of the block that it was made with, or of the heap. Changing may need a new
// one; if there is none, nothing changes.
#pragma once

#include <cstddef>

#include "base/block_heap.h"
#include "sigsafe/code_range.h"

namespace lwp {

class RangeSet {
 public:
  explicit RangeSet(BlockHeap* block = nullptr) noexcept : block_(block) {}
  ~RangeSet();
  RangeSet(RangeSet&& other) noexcept : block_(other.block_) { swap(other); }
  RangeSet& operator=(RangeSet&& other) noexcept {
    swap(other);
    return *this;
  }

  // False: out of memory.
  bool add(const CodeRange& range) noexcept;
  bool remove(const CodeRange& range) noexcept;
  bool copy_to(RangeSet& copy) const noexcept;

  bool contains(std::uintptr_t address) const noexcept;
  std::size_t size() const noexcept { return size_; }
  const CodeRange* begin() const noexcept { return ranges_; }
  const CodeRange* end() const noexcept { return ranges_ + size_; }

 private:
  void swap(RangeSet& other) noexcept;
  bool make_room() noexcept;
  void append(const CodeRange& range) noexcept { ranges_[size_++] = range; }

  BlockHeap* block_;
  CodeRange* ranges_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace lwp
