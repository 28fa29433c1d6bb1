// SPDX-License-Identifier: MIT
// memory_map.h - what lies where in the memory of this process, one mapping after the other.
//
// Context: signal handlers too: system calls only, some of which change errno. No heap.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace lwp {

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::uintptr_t inode = 0;  // of the file that is mapped there; 0: none
  char name[64] = "";        // last part of its path, cut to fit
};

// Reads /proc/self/maps, in order of addresses.
class MemoryMap {
 public:
  MemoryMap() noexcept;
  ~MemoryMap();
  MemoryMap(const MemoryMap&) = delete;
  MemoryMap& operator=(const MemoryMap&) = delete;

  // False at the end.
  bool next(Mapping* ret_mapping) noexcept;

 private:
  int peek() noexcept;
  int take() noexcept;
  std::uintptr_t take_number(unsigned base) noexcept;
  void skip_words(int count) noexcept;
  void take_name(Mapping* ret_mapping) noexcept;

  const int fd_;
  ssize_t at_ = 0;
  ssize_t have_ = 0;
  char buffer_[512];
};

}  // namespace lwp
