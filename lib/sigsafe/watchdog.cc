// SPDX-License-Identifier: MIT
#include "sigsafe/watchdog.h"

#include "base/clock.h"
#include "sigsafe/doors.h"
#include "sigsafe/zone.h"

namespace lwp {

void count_deferral(Zone& zone, Deferral reason) noexcept {
  zone.counters.count(reason);
  lwp_door_ticks_of_running(&zone)->count(reason);
  if (reason == Deferral::no_rival) zone.watchdog.since_ns = 0;
}

void look_for_stuck(Zone& zone, Deferral reason, std::uintptr_t pc) noexcept {
  Watchdog& dog = zone.watchdog;
  const std::int64_t now = monotonic_ns();
  const unsigned long dispatches = lwp_door_dispatches(&zone);
  if (dog.since_ns == 0 || dog.dispatches != dispatches) {
    dog.since_ns = now;
    dog.dispatches = dispatches;
    dog.reported = false;
    return;
  }
  if (dog.reported || now - dog.since_ns < dog.limit_ns) return;
  dog.reported = true;
  lwp_door_stuck(&zone, reason, pc, now - dog.since_ns);
}

}  // namespace lwp
