// SPDX-License-Identifier: MIT
#include "iomgr/wake_plan.h"

#include <algorithm>

namespace lwp {

namespace {

// All of a window's deadlines wake within 100 us, even the first, which waits longest; where there
// are many it waits for some of the others, too.
constexpr std::int64_t kWindowNs = 90000;
constexpr std::int64_t kFullWindowNs = 86000;
constexpr std::int64_t kAheadNs = 3 * kWindowNs;

}  // namespace

Poller::Until plan_wake(DeadlineQueue& deadlines, std::int64_t now) noexcept {
  constexpr std::int64_t kSoonNs = 1000000;
  const std::int64_t look = deadlines.next_look();
  if (look == kNever || look > now + kSoonNs) return {look};
  deadlines.advance(look + kWindowNs);
  const std::int64_t first = deadlines.next_look();
  // Thick and fast: there is no need to look at each.
  const Poller::Until full_windows = {first, first + kFullWindowNs, first + 2 * kFullWindowNs};
  constexpr int kMany = 12;
  DueNode* many[kMany];
  if (deadlines.at_hand_until(first + kWindowNs, many) == kMany) {
    deadlines.prefetch_waiters(full_windows.wake);
    return full_windows;
  }

  constexpr int kRoom = 4 * kMany;
  DueNode* nodes[kRoom];
  deadlines.advance(first + kAheadNs);
  const int count = deadlines.at_hand_until(first + kAheadNs, nodes);
  if (count == kRoom) return full_windows;
  std::int64_t times[kRoom];
  for (int i = 0; i < count; ++i) times[i] = nodes[i]->deadline;
  std::sort(times, times + count);
  int i = 0;
  const auto wake_after = [&](std::int64_t time) {
    std::int64_t wake = time;
    while (i < count && times[i] <= time + kWindowNs) wake = times[i++];
    return wake;
  };
  const std::int64_t wake = wake_after(first);
  deadlines.prefetch_waiters(wake);
  const bool knows_next = i < count && times[i] + kWindowNs <= first + kAheadNs;
  return {first, wake, knows_next ? wake_after(times[i]) : kNever};
}

}  // namespace lwp
