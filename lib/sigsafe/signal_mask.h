// SPDX-License-Identifier: MIT
// signal_mask.h - whether the program is in a signal handler of its own, or in a section that it
// protects by a mask: an LWP must not be moved there, as what was interrupted may be half done.
//
// The sign of both is a mask other than the one the runtime knows; a handler also lacks the mark of
// LWPs (handler_mark.h). A mask that stays is taken for the program's new normal, and code that
// lacks the mark for an LWP's, but never while it may be a handler's: while the frame of a signal
// lies on the LWP's stack.
#pragma once

#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/zone.h"

namespace lwp {

// The kernel's form of the calling kernel thread's mask.
LWP_SIGSAFE std::uint64_t present_mask() noexcept;
LWP_SIGSAFE void set_present_mask(std::uint64_t mask) noexcept;

// Code on the running LWP's stack.
struct CodeState {
  std::uint64_t mask;
  bool marked;
  std::uintptr_t stack;  // its stack pointer
};

// To be asked once for each tick that might act. Where `code.marked` becomes true, the code turned
// out to be an LWP's that has lost its mark, and is to be given it.
LWP_SIGSAFE bool is_held_off(Zone& zone, CodeState& code) noexcept;

}  // namespace lwp
