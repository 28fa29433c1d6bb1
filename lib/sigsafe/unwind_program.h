// SPDX-License-Identifier: MIT
// unwind_program.h - the little programs in an unwind table (DWARF call frame instructions), as far
// as they tell the size of a frame of x86-64 code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/attributes.h"

namespace lwp::unwind {

constexpr unsigned kStackPointer = 7;  // registers by their numbers in the table
constexpr unsigned kReturnAddress = 16;
constexpr std::size_t kWord = sizeof(std::uintptr_t);
constexpr std::uint64_t kLargestFrame = 1 << 16;

template <typename T>
LWP_SIGSAFE inline T load(const unsigned char* at) noexcept {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

// Reads on from a place; past the end of its bytes it yields zeros and is bad.
class Reader {
 public:
  LWP_SIGSAFE Reader(const unsigned char* begin, const unsigned char* end) noexcept
      : at_(begin), end_(end) {}

  template <typename T>
  LWP_SIGSAFE T take() noexcept {
    T value{};
    if (const unsigned char* const from = skip(sizeof value)) value = load<T>(from);
    return value;
  }

  // Returns the place before, or null if there are not so many bytes.
  LWP_SIGSAFE const unsigned char* skip(std::uint64_t size) noexcept {
    if (size > static_cast<std::uint64_t>(end_ - at_)) {
      bad_ = true;
      at_ = end_;
      return nullptr;
    }
    const unsigned char* const from = at_;
    at_ += size;
    return from;
  }

  LWP_SIGSAFE std::uint64_t take_uleb() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take<unsigned char>();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    bad_ = true;
    return 0;
  }

  LWP_SIGSAFE const unsigned char* at() const noexcept { return at_; }
  LWP_SIGSAFE bool more() const noexcept { return at_ < end_; }
  LWP_SIGSAFE bool bad() const noexcept { return bad_; }

 private:
  const unsigned char* at_;
  const unsigned char* end_;
  bool bad_ = false;
};

// The size of a function's frame, return address included, from its entry on.
class FrameSize {
 public:
  LWP_SIGSAFE explicit FrameSize(std::uint64_t code_unit) noexcept : code_unit_(code_unit) {}

  // Follows the instructions as far as they concern the first `distance` bytes of the function.
  LWP_SIGSAFE bool follow(Reader& program, std::uint64_t distance) noexcept {
    std::uint64_t here = 0;
    while (program.more()) {
      if (!step(program, here)) return false;
      if (here > distance) break;
      now_ = next_;
    }
    return !program.bad();
  }

  LWP_SIGSAFE bool known() const noexcept {
    return now_.by_stack_pointer && now_.size >= kWord && now_.size <= kLargestFrame &&
           now_.size % kWord == 0;
  }
  LWP_SIGSAFE std::uint64_t size() const noexcept { return now_.size; }

 private:
  struct State {
    std::uint64_t size = 0;
    bool by_stack_pointer = false;
  };
  static constexpr unsigned kDepth = 8;

  // One instruction: what holds from `here` on is in next_.
  LWP_SIGSAFE bool step(Reader& program, std::uint64_t& here) noexcept {
    enum : unsigned char {
      kNop = 0x00,
      kAdvance1 = 0x02,
      kAdvance2 = 0x03,
      kAdvance4 = 0x04,
      kOffsetExtended = 0x05,
      kRestoreExtended = 0x06,
      kRemember = 0x0a,
      kRestoreState = 0x0b,
      kDefine = 0x0c,
      kDefineRegister = 0x0d,
      kDefineOffset = 0x0e,
      kArgsSize = 0x2e,
      kAdvance = 1,
      kOffset = 2,
      kRestore = 3,  // in the upper two bits
    };
    const auto code = program.take<unsigned char>();
    const unsigned char low = code & 0x3f;
    switch (code >> 6) {
      case kAdvance:
        here += low * code_unit_;
        return true;
      case kOffset:
        return saved(low, program.take_uleb());
      case kRestore:
        return low != kReturnAddress;
      default:
        break;
    }
    switch (code) {
      case kNop:
        return true;
      case kAdvance1:
        here += program.take<std::uint8_t>() * code_unit_;
        return true;
      case kAdvance2:
        here += program.take<std::uint16_t>() * code_unit_;
        return true;
      case kAdvance4:
        here += program.take<std::uint32_t>() * code_unit_;
        return true;
      case kOffsetExtended: {
        const std::uint64_t reg = program.take_uleb();
        return saved(reg, program.take_uleb());
      }
      case kRestoreExtended:
        return program.take_uleb() != kReturnAddress;
      case kRemember:
        if (depth_ == kDepth) return false;
        remembered_[depth_++] = next_;
        return true;
      case kRestoreState:
        if (depth_ == 0) return false;
        next_ = remembered_[--depth_];
        return true;
      case kDefine:
        next_.by_stack_pointer = program.take_uleb() == kStackPointer;
        next_.size = program.take_uleb();
        return true;
      case kDefineRegister:
        next_.by_stack_pointer = program.take_uleb() == kStackPointer;
        return true;
      case kDefineOffset:
        next_.size = program.take_uleb();
        return true;
      case kArgsSize:
        program.take_uleb();
        return true;
      default:
        return false;
    }
  }

  // Only the usual place for the return address, just below the caller's frame.
  LWP_SIGSAFE static bool saved(std::uint64_t reg, std::uint64_t words_below) noexcept {
    return reg != kReturnAddress || words_below == 1;
  }

  const std::uint64_t code_unit_;
  State now_, next_;
  State remembered_[kDepth];
  unsigned depth_ = 0;
};

}  // namespace lwp::unwind
