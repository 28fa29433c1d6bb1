// SPDX-License-Identifier: MIT
#include "sigsafe/tick_handler.h"

#include <preempt/preempt.h>

#include <cerrno>

#include "sigsafe/critical.h"
#include "sigsafe/doors.h"
#include "sigsafe/interrupted.h"
#include "sigsafe/tick_timer.h"

namespace lwp {

namespace {

// A mask that is still there after so many ticks in movable code is not a handler's: the program
// has changed it for good.
constexpr unsigned kTicksToAdoptMask = 16;

LWP_SIGSAFE bool mask_is_foreign(Zone& zone, std::uint64_t mask) noexcept {
  if (mask == zone.known_mask) {
    zone.foreign_mask_ticks = 0;
    return false;
  }
  if (mask != zone.foreign_mask) {
    zone.foreign_mask = mask;
    zone.foreign_mask_ticks = 0;
  }
  if (++zone.foreign_mask_ticks < kTicksToAdoptMask) return true;
  zone.known_mask = mask;
  zone.foreign_mask_ticks = 0;
  return false;
}

LWP_SIGSAFE void tick(Zone& zone, ucontext_t& interrupted) noexcept {
  ++zone.counters.ticks;
  if (!critical::movable()) {
    zone.tick_owed.store(true, std::memory_order_relaxed);
    critical::owe();
    zone.counters.count(Deferral::level);
    return;
  }
  if (PRE_Block != 0) {
    zone.counters.count(Deferral::vetoed);
    return;
  }
  if (!zone.movable_code->contains(interrupted_pc(interrupted))) {
    zone.counters.count(Deferral::code);
    retry_soon(zone);
    return;
  }
  if (interrupted_on_alternate_stack(interrupted)) {
    zone.counters.count(Deferral::stack);
    return;
  }
  if (mask_is_foreign(zone, interrupted_mask(interrupted))) {
    zone.counters.count(Deferral::signal_mask);
    return;
  }
  zone.retry_ns = 0;
  lwp_door_tick(&zone, &interrupted);
}

}  // namespace

}  // namespace lwp

extern "C" void lwp_on_tick(int, siginfo_t*, void* context) {
  lwp::Zone* const zone = lwp::tls_zone;
  if (zone == nullptr || !zone->preempting) return;
  // On the interrupted stack, so it stays right when the door switches to another LWP and back.
  const int keep_errno = errno;
  lwp::tick(*zone, *static_cast<ucontext_t*>(context));
  errno = keep_errno;
}
