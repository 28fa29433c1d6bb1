// SPDX-License-Identifier: MIT
#include "iomgr/unix_signal.h"

#include <signal.h>

#include "base/wait_while.h"
#include "core/event.h"
#include "iomgr/io_manager.h"
#include "sigsafe/signal_catcher.h"

namespace lwp {

namespace {

bool valid(int signo) noexcept { return signo > 0 && signo < kSignals; }

}  // namespace

Rc signal_as_event(Runtime& runtime, int signo, const void* event) noexcept {
  if (!valid(signo)) return Rc::bad_signal;
  if (event == nullptr) return Rc::bad_event;
  IoManager& io = *runtime.io;
  const bool known = io.signal_event[signo] != nullptr;
  Zone* absent;
  if (!claim_signal(signo, runtime, &absent)) return Rc::system;
  struct sigaction wanted = {};
  wanted.sa_handler = lwp_on_caught_signal;
  sigfillset(&wanted.sa_mask);
  struct sigaction previous;
  if (sigaction(signo, &wanted, &previous) != 0) {
    if (!known) disclaim_signal(signo);
    return Rc::system;
  }
  // If it is known and not ours, the program has set it meanwhile.
  const bool is_ours = previous.sa_handler == lwp_on_caught_signal;
  if (absent != nullptr && is_ours) {
    previous = static_cast<const Runtime*>(absent)->io->previous_action[signo];
  }
  if (!known || !is_ours) io.previous_action[signo] = previous;
  io.signal_event[signo] = event;
  return Rc::success;
}

Rc cancel_signal(Runtime& runtime, int signo) noexcept {
  if (!valid(signo) || runtime.io->signal_event[signo] == nullptr) return Rc::bad_signal;
  sigaction(signo, &runtime.io->previous_action[signo], nullptr);
  disclaim_signal(signo);
  // What they use may be gone soon.
  wait_while([signo]() noexcept { return being_caught(signo); });
  runtime.io->signal_event[signo] = nullptr;
  runtime.caught_signals.fetch_and(~(std::uint64_t{1} << (signo - 1)));
  return Rc::success;
}

void cancel_all_unix_signals(Runtime& runtime) noexcept {
  for (int signo = 1; signo < kSignals; ++signo) (void)cancel_signal(runtime, signo);
}

bool deliver_unix_signals(Runtime& runtime) noexcept {
  if (runtime.caught_signals.load(std::memory_order_relaxed) == 0) return false;
  std::uint64_t caught = runtime.caught_signals.exchange(0);
  bool woke = false;
  while (caught != 0) {
    const int signo = __builtin_ctzll(caught) + 1;
    caught &= caught - 1;
    const void* const event = runtime.io->signal_event[signo];
    if (event != nullptr) woke |= signal_event(runtime, event) == Rc::success;
  }
  return woke;
}

}  // namespace lwp
