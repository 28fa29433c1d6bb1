// SPDX-License-Identifier: MIT
#include "sigsafe/signal_catcher.h"

#include <cerrno>

#include "sigsafe/tick_timer.h"

namespace lwp {

namespace {

constexpr int kSignals = 65;
std::atomic<Zone*> owners[kSignals];

}  // namespace

bool claim_signal(int signo, Zone& zone) noexcept {
  Zone* expected = nullptr;
  return owners[signo].compare_exchange_strong(expected, &zone) || expected == &zone;
}

void disclaim_signal(int signo) noexcept { owners[signo].store(nullptr); }

bool owns_signal(int signo, const Zone& zone) noexcept { return owners[signo].load() == &zone; }

void hurry(Zone& zone) noexcept {
  wake_sleeper(zone);
  // Without a rival the ticks are off; the next one delivers.
  if (&zone == lwp_thread.zone && zone.attention.dozing) arm_ticks(zone);
}

}  // namespace lwp

extern "C" void lwp_on_caught_signal(int signo) {
  using namespace lwp;
  Zone* const zone = owners[signo].load();
  if (zone == nullptr) return;
  const int keep_errno = errno;
  const std::uint64_t bit = std::uint64_t{1} << (signo - 1);
  const bool known = (zone->caught_signals.fetch_or(bit, std::memory_order_seq_cst) & bit) != 0;
  hurry(*zone);
  // Only once, as arming anew puts the tick off.
  if (!known && zone != lwp_thread.zone && __atomic_load_n(&zone->attention.dozing, __ATOMIC_RELAXED)) {
    arm_ticks_of_other(*zone);
  }
  errno = keep_errno;
}
