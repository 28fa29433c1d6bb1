// SPDX-License-Identifier: MIT
// code_range.h - a piece of the address space.
#pragma once

#include <cstdint>

#include "base/attributes.h"

namespace lwp {

struct CodeRange {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;  // one past the last byte

  LWP_SIGSAFE bool contains(std::uintptr_t pc) const noexcept { return pc - begin < end - begin; }
};

}  // namespace lwp
