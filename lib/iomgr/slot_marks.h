// SPDX-License-Identifier: MIT
// slot_marks.h - which slots of a ring may hold something.
#pragma once

#include <cstdint>

namespace lwp {

template <int kSlots>
class SlotMarks {
 public:
  bool any() const noexcept { return used_words_ != 0; }

  void mark(int slot) noexcept {
    words_[slot / 64] |= bit(slot % 64);
    used_words_ |= bit(slot / 64);
  }
  void unmark(int slot) noexcept {
    words_[slot / 64] &= ~bit(slot % 64);
    if (words_[slot / 64] == 0) used_words_ &= ~bit(slot / 64);
  }

  // How far it is round the ring from `begin` to the first that is marked. There is one.
  int distance_from(int begin) const noexcept {
    const int word = begin / 64;
    const std::uint64_t rest = words_[word] >> begin % 64;
    if (rest != 0) return __builtin_ctzll(rest);
    const std::uint64_t behind = used_words_ >> word >> 1;
    const int next =
        behind != 0 ? word + 1 + __builtin_ctzll(behind) : __builtin_ctzll(used_words_);
    return (next * 64 + __builtin_ctzll(words_[next]) - begin) & (kSlots - 1);
  }

  // Of 64 slots from `begin` round the ring, the lowest bit for the first.
  std::uint64_t next_64(int begin) const noexcept {
    const int word = begin / 64;
    const std::uint64_t here = words_[word] >> begin % 64;
    return begin % 64 == 0 ? here : here | words_[(word + 1) % kWords] << (64 - begin % 64);
  }

 private:
  static constexpr int kWords = kSlots / 64;
  static_assert(kWords > 1 && kWords <= 64 && (kSlots & (kSlots - 1)) == 0);

  static constexpr std::uint64_t bit(int number) noexcept { return std::uint64_t{1} << number; }

  std::uint64_t words_[kWords] = {};
  std::uint64_t used_words_ = 0;  // a bit for each that is not zero
};

}  // namespace lwp
