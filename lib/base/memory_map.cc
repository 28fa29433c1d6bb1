// SPDX-License-Identifier: MIT
#include "base/memory_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

namespace lwp {

namespace {

constexpr int kEnd = -1;

}  // namespace

MemoryMap::MemoryMap() noexcept : fd_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}

MemoryMap::~MemoryMap() {
  if (fd_ >= 0) close(fd_);
}

// A line is "BEGIN-END RIGHTS OFFSET DEVICE INODE   PATH".
bool MemoryMap::next(Mapping* ret_mapping) noexcept {
  constexpr int kRightsOffsetDevice = 3;
  if (peek() == kEnd) return false;
  ret_mapping->begin = take_number(16);
  ret_mapping->end = take_number(16);
  skip_words(kRightsOffsetDevice);
  ret_mapping->inode = take_number(10);
  take_name(ret_mapping);
  return true;
}

int MemoryMap::peek() noexcept {
  if (at_ == have_) {
    have_ = fd_ < 0 ? 0 : read(fd_, buffer_, sizeof buffer_);
    at_ = 0;
  }
  return have_ <= 0 ? kEnd : static_cast<unsigned char>(buffer_[at_]);
}

int MemoryMap::take() noexcept {
  const int c = peek();
  if (c != kEnd) ++at_;
  return c;
}

// And what follows it.
std::uintptr_t MemoryMap::take_number(unsigned base) noexcept {
  std::uintptr_t value = 0;
  for (int c = take(); c != kEnd; c = take()) {
    const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    if (digit < 0 || digit >= static_cast<int>(base)) break;
    value = value * base + static_cast<unsigned>(digit);
  }
  return value;
}

void MemoryMap::skip_words(int count) noexcept {
  for (int c = 0; count > 0 && c != kEnd; count -= c == ' ') c = take();
}

// Goes on to the next line.
void MemoryMap::take_name(Mapping* ret_mapping) noexcept {
  while (peek() == ' ') take();
  std::size_t length = 0;
  for (int c = take(); c != '\n' && c != kEnd; c = take()) {
    if (c == '/') {
      length = 0;
    } else if (length + 1 < sizeof ret_mapping->name) {
      ret_mapping->name[length++] = static_cast<char>(c);
    }
  }
  ret_mapping->name[length] = '\0';
}

}  // namespace lwp
