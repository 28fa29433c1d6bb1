// SPDX-License-Identifier: MIT
// signal_action.h - a signal that several kernel threads take together: the first installs the
// handler, the last puts back what the program had.
//
// Signal actions belong to the process, so this is process-wide state.
// Context: any kernel thread; inside the library, never by a signal handler.
#pragma once

#include <signal.h>

#include <atomic>

namespace lwp {

using SignalHandler = void (*)(int, siginfo_t*, void*);

class SharedSignalAction {
 public:
  // Keep: leave alone a handler that the program has set. Counts as taken all the same.
  enum class Existing { replace, keep };
  // Hold off: while the handler runs, no handler of another signal begins, but for those that an
  // instruction causes.
  enum class Others { admit, hold_off };

  constexpr SharedSignalAction(SignalHandler handler, int flags, Existing existing, Others others)
      : handler_(handler), flags_(flags), existing_(existing), others_(others) {}

  // False if the system refuses. While taken, every user must name the same signal.
  bool take(int signo) noexcept;
  // The last user's: the old action comes back, unless the program has set another meanwhile.
  void give_back() noexcept;

 private:
  void lock() noexcept;
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }
  bool installed(const struct sigaction& action) const noexcept {
    return action.sa_sigaction == handler_;
  }

  const SignalHandler handler_;
  const int flags_;
  const Existing existing_;
  const Others others_;
  std::atomic<bool> locked_{false};
  int users_ = 0;
  int signo_ = 0;
  bool ours_ = false;
  struct sigaction previous_ = {};
};

}  // namespace lwp
