// SPDX-License-Identifier: MIT
// wake_plan.h - when the I/O manager, which has nothing to do, is to wake for deadlines.
//
// To sleep and to be woken costs as much as the turns of several LWPs. So a deadline may wait up to
// 90 us for others that follow it closely; one that is followed by none is not put off.
#pragma once

#include "iomgr/deadline_queue.h"
#include "iomgr/poller.h"

namespace lwp {

// Of so many LWPs at once, the processor can ask for the memory that they will touch.
constexpr int kMostAskedFor = 32;

// For the deadlines that come next, and the wake-up after that. now: about; what is far off is not
// planned for. Asks for the memory of those that will wake.
Poller::Until plan_wake(DeadlineQueue& deadlines, std::int64_t now) noexcept;

}  // namespace lwp
