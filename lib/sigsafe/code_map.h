// SPDX-License-Identifier: MIT
// code_map.h - the code in which a tick may move an LWP: sorted address ranges, immutable.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

struct CodeRange {
  std::uintptr_t begin;
  std::uintptr_t end;  // one past the last byte

  LWP_SIGSAFE bool contains(std::uintptr_t pc) const noexcept { return pc - begin < end - begin; }
};

struct CodeMap {
  CodeRange library;  // this library's own text: never movable, also where a range covers it
  std::size_t count;
  CodeRange ranges[1];  // `count` of them

  LWP_SIGSAFE bool contains(std::uintptr_t pc) const noexcept {
    if (library.contains(pc)) return false;
    // Few ranges, and the first is the program's: a search would not pay.
    for (std::size_t i = 0; i < count; ++i) {
      if (ranges[i].contains(pc)) return true;
    }
    return false;
  }
};

}  // namespace lwp
