// SPDX-License-Identifier: MIT
#include "sigsafe/critical.h"

extern "C" {
LWP_EXPORT __thread int lwpx_critical_word LWP_TLS = lwp::critical::kInitialWord;
}

namespace lwp::critical {

__thread bool in_brief_section LWP_TLS = false;

static_assert(depth_of(kInitialWord) == 0 && level_of(kInitialWord) == 1);
static_assert(depth_of(kDepthUnit - kLevelUnit) == 1 && level_of(kDepthUnit - kLevelUnit) == -1);
static_assert(level_of(-kLevelUnit) == -1 && depth_of(-kLevelUnit) == 0);

}  // namespace lwp::critical
