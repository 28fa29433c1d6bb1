// SPDX-License-Identifier: MIT
// fork_sentinel.h - tells a forked child from the process it came from, without a system call.
//
// A page that the kernel wipes in the child. Where it can not, the child is told by its number.
// Memory: one page per sentinel, or none: then every look is a system call.
#pragma once

#include <sys/types.h>

#include "base/attributes.h"

namespace lwp {

class ForkSentinel {
 public:
  bool start(bool may_map) noexcept;
  void stop() noexcept;

  // Since start() or the last call that said true, this process was forked off.
  bool forked() noexcept { return LWP_UNLIKELY(!wiped_on_fork_ || *page_ == 0) && is_other(); }

 private:
  bool is_other() noexcept;

  pid_t* page_ = nullptr;  // holds the process's number; 0 in a child
  bool wiped_on_fork_ = false;
  pid_t own_ = 0;  // stands in for the page
};

}  // namespace lwp
