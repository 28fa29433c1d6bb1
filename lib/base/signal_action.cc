// SPDX-License-Identifier: MIT
#include "base/signal_action.h"

#include <sched.h>
#include <unistd.h>

#include <initializer_list>

namespace lwp {

// In a forked child the holder may be a thread of the parent, which never lets go.
void SharedSignalAction::lock() noexcept {
  const pid_t self = getpid();
  for (;;) {
    pid_t holder = 0;
    if (locked_by_.compare_exchange_strong(holder, self, std::memory_order_acquire)) break;
    if (holder != self &&
        locked_by_.compare_exchange_strong(holder, self, std::memory_order_acquire)) {
      break;
    }
    sched_yield();
  }
  if (children_ == Children::count_anew && counted_in_ != self) users_ = 0;
  if (counted_in_ == 0 || children_ == Children::count_anew) counted_in_ = self;
}

bool SharedSignalAction::install(int signo) noexcept {
  struct sigaction present = {};
  if (sigaction(signo, nullptr, &present) != 0) return false;
  if (standing_ && signo == signo_ && is_ours(present)) return true;  // the parent's
  put_back();
  struct sigaction wanted = {};
  wanted.sa_sigaction = handler_;
  wanted.sa_flags = flags_ | SA_SIGINFO;
  sigemptyset(&wanted.sa_mask);
  if (others_ == Others::hold_off) {
    sigfillset(&wanted.sa_mask);
    for (const int caused : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
      sigdelset(&wanted.sa_mask, caused);
    }
  }
  const bool replace = existing_ == Existing::replace || present.sa_handler == SIG_DFL;
  if (replace && sigaction(signo, &wanted, nullptr) != 0) return false;
  previous_ = present;
  standing_ = replace;
  signo_ = signo;
  return true;
}

void SharedSignalAction::put_back() noexcept {
  if (!standing_) return;
  standing_ = false;
  struct sigaction present = {};
  if (sigaction(signo_, nullptr, &present) == 0 && is_ours(present)) {
    sigaction(signo_, &previous_, nullptr);
  }
}

bool SharedSignalAction::take(int signo, SignalUser& user) noexcept {
  lock();
  const bool counted = user.counted_in == counted_in_;
  const bool good = users_ == 0 ? install(signo) : signo == signo_;
  if (good && !counted) {
    ++users_;
    user.counted_in = counted_in_;
  }
  unlock();
  return good;
}

void SharedSignalAction::give_back(SignalUser& user) noexcept {
  lock();
  if (user.counted_in == counted_in_) --users_;
  user.counted_in = 0;
  if (users_ == 0) put_back();
  unlock();
}

}  // namespace lwp
