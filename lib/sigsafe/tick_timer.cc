// SPDX-License-Identifier: MIT
#include "sigsafe/tick_timer.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "sigsafe/zone.h"

namespace lwp {

namespace {

constexpr std::int64_t kFirstRetryFraction = 8;
// A retry costs a signal and a system call, so it must not come closer than a few of these.
constexpr std::int64_t kShortestRetryNs = 10000;

LWP_SIGSAFE void set(timer_t timer, std::int64_t first_ns, std::int64_t interval_ns) noexcept {
  const itimerspec when = {to_timespec(interval_ns), to_timespec(first_ns)};
  timer_settime(timer, 0, &when, nullptr);
}

}  // namespace

bool has_timers(const Zone& zone) noexcept { return zone.timer_owner == gettid(); }

// The timer ids mean nothing in a forked child, or name timers that it made itself.
bool own_timers(Zone& zone) noexcept {
  if (has_timers(zone)) return true;
  zone.preempting = false;
  zone.attention.dozing = false;
  zone.attention.retrying = false;
  zone.attention.tick_owed.store(false, std::memory_order_relaxed);
  return false;
}

void arm_ticks(Zone& zone) noexcept {
  if (!own_timers(zone)) return;
  __atomic_store_n(&zone.attention.dozing, false, __ATOMIC_RELAXED);
  set(zone.slice_timer, zone.slice_ns, zone.slice_ns);
}

void wake_ticks_of_other(Zone& zone) noexcept {
  if (!__atomic_load_n(&zone.attention.dozing, __ATOMIC_RELAXED)) return;
  zone.timer_visitors.enter();
  // In a forked child the owner's number is no thread of this process, and there are no timers.
  if (__atomic_load_n(&zone.attention.dozing, __ATOMIC_SEQ_CST) &&
      tgkill(getpid(), zone.timer_owner, 0) == 0) {
    set(zone.slice_timer, zone.slice_ns, zone.slice_ns);
  }
  zone.timer_visitors.leave();
}

void doze(Zone& zone) noexcept {
  if (!own_timers(zone)) return;
  set(zone.slice_timer, 0, 0);
  set(zone.retry_timer, 0, 0);
  zone.attention.retrying = false;
  // Who finds it set on another kernel thread uses the timer, which must be the present one.
  __atomic_store_n(&zone.attention.dozing, true, __ATOMIC_RELEASE);
  // Callers look once more; who notes something on another kernel thread looks at `dozing` then.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void retry_soon(Zone& zone) noexcept {
  if (zone.retry_ns == 0) {
    zone.retry_ns = zone.slice_ns / kFirstRetryFraction;
    if (zone.retry_ns < kShortestRetryNs) zone.retry_ns = kShortestRetryNs;
  }
  if (zone.retry_ns >= zone.slice_ns || !own_timers(zone)) return;
  set(zone.retry_timer, zone.retry_ns, 0);
  zone.attention.retrying = true;
  zone.retry_ns *= 2;
}

void stop_retrying(Zone& zone) noexcept {
  zone.attention.retrying = false;
  zone.retry_ns = 0;
  if (own_timers(zone)) set(zone.retry_timer, 0, 0);
}

}  // namespace lwp
