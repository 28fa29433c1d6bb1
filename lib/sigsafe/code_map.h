// SPDX-License-Identifier: MIT
// code_map.h - the code in which a tick may move an LWP: sorted address ranges, immutable.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/blocking_call.h"
#include "sigsafe/code_range.h"

namespace lwp {

struct CodeMap {
  CodeRange library;    // this library's own text: never movable, also where a range covers it
  BlockingCalls calls;  // where an LWP may be moved although that is not movable code
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
