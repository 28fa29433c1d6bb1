// SPDX-License-Identifier: MIT
#include "iomgr/wake_plan.h"

#include <algorithm>

namespace lwp {

namespace {

// All of a window's deadlines wake within 100 us, even the first, which waits longest; where there
// are many it waits for some of the others, too.
constexpr std::int64_t kWindowNs = 90000;
constexpr std::int64_t kFullWindowNs = 86000;

}  // namespace

Poller::Until plan_wake(DeadlineQueue& deadlines, std::int64_t now) noexcept {
  constexpr std::int64_t kSoonNs = 1000000;
  constexpr int kMany = 12;  // there is no need to look at each
  const std::int64_t first = deadlines.next_look();
  if (first == kNever || first > now + kSoonNs) return {first};
  Poller::Until until = {first, first};
  int count = 0;
  std::int64_t next_first = kNever;
  deadlines.look_ahead([&](const DueNode& due) {
    if (due.deadline <= first + kWindowNs) {
      until.wake = std::max(until.wake, due.deadline);
      prefetch_waiter(due);
      return ++count < kMostAskedFor;
    }
    // The first ones share a slot, which is shorter than a window.
    if (next_first == kNever) until.next = due.deadline;
    next_first = std::min(next_first, due.deadline);
    if (due.deadline > next_first + kWindowNs) return false;
    until.next = std::max(until.next, due.deadline);
    return true;
  });
  if (count >= kMany) return {first, first + kFullWindowNs, first + 2 * kFullWindowNs};
  return until;
}

}  // namespace lwp
