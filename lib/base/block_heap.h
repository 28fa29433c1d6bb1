// SPDX-License-Identifier: MIT
// block_heap.h - pieces of one block of memory, given out and taken back.
//
// From both ends: large pieces of few sizes are taken from low addresses, everything else from high
// ones, so that what comes and goes at one end leaves no gaps at the other. As many pieces of one
// size as fit at once always fit, whatever has been there before.
//
// Memory:  16 bytes in front of each piece; nothing is written into a piece that is given back.
// Cost:    in proportion to the number of gaps.
// Context: no locking; the caller sees to it that nobody else touches the block.
#pragma once

#include <cstddef>

namespace lwp {

class BlockHeap {
 public:
  // Of each piece beyond its own bytes, rounded up to a multiple of 16.
  static constexpr std::size_t kOverhead = 16;

  void start(void* memory, std::size_t bytes) noexcept;

  // Aligned to 16 bytes. Null if there is no gap that is large enough.
  void* take_low(std::size_t bytes) noexcept;
  void* take_high(std::size_t bytes) noexcept;
  void give_back(void* piece) noexcept;
  std::size_t size_of(const void* piece) const noexcept;

 private:
  struct alignas(kOverhead) Header {
    std::size_t bytes;  // of header and piece
    Header* next;       // the next gap, if this is one
  };

  static char* end_of(Header& header) noexcept {
    return reinterpret_cast<char*>(&header) + header.bytes;
  }

  Header* first_gap_ = nullptr;  // by address; no two touch
};

// --- Memory of a runtime: out of its block, or, if that is null, of the system.

void* take_memory(BlockHeap* block, std::size_t bytes) noexcept;                // as malloc
void* enlarge_memory(BlockHeap* block, void* old, std::size_t bytes) noexcept;  // as realloc
void return_memory(BlockHeap* block, void* memory) noexcept;                    // as free

void* map_memory(BlockHeap* block, std::size_t bytes) noexcept;  // all zero; null if there is none
void unmap_memory(BlockHeap* block, void* memory, std::size_t bytes) noexcept;

}  // namespace lwp
