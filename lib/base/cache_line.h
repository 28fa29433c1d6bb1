// SPDX-License-Identifier: MIT
// cache_line.h - what processors load at once, and what kernel threads should not share.
#pragma once

#include <cstddef>

namespace lwp {

constexpr std::size_t kCacheLine = 64;

}  // namespace lwp
