// SPDX-License-Identifier: MIT
#include "iomgr/wake_plan.h"

#include <algorithm>

namespace lwp {

namespace {

// The first of a window waits longest: for the manager, and where there are many for some of them.
constexpr std::int64_t kManagerTakesNs = 3000;
constexpr std::int64_t kManyTakeNs = 4000;

}  // namespace

Poller::Until WakePlan::next(DeadlineQueue& deadlines, std::int64_t now) const noexcept {
  constexpr std::int64_t kSoonNs = 1000000;
  constexpr std::int64_t kLookedAtNs = 400000;  // behind the first, at least
  constexpr int kMany = 12;                     // there is no need to look at each
  const std::int64_t first = deadlines.next_look();
  const std::int64_t window = std::max<std::int64_t>(slack_ - kManagerTakesNs - delay_, 0);
  const bool wide = window > kLookedAtNs;
  if (first == kNever || (first > now + kSoonNs && !wide)) return {first};
  Poller::Until until = {first, first};
  int count = 0;
  std::int64_t next_first = kNever;
  deadlines.look_ahead([&](const DueNode& due) {
    if (due.deadline <= first + window) {
      until.wake = std::max(until.wake, due.deadline);
      prefetch_waiter(due);
      return ++count < kMostAskedFor;
    }
    // The first ones share a slot, which is shorter than most windows.
    if (next_first == kNever) until.next = due.deadline;
    next_first = std::min(next_first, due.deadline);
    if (due.deadline > next_first + window) return false;
    until.next = std::max(until.next, due.deadline);
    return true;
  });
  deadlines.work_ahead();  // while that memory is on its way
  if (count < kMany) return wide ? Poller::Until{first, first + window} : until;
  const std::int64_t full_window = std::max<std::int64_t>(window - kManyTakeNs, 0);
  return {first, first + full_window, first + 2 * full_window};
}

}  // namespace lwp
