// SPDX-License-Identifier: MIT
// wake_plan.h - when the I/O manager, which has nothing to do, is to wake for deadlines.
//
// To sleep and to be woken costs as much as the turns of several LWPs. So a deadline may wait for
// others that follow it closely: as long as it wakes within the slack all the same, most likely.
// One that is followed by none is not put off; but by a slack that reaches farther than there is a
// look ahead it is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "iomgr/deadline_queue.h"
#include "iomgr/poller.h"

namespace lwp {

// Of so many LWPs at once, the processor can ask for the memory that they will touch.
constexpr int kMostAskedFor = 32;

class WakePlan {
 public:
  static constexpr std::int64_t kUsualSlack = 100000;  // ns
  static constexpr std::int64_t kMostSlack = kNsPerSecond;

  // How late a deadline may be met.
  void set_slack(std::int64_t ns) noexcept { slack_ = ns; }

  // For the deadlines that come next, and the wake-up after that. now: about; what is far off is
  // put off by wide slacks only. Asks for the memory of those that will wake.
  Poller::Until next(DeadlineQueue& deadlines, std::int64_t now) const noexcept;

  // The manager has woken so much later than planned. A program that is stopped for long now and
  // then is no reason to put off less.
  void note_delay(std::int64_t ns) noexcept {
    constexpr std::int64_t kStep = 50;
    delay_ += ns > delay_ ? 9 * kStep : -kStep;
    delay_ = std::max(kLeastDelay, std::min(delay_, kMostDelay));
  }

 private:
  static constexpr std::int64_t kLeastDelay = 2000;
  static constexpr std::int64_t kMostDelay = 30000;

  std::int64_t slack_ = kUsualSlack;
  std::int64_t delay_ = 7000;  // ns; nine times out of ten it is no longer
};

}  // namespace lwp
