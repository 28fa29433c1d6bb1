// SPDX-License-Identifier: MIT
#include "iomgr/wake_plan.h"

#include <algorithm>

namespace lwp {

namespace {

// The first of a window waits longest: for the manager, and where there are many for some of them.
constexpr std::int64_t kLatestNs = 97000;
constexpr std::int64_t kManyTakeNs = 4000;

}  // namespace

Poller::Until WakePlan::next(DeadlineQueue& deadlines, std::int64_t now) const noexcept {
  constexpr std::int64_t kSoonNs = 1000000;
  constexpr int kMany = 12;  // there is no need to look at each
  const std::int64_t first = deadlines.next_look();
  if (first > now + kSoonNs) return {first};
  const std::int64_t window = kLatestNs - delay_;
  Poller::Until until = {first, first};
  int count = 0;
  std::int64_t next_first = kNever;
  deadlines.look_ahead([&](const DueNode& due) {
    if (due.deadline <= first + window) {
      until.wake = std::max(until.wake, due.deadline);
      prefetch_waiter(due);
      return ++count < kMostAskedFor;
    }
    // The first ones share a slot, which is shorter than a window.
    if (next_first == kNever) until.next = due.deadline;
    next_first = std::min(next_first, due.deadline);
    if (due.deadline > next_first + window) return false;
    until.next = std::max(until.next, due.deadline);
    return true;
  });
  deadlines.work_ahead();  // while that memory is on its way
  if (count < kMany) return until;
  const std::int64_t full_window = window - kManyTakeNs;
  return {first, first + full_window, first + 2 * full_window};
}

}  // namespace lwp
