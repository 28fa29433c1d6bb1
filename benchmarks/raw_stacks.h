// SPDX-License-Identifier: MIT
// raw_stacks.h - stacks for raw contexts, in one mapping.
//
// Their tops are staggered by cache lines, as ours are; without that, 1000 contexts take three
// times as long.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>

namespace bench {

class RawStacks {
 public:
  static constexpr std::size_t kUsable = 32768;  // bytes of each, at least

  explicit RawStacks(std::size_t count) : bytes_(kStack * count) {
    void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) abort();
    madvise(memory, bytes_, MADV_NOHUGEPAGE);
    begin_ = static_cast<char*>(memory);
  }
  ~RawStacks() { munmap(begin_, bytes_); }
  RawStacks(const RawStacks&) = delete;
  RawStacks& operator=(const RawStacks&) = delete;

  char* top(std::size_t i) const {
    constexpr std::size_t kCacheLine = 64;
    return begin_ + (i + 1) * kStack - i % 16 * kCacheLine;
  }

 private:
  static constexpr std::size_t kStack = 65536;

  std::size_t bytes_;
  char* begin_;
};

}  // namespace bench
