// SPDX-License-Identifier: MIT
#include "sigsafe/signal_catcher.h"

#include <cerrno>

#include "sigsafe/tick_timer.h"
#include "sigsafe/visitors.h"

namespace lwp {

namespace {

constexpr int kSignals = 65;
std::atomic<Zone*> owners[kSignals];
std::atomic<pid_t> claimed_in[kSignals];  // the process; 0: nobody's, or just being claimed
Visitors visitors[kSignals];              // catchers on other kernel threads than the owner's

// Whether it is news. If not, whoever noted it first has seen to the rest.
LWP_SIGSAFE bool note(Zone& zone, int signo) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << (signo - 1);
  return (zone.caught_signals.fetch_or(bit, std::memory_order_seq_cst) & bit) == 0;
}

LWP_SIGSAFE void note_for_other(int signo) noexcept {
  visitors[signo].enter();
  if (Zone* const zone = owners[signo].load()) {
    const bool news = note(*zone, signo);
    wake_sleeper(*zone);
    // Only once, as arming anew puts the tick off.
    if (news) wake_ticks_of_other(*zone);
  }
  visitors[signo].leave();
}

}  // namespace

bool claim_signal(int signo, Zone& zone, Zone** ret_absent) noexcept {
  const pid_t process = getpid();
  Zone* owner = nullptr;
  *ret_absent = nullptr;
  if (!owners[signo].compare_exchange_strong(owner, &zone)) {
    if (owner == &zone) return true;
    const pid_t before = claimed_in[signo].load();
    // Of the parent's runtimes only one can be here: that of the first kernel thread.
    if (before == 0 || before == process || gettid() != process) return false;
    owners[signo].store(&zone);
    *ret_absent = owner;
  }
  claimed_in[signo].store(process);
  return true;
}

void disclaim_signal(int signo) noexcept {
  claimed_in[signo].store(0);
  owners[signo].store(nullptr);
}

bool being_caught(int signo) noexcept { return visitors[signo].anybody(); }

bool owns_signal(int signo, const Zone& zone) noexcept { return owners[signo].load() == &zone; }

void hurry(Zone& zone) noexcept {
  wake_sleeper(zone);
  // Without a rival the ticks are off; the next one delivers.
  if (&zone == lwp_thread.zone && zone.attention.dozing) arm_ticks(zone);
}

}  // namespace lwp

extern "C" void lwp_on_caught_signal(int signo) {
  using namespace lwp;
  const int keep_errno = errno;
  Zone* const zone = owners[signo].load();
  if (zone == nullptr) return;
  if (zone == lwp_thread.zone) {
    (void)note(*zone, signo);
    hurry(*zone);
  } else {
    note_for_other(signo);
  }
  errno = keep_errno;
}
