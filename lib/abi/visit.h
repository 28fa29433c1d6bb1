// SPDX-License-Identifier: MIT
// visit.h - what calls that need no LWP share: locks and timers also work before LWP_Init.
#pragma once

#include "abi/abi.h"

namespace lwp {

// The time inside the library, where there may be no LWPs, and a handler may have come in.
class Visit {
 public:
  Visit() noexcept : nested_(critical::in_library()), runtime_(nested_ ? nullptr : this_runtime()) {
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

  // A handler has interrupted the library, which may be in the middle of a change.
  bool is_nested() const noexcept { return nested_; }

  // Null if nobody can wait.
  Runtime* runtime() const noexcept { return runtime_; }

 private:
  const bool nested_;
  Runtime* const runtime_;
};

}  // namespace lwp
