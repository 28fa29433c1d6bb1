// SPDX-License-Identifier: MIT
// fd_text.h - composes a short text and writes it to a descriptor at once: no stdio, no heap.
//
// Context: signal handlers too. What does not fit the buffer goes out in several writes.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace lwp {

class FdText {
 public:
  explicit FdText(int fd) noexcept : fd_(fd) {}

  FdText& operator<<(const char* text) noexcept {
    while (*text != '\0') put(*text++);
    return *this;
  }

  FdText& operator<<(long number) noexcept {
    if (number < 0) put('-');
    const unsigned long magnitude =
        number < 0 ? 0ul - static_cast<unsigned long>(number) : static_cast<unsigned long>(number);
    return digits(magnitude, 10);
  }
  FdText& operator<<(int number) noexcept { return *this << static_cast<long>(number); }

  FdText& operator<<(const void* address) noexcept {
    return (*this << "0x").digits(reinterpret_cast<std::uintptr_t>(address), 16);
  }

  void flush() noexcept {
    std::size_t sent = 0;
    while (sent < used_) {
      const ssize_t n = write(fd_, buffer_ + sent, used_ - sent);
      if (n <= 0) break;  // Nobody to tell.
      sent += static_cast<std::size_t>(n);
    }
    used_ = 0;
  }

 private:
  void put(char c) noexcept {
    if (used_ == sizeof buffer_) flush();
    buffer_[used_++] = c;
  }

  FdText& digits(unsigned long number, unsigned base) noexcept {
    char reversed[24];
    int n = 0;
    do {
      reversed[n++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    while (n > 0) put(reversed[--n]);
    return *this;
  }

  int fd_;
  std::size_t used_ = 0;
  char buffer_[256];
};

}  // namespace lwp
