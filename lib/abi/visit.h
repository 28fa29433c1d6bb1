// SPDX-License-Identifier: MIT
// visit.h - what calls that need no LWP share: locks and timers also work before LWP_Init.
#pragma once

#include "abi/abi.h"

namespace lwp {

// The time inside the library, where there may be no LWPs, and a handler may have come in.
class Visit {
 public:
  Visit() noexcept : runtime_(critical::in_library() ? nullptr : this_runtime()) {
    critical::enter_library();
  }
  ~Visit() {
    if (runtime_ != nullptr) {
      leave_library(*runtime_);
    } else {
      critical::leave_library();
    }
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // Null if nobody can wait.
  Runtime* runtime() const noexcept { return runtime_; }

 private:
  Runtime* const runtime_;
};

}  // namespace lwp
