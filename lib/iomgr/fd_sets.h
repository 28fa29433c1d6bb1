// SPDX-License-Identifier: MIT
// fd_sets.h - the three sets of select, a word at a time, as most of their bits are clear.
#pragma once

#include <sys/select.h>

#include <cstdint>

namespace lwp {

struct FdSets {
  int count;  // descriptors 0 .. count - 1 are looked at
  fd_set* read;
  fd_set* write;
  fd_set* except;
};

using FdWord = unsigned long;
constexpr int kFdWordBits = 8 * sizeof(FdWord);

// Word number `index` of a set; bits from `count` on are clear.
inline FdWord word_of(const fd_set* set, int index, int count) noexcept {
  if (set == nullptr) return 0;
  const auto word = static_cast<FdWord>(set->fds_bits[index]);
  const int left = count - index * kFdWordBits;
  return left >= kFdWordBits ? word : word & ((FdWord{1} << left) - 1);
}

inline int words_of(int count) noexcept { return (count + kFdWordBits - 1) / kFdWordBits; }

// visit(fd, in_read, in_write, in_except) for each descriptor that is in a set, in order.
template <typename Visit>
void for_each_fd(const FdSets& sets, Visit visit) noexcept {
  for (int i = 0; i < words_of(sets.count); ++i) {
    const FdWord read = word_of(sets.read, i, sets.count);
    const FdWord write = word_of(sets.write, i, sets.count);
    const FdWord except = word_of(sets.except, i, sets.count);
    for (FdWord left = read | write | except; left != 0; left &= left - 1) {
      const FdWord bit = left & -left;
      visit(i * kFdWordBits + __builtin_ctzl(left), (read & bit) != 0, (write & bit) != 0,
            (except & bit) != 0);
    }
  }
}

// select leaves alone what is beyond `count`; here it comes back clear.
inline void copy_set(fd_set& to, const fd_set* from, int count) noexcept {
  FD_ZERO(&to);
  for (int i = 0; i < words_of(count); ++i) {
    to.fds_bits[i] = static_cast<fd_mask>(word_of(from, i, count));
  }
}

}  // namespace lwp
