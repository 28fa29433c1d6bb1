// SPDX-License-Identifier: MIT
// wake_plan.h - when the I/O manager, which has nothing to do, is to wake for deadlines.
//
// To sleep and to be woken costs as much as the turns of several LWPs. So a deadline may wait up to
// 90 us for others that follow it closely; one that is followed by none is not put off.
#pragma once

#include "iomgr/deadline_queue.h"
#include "iomgr/poller.h"

namespace lwp {

// For the deadlines that come next, and the wake-up after that. now: about; what is far off is not
// planned for.
Poller::Until plan_wake(DeadlineQueue& deadlines, std::int64_t now) noexcept;

}  // namespace lwp
