// SPDX-License-Identifier: MIT
#include "sigsafe/critical.h"

extern "C" {
__thread lwp::ThreadState lwp_thread LWP_TLS = {lwp::critical::kInitialWord, false, nullptr,
                                                nullptr};
}

// The word has a name of its own for programs.
__asm__(
    ".globl lwpx_critical_word\n\t"
    ".type lwpx_critical_word, @tls_object\n\t"
    ".size lwpx_critical_word, 4\n\t"
    ".set lwpx_critical_word, lwp_thread");

namespace lwp::critical {

static_assert(depth_of(kInitialWord) == 0 && level_of(kInitialWord) == 1);
static_assert(depth_of(kDepthUnit - kLevelUnit) == 1 && level_of(kDepthUnit - kLevelUnit) == -1);
static_assert(level_of(-kLevelUnit) == -1 && depth_of(-kLevelUnit) == 0);

}  // namespace lwp::critical
