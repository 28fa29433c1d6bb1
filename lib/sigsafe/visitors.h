// SPDX-License-Identifier: MIT
// visitors.h - who is just using, on other kernel threads, something that its owner may take away.
//
// A visitor enters and only then looks whether the thing is there. The owner first makes it
// unavailable and then waits until nobody is left. Both are sequentially consistent, so either the
// visitor finds nothing or the owner waits for it.
//
// The count belongs to one process: in a forked child, where the visitors do not exist, there are
// none. All zero is nobody.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

class Visitors {
 public:
  LWP_SIGSAFE void enter() noexcept {
    const std::uint64_t process = this_process();
    std::uint64_t present = word_.load(std::memory_order_relaxed);
    std::uint64_t next;
    do {
      next = (present & ~kCount) == process ? present + 1 : process + 1;
    } while (!word_.compare_exchange_weak(present, next, std::memory_order_seq_cst));
  }

  LWP_SIGSAFE void leave() noexcept { word_.fetch_sub(1, std::memory_order_release); }

  LWP_SIGSAFE bool anybody() const noexcept {
    const std::uint64_t present = word_.load(std::memory_order_seq_cst);
    return (present & kCount) != 0 && (present & ~kCount) == this_process();
  }

 private:
  static constexpr std::uint64_t kCount = 0xffffffff;

  LWP_SIGSAFE static std::uint64_t this_process() noexcept {
    return static_cast<std::uint64_t>(getpid()) << 32;
  }

  std::atomic<std::uint64_t> word_{0};  // the process and, below, the count
};

}  // namespace lwp
