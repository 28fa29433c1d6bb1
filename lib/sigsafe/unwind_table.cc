// SPDX-License-Identifier: MIT
#include "sigsafe/unwind_table.h"

#include <cstddef>

#include "sigsafe/unwind_program.h"

namespace lwp {

#if defined(__x86_64__)

using namespace unwind;

namespace {

// Encodings of pointers. What compilers emit for x86-64; others are "not known".
constexpr unsigned char kRelative4 = 0x1b;       // to the place itself, 4 bytes, signed
constexpr unsigned char kCount4 = 0x03;          // absolute, 4 bytes
constexpr unsigned char kTableRelative4 = 0x3b;  // to the index, 4 bytes, signed

LWP_SIGSAFE Reader entry_at(const unsigned char* entry) noexcept {
  const auto size = load<std::uint32_t>(entry);
  constexpr std::uint32_t kLong = 0xffffffff;
  return {entry + sizeof size, entry + sizeof size + (size == kLong ? 0 : size)};
}

// What is common to many functions. Leaves `cie` at its instructions.
LWP_SIGSAFE bool read_common(Reader& cie, std::uint64_t& ret_code_unit) noexcept {
  if (cie.take<std::uint32_t>() != 0 || cie.take<unsigned char>() != 1) return false;
  const unsigned char* augmentation = cie.at();
  while (cie.more() && cie.take<char>() != 0) {
  }
  ret_code_unit = cie.take_uleb();
  constexpr unsigned char kMinusEight = 0x78;  // one signed byte of 7 bits
  if (cie.take<unsigned char>() != kMinusEight) return false;
  if (cie.take<unsigned char>() != kReturnAddress) return false;
  if (cie.bad() || *augmentation++ != 'z') return false;
  const std::uint64_t size = cie.take_uleb();
  const unsigned char* const data = cie.skip(size);
  if (data == nullptr) return false;
  Reader reader(data, data + size);
  bool relative = false;
  for (; *augmentation != 0; ++augmentation) {
    const auto encoding = reader.take<unsigned char>();
    if (*augmentation == 'R') {
      relative = encoding == kRelative4;
    } else if (*augmentation == 'P') {
      constexpr unsigned char kSize = 0x07;
      if ((encoding & kSize) != kCount4) return false;
      reader.skip(sizeof(std::uint32_t));
    } else if (*augmentation != 'L') {
      return false;  // a signal frame, or something new
    }
  }
  return relative && !reader.bad();
}

// The entry of the function that contains pc, if any does; else of one before it, or null.
LWP_SIGSAFE const unsigned char* find_entry(const unsigned char* index,
                                            std::uintptr_t pc) noexcept {
  if (index[0] != 1 || index[1] != kRelative4 || index[2] != kCount4 ||
      index[3] != kTableRelative4) {
    return nullptr;
  }
  struct Row {
    std::int32_t function, entry;
  };
  const auto base = reinterpret_cast<std::uintptr_t>(index);
  const unsigned char* const rows = index + 12;
  const auto row_at = [&](std::size_t i) { return load<Row>(rows + i * sizeof(Row)); };
  std::size_t low = 0;
  std::size_t high = load<std::uint32_t>(index + 8);
  while (low < high) {  // the first function after pc
    const std::size_t middle = (low + high) / 2;
    if (base + static_cast<std::uintptr_t>(row_at(middle).function) > pc) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low == 0 ? nullptr : index + row_at(low - 1).entry;
}

// The size of the frame at pc; 0: not known.
LWP_SIGSAFE std::uint64_t frame_size_at(const unsigned char* index, std::uintptr_t pc) noexcept {
  const unsigned char* const entry = find_entry(index, pc);
  if (entry == nullptr) return 0;
  Reader fde = entry_at(entry);
  const unsigned char* const place = fde.at();
  const auto distance = fde.take<std::uint32_t>();
  if (distance == 0) return 0;
  const unsigned char* const function_place = fde.at();
  const unsigned char* const function = function_place + fde.take<std::int32_t>();
  const auto size = fde.take<std::uint32_t>();
  const std::uint64_t inside = pc - reinterpret_cast<std::uintptr_t>(function);
  if (inside >= size) return 0;
  fde.skip(fde.take_uleb());
  Reader cie = entry_at(place - distance);
  std::uint64_t code_unit = 1;
  if (!read_common(cie, code_unit)) return 0;
  FrameSize frame(code_unit);
  if (!frame.follow(cie, 0) || !frame.follow(fde, inside)) return 0;
  return frame.known() && !fde.bad() ? frame.size() : 0;
}

// A word of the stack that belongs to others; the address sanitizer would object.
__attribute__((no_sanitize("address"))) LWP_SIGSAFE std::uintptr_t word_at(
    std::uintptr_t address) noexcept {
  return *reinterpret_cast<const std::uintptr_t*>(address);
}

}  // namespace

bool step_to_caller(const unsigned char* index, CallFrame& frame) noexcept {
  const std::uint64_t size = frame_size_at(index, frame.pc);
  if (size == 0 || frame.stack % kWord != 0) return false;
  const std::uintptr_t stack = frame.stack + size;
  frame = {word_at(stack - kWord) - 1, stack};
  return true;
}

#else

bool step_to_caller(const unsigned char*, CallFrame&) noexcept { return false; }

#endif

}  // namespace lwp
