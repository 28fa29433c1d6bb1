// SPDX-License-Identifier: MIT
// signal_catcher.h - Unix signals that IOMGR_Signal asked for: noted here, delivered as events by
// the I/O manager.
//
// Which runtime a signal belongs to is process-wide state, as signal actions are.
#pragma once

#include <unistd.h>

#include "base/attributes.h"
#include "base/own_descriptor.h"
#include "sigsafe/zone.h"

namespace lwp {

// From now on the signal belongs to this runtime, the calling kernel thread's. False if another has
// it. One of a parent's, which is not there in this forked child, loses it: *ret_absent, else null.
bool claim_signal(int signo, Zone& zone, Zone** ret_absent) noexcept;
void disclaim_signal(int signo) noexcept;
// A catcher on another kernel thread may still be using the runtime that has disclaimed it.
bool being_caught(int signo) noexcept;
bool owns_signal(int signo, const Zone& zone) noexcept;

// Something has been noted that only the I/O manager can deliver.
LWP_SIGSAFE inline bool has_caught_something(const Zone& zone) noexcept {
  return zone.caught_signals.load(std::memory_order_relaxed) != 0 || zone.soft_signals.pending();
}

// The runtime, asleep or about to be, is to look again. Sequentially consistent with the
// sleeper, which first says that it will sleep and then looks once more.
LWP_SIGSAFE inline void wake_sleeper(Zone& zone) noexcept {
  if (!zone.sleeping.load(std::memory_order_seq_cst)) return;
  const int fd = zone.wake_fd.load(std::memory_order_relaxed);
  const std::uint64_t one = 1;
  if (!is_own(fd)) return;  // the program has closed it; the sleep that begins notices
  if (write(fd, &one, sizeof one) < 0) return;
}

// After something has been noted: the runtime will deal with it soon, asleep or not.
LWP_SIGSAFE void hurry(Zone& zone) noexcept;

}  // namespace lwp

// To be installed, all other signals blocked, for the signals of IOMGR_Signal.
extern "C" LWP_SIGSAFE void lwp_on_caught_signal(int signo);
