// SPDX-License-Identifier: MIT
// signal_action.h - a signal that several kernel threads take together: the first installs the
// handler, the last puts back what the program had.
//
// Signal actions belong to the process, so this is process-wide state. A forked child inherits it.
// Context: any kernel thread; inside the library, never by a signal handler.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>

namespace lwp {

using SignalHandler = void (*)(int, siginfo_t*, void*);

// What each user keeps, from before it takes a signal.
struct SignalUser {
  pid_t counted_in = 0;  // the process that counts it; 0: none
};

class SharedSignalAction {
 public:
  // Keep: leave alone a handler that the program has set. Counts as taken all the same.
  enum class Existing { replace, keep };
  // Hold off: while the handler runs, no handler of another signal begins, but for those that an
  // instruction causes.
  enum class Others { admit, hold_off };

  // Count anew: users in a forked child take the signal there again, and till then do not count, as
  // nobody knows which of them were carried over. Count on: all of them count there too.
  enum class Children { count_anew, count_on };

  constexpr SharedSignalAction(SignalHandler handler, int flags, Existing existing, Others others,
                               Children children)
      : handler_(handler),
        flags_(flags),
        existing_(existing),
        others_(others),
        children_(children) {}

  // False if the system refuses. While taken, every user must name the same signal. A user that
  // counts already is not counted again.
  bool take(int signo, SignalUser& user) noexcept;
  // If no user is left: the old action comes back, unless the program has set another meanwhile.
  void give_back(SignalUser& user) noexcept;

 private:
  void lock() noexcept;
  void unlock() noexcept { locked_by_.store(0, std::memory_order_release); }
  bool install(int signo) noexcept;
  void put_back() noexcept;
  bool is_ours(const struct sigaction& action) const noexcept {
    return action.sa_sigaction == handler_;
  }

  const SignalHandler handler_;
  const int flags_;
  const Existing existing_;
  const Others others_;
  const Children children_;
  std::atomic<pid_t> locked_by_{0};
  pid_t counted_in_ = 0;  // the process whose users are counted
  int users_ = 0;
  int signo_ = 0;
  bool standing_ = false;  // our action replaces previous_
  struct sigaction previous_ = {};
};

}  // namespace lwp
