// SPDX-License-Identifier: MIT
#include "base/signal_action.h"

#include <sched.h>

#include <initializer_list>

namespace lwp {

void SharedSignalAction::lock() noexcept {
  while (locked_.exchange(true, std::memory_order_acquire)) sched_yield();
}

bool SharedSignalAction::take(int signo) noexcept {
  lock();
  bool good = users_ == 0 || signo == signo_;
  if (good && users_ == 0) {
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
    good = sigaction(signo, nullptr, &previous_) == 0;
    ours_ = existing_ == Existing::replace || previous_.sa_handler == SIG_DFL;
    if (good && ours_) good = sigaction(signo, &wanted, nullptr) == 0;
    signo_ = signo;
  }
  if (good) ++users_;
  unlock();
  return good;
}

void SharedSignalAction::give_back() noexcept {
  lock();
  if (--users_ == 0 && ours_) {
    struct sigaction present = {};
    if (sigaction(signo_, nullptr, &present) == 0 && installed(present)) {
      sigaction(signo_, &previous_, nullptr);
    }
  }
  unlock();
}

}  // namespace lwp
