// SPDX-License-Identifier: MIT
// own_descriptor.h - descriptors that the library opens for itself, among those of the program.
//
// The program closes numbers as it likes, ours too, and then they name files of its own. So our
// files bear a mark, by which a number tells whether it is still ours. [The mark is the signal that
// would announce input, were that asked for: a number that nobody sets on files of such kinds.]
#pragma once

#include <fcntl.h>

#include "base/attributes.h"

namespace lwp {

constexpr int kOwnMark = 64;

LWP_SIGSAFE inline bool is_own(int fd) noexcept { return fcntl(fd, F_GETSIG) == kOwnMark; }

// To be asked of all before any is opened, which may take the number of one that is lost.
inline void forget_if_lost(int& fd) noexcept {
  if (!is_own(fd)) fd = -1;
}

// Opens it; or anew, if it is open: in one step, and under the same number where that can be, as
// others may rely on it, and LWPs may wait for numbers that have been closed and are free. On
// failure it stays as it is.
bool open_own(int& fd, int (*create)()) noexcept;

// If it is still ours.
void close_own(int& fd) noexcept;

}  // namespace lwp
