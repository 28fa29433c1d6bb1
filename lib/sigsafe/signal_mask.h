// SPDX-License-Identifier: MIT
// signal_mask.h - whether the program is in a signal handler of its own, or in a section that it
// protects by a mask: an LWP must not be moved there, as what was interrupted may be half done.
//
// The sign of both is a mask other than the one the runtime knows. A mask that stays is taken for
// the program's new normal, but never while the frame of a signal lies on the LWP's stack.
#pragma once

#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/zone.h"

namespace lwp {

// The kernel's form of the calling kernel thread's mask.
LWP_SIGSAFE std::uint64_t present_mask() noexcept;
LWP_SIGSAFE void set_present_mask(std::uint64_t mask) noexcept;

// To be asked once for each tick that might act: `mask` is in force in the code whose stack
// pointer is `stack`, on the running LWP's stack.
LWP_SIGSAFE bool mask_is_foreign(Zone& zone, std::uint64_t mask, std::uintptr_t stack) noexcept;

}  // namespace lwp
