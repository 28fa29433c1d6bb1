// SPDX-License-Identifier: MIT
#include "iomgr/wake_plan.h"

#include <algorithm>

namespace lwp {

namespace {

constexpr std::int64_t kWindowNs = 80000;
constexpr std::int64_t kAheadNs = 3 * kWindowNs;

}  // namespace

Poller::Until plan_wake(DeadlineQueue& deadlines) noexcept {
  constexpr std::int64_t kSoonNs = 1000000;
  const std::int64_t look = deadlines.next_look();
  if (look == kNever || look > monotonic_ns() + kSoonNs) return {look};
  deadlines.advance(look + kWindowNs);
  const std::int64_t first = deadlines.next_look();
  // Thick and fast: there is no need to look at each.
  const Poller::Until full_windows = {first, first + kWindowNs, first + 2 * kWindowNs};
  constexpr int kMany = 12;
  IoRequest* many[kMany];
  if (deadlines.at_hand_until(first + kWindowNs, many) == kMany) return full_windows;

  constexpr int kRoom = 4 * kMany;
  IoRequest* requests[kRoom];
  deadlines.advance(first + kAheadNs);
  const int count = deadlines.at_hand_until(first + kAheadNs, requests);
  if (count == kRoom) return full_windows;
  std::int64_t times[kRoom];
  for (int i = 0; i < count; ++i) times[i] = requests[i]->deadline;
  std::sort(times, times + count);
  int i = 0;
  const auto wake_after = [&](std::int64_t time) {
    std::int64_t wake = time;
    while (i < count && times[i] <= time + kWindowNs) wake = times[i++];
    return wake;
  };
  const std::int64_t wake = wake_after(first);
  const bool knows_next = i < count && times[i] + kWindowNs <= first + kAheadNs;
  return {first, wake, knows_next ? wake_after(times[i]) : kNever};
}

}  // namespace lwp
