// SPDX-License-Identifier: MIT
// prefetch.h - asking for memory, to be written soon, before it is needed.
#pragma once

#include "base/attributes.h"

namespace lwp {

// Into which cache, as __builtin_prefetch counts them.
constexpr int kNearCache = 3;
constexpr int kMiddleCache = 2;

// The address may be anything.
template <int kCache = kNearCache>
LWP_ALWAYS_INLINE void prefetch(const void* address) noexcept {
  __builtin_prefetch(address, 1, kCache);
  // GCC takes a function that does nothing else for one that has no effect, and drops its calls.
  __asm__ __volatile__("");
}

}  // namespace lwp
