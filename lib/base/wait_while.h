// SPDX-License-Identifier: MIT
// wait_while.h - waiting for other kernel threads that are about to get out of the way.
#pragma once

#include <time.h>

namespace lwp {

// Not in signal handlers.
template <typename Condition>
void wait_while(Condition condition) noexcept {
  // Not by yielding: who is waited for may be of a lower real-time priority, and has to get the
  // processor, too.
  constexpr timespec kMoment = {0, 20000};
  while (condition()) nanosleep(&kMoment, nullptr);
}

}  // namespace lwp
