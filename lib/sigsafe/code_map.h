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
    std::size_t low = 0;
    std::size_t high = count;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (ranges[middle].end <= pc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < count && ranges[low].contains(pc);
  }

  // No code is movable, by the program's own choice.
  LWP_SIGSAFE bool empty() const noexcept { return count == 0; }
};

}  // namespace lwp
