// SPDX-License-Identifier: MIT
#include "base/module.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

namespace lwp {

namespace {

// /proc/self/maps, whose lines are "BEGIN-END RIGHTS OFFSET DEVICE INODE   PATH".
class Maps {
 public:
  Maps() noexcept : fd_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~Maps() {
    if (fd_ >= 0) close(fd_);
  }
  Maps(const Maps&) = delete;
  Maps& operator=(const Maps&) = delete;

  bool at_end() noexcept { return peek() == kEnd; }

  // The number that begins here, and what follows it.
  std::uintptr_t number(unsigned base) noexcept {
    std::uintptr_t value = 0;
    for (int c = next(); c != kEnd; c = next()) {
      const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
      if (digit < 0 || digit >= static_cast<int>(base)) break;
      value = value * base + static_cast<unsigned>(digit);
    }
    return value;
  }

  void skip_words(int count) noexcept {
    for (int c = 0; count > 0 && c != kEnd; count -= c == ' ') c = next();
  }

  // The last part of the path; goes on to the next line.
  void rest_of_line(Module* module) noexcept {
    while (peek() == ' ') next();
    std::size_t length = 0;
    for (int c = next(); c != '\n' && c != kEnd; c = next()) {
      if (c == '/') {
        length = 0;
      } else if (length + 1 < sizeof module->name) {
        module->name[length++] = static_cast<char>(c);
      }
    }
    module->name[length] = '\0';
  }

 private:
  static constexpr int kEnd = -1;

  int peek() noexcept {
    if (at_ == have_) {
      have_ = fd_ < 0 ? 0 : read(fd_, buffer_, sizeof buffer_);
      at_ = 0;
    }
    return have_ <= 0 ? kEnd : static_cast<unsigned char>(buffer_[at_]);
  }

  int next() noexcept {
    const int c = peek();
    if (c != kEnd) ++at_;
    return c;
  }

  int fd_;
  ssize_t at_ = 0;
  ssize_t have_ = 0;
  char buffer_[512];
};

}  // namespace

Module module_of(std::uintptr_t address) noexcept {
  constexpr int kRightsOffsetDevice = 3;
  Maps maps;
  Module module;
  std::uintptr_t last_inode = 0;
  while (!maps.at_end()) {
    const std::uintptr_t begin = maps.number(16);
    const std::uintptr_t end = maps.number(16);
    maps.skip_words(kRightsOffsetDevice);
    const std::uintptr_t inode = maps.number(10);
    // The mappings of one file follow each other.
    if (inode == 0 || inode != last_inode) module.base = begin;
    last_inode = inode;
    maps.rest_of_line(&module);
    if (address - begin < end - begin) return module;
  }
  return {};
}

}  // namespace lwp
