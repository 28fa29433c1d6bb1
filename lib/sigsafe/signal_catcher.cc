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
  if (&zone == tls_zone && zone.dozing) arm_ticks(zone);
}

}  // namespace lwp

extern "C" void lwp_on_caught_signal(int signo) {
  using namespace lwp;
  Zone* const zone = owners[signo].load();
  if (zone == nullptr) return;
  const int keep_errno = errno;
  zone->caught_signals.fetch_or(std::uint64_t{1} << (signo - 1), std::memory_order_seq_cst);
  hurry(*zone);
  errno = keep_errno;
}
