// SPDX-License-Identifier: MIT
// wake_plan.h - when the I/O manager, which has nothing to do, is to wake for deadlines.
//
// To sleep and to be woken costs as much as the turns of several LWPs. So a deadline may wait for
// others that follow it closely: as long as it wakes within 100 us all the same, most likely. One
// that is followed by none is not put off.
#pragma once

#include <algorithm>
#include <cstdint>

#include "iomgr/deadline_queue.h"
#include "iomgr/poller.h"

namespace lwp {

// Of so many LWPs at once, the processor can ask for the memory that they will touch.
constexpr int kMostAskedFor = 32;

class WakePlan {
 public:
  // For the deadlines that come next, and the wake-up after that. now: about; what is far off is
  // not planned for. Asks for the memory of those that will wake.
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

  std::int64_t delay_ = 7000;  // ns; nine times out of ten it is no longer
};

}  // namespace lwp
