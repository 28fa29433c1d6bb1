// SPDX-License-Identifier: MIT
#include "preempt/slice.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/signal_action.h"
#include "base/wait_while.h"
#include "core/safe_point.h"
#include "preempt/code_policy.h"
#include "preempt/first_stack.h"
#include "sigsafe/access_rights.h"
#include "sigsafe/critical.h"
#include "sigsafe/handler_mark.h"
#include "sigsafe/signal_mask.h"
#include "sigsafe/tick_handler.h"
#include "sigsafe/tick_timer.h"

#if !defined(sigev_notify_thread_id)
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace lwp {

namespace {

SharedSignalAction tick_action(lwp_on_tick, SA_RESTART, SharedSignalAction::Existing::replace,
                               SharedSignalAction::Others::hold_off,
                               SharedSignalAction::Children::count_anew);

bool create_timer(pid_t thread, int signo, timer_t* ret_timer) noexcept {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signo;
  event.sigev_value.sival_ptr = &tick_action;  // marks the signals that are ours
  event.sigev_notify_thread_id = thread;
  return timer_create(CLOCK_MONOTONIC, &event, ret_timer) == 0;
}

// A tick that the program's mask holds back would meet the program's action for the signal later,
// which by default ends the process.
void discard_pending_tick(int signo) noexcept {
  sigset_t pending;
  if (sigpending(&pending) != 0 || sigismember(&pending, signo) != 1) return;
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, signo);
  const timespec at_once = {};
  siginfo_t info;
  while (sigtimedwait(&wanted, &info, &at_once) == signo) {
    if (info.si_code == SI_TIMER && info.si_value.sival_ptr == &tick_action) continue;
    raise(signo);  // somebody else's: put it back
    return;
  }
}

// When it returns no other kernel thread touches the timers, and none will until the ticks are off
// again for want of a rival.
void keep_others_from_timers(Runtime& runtime) noexcept {
  __atomic_store_n(&runtime.attention.dozing, false, __ATOMIC_SEQ_CST);
  wait_while([&]() noexcept { return runtime.timer_visitors.anybody(); });
}

// In a process number space of its own a forked child may have its parent's number.
bool finds_timers(const Runtime& runtime) noexcept {
  itimerspec setting;
  return has_timers(runtime) && timer_gettime(runtime.slice_timer, &setting) == 0;
}

// Also after a fork, when there are no timers.
Rc acquire(Runtime& runtime) noexcept {
  const pid_t self = gettid();
  const int signo = runtime.tick_signal;
  if (const Rc rc = map_movable_code(runtime); rc != Rc::success) return rc;
  timer_t slice_timer;
  timer_t retry_timer;
  if (create_timer(self, signo, &slice_timer)) {
    if (create_timer(self, signo, &retry_timer)) {
      if (tick_action.take(signo, runtime.tick_user)) {
        runtime.slice_timer = slice_timer;
        runtime.retry_timer = retry_timer;
        runtime.timer_owner = self;
        const FirstStack stack =
            runtime.block == nullptr ? find_first_stack() : find_first_stack_without_heap();
        runtime.first_stack_low = stack.low;
        runtime.first_stack_end = stack.end;
        runtime.rights_place = find_access_rights();
        return Rc::success;
      }
      timer_delete(retry_timer);
    }
    timer_delete(slice_timer);
  }
  if (runtime.timer_owner == 0) unmap_movable_code(runtime);
  return Rc::system;
}

}  // namespace

Rc start_slices(Runtime& runtime, std::int64_t slice_ns) noexcept {
  if (slice_ns != 0 && slice_ns < kShortestSliceNs) return Rc::system;
  keep_others_from_timers(runtime);
  if (!finds_timers(runtime)) {
    if (const Rc rc = acquire(runtime); rc != Rc::success) return rc;
  }
  runtime.known_mask = present_mask();
  runtime.foreign_mask_ticks = 0;
  runtime.lwps_are_marked = mark();
  runtime.retry_ns = 0;
  runtime.slice_ns = slice_ns;
  runtime.preempting = slice_ns != 0;
  doze(runtime);
  if (!runtime.preempting) {
    runtime.attention.dozing = false;
    // Who got the processor by a tick now would keep it for ever.
    runtime.attention.tick_owed.store(false, std::memory_order_relaxed);
  } else if (anybody_else(runtime)) {
    arm_ticks(runtime);
  }
  return Rc::success;
}

void stop_slices(Runtime& runtime) noexcept {
  runtime.preempting = false;
  keep_others_from_timers(runtime);
  runtime.attention.tick_owed.store(false, std::memory_order_relaxed);
  if (runtime.timer_owner == 0) return;
  if (has_timers(runtime)) {
    timer_delete(runtime.slice_timer);
    timer_delete(runtime.retry_timer);
    discard_pending_tick(runtime.tick_signal);
  }
  runtime.timer_owner = 0;
  tick_action.give_back(runtime.tick_user);
  unmap_movable_code(runtime);
}

Rc set_tick_signal(Runtime& runtime, int signo) noexcept {
  for (const int other :
       {SIGKILL, SIGSTOP, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
    if (signo == other) return Rc::bad_signal;
  }
  // Between the classic signals and SIGRTMIN are those that the C library keeps for itself.
  constexpr int kLastClassic = 31;
  if (signo <= 0 || signo > SIGRTMAX || (signo > kLastClassic && signo < SIGRTMIN)) {
    return Rc::bad_signal;
  }
  if (has_timers(runtime)) return Rc::system;
  stop_slices(runtime);  // those that a forked child has inherited
  runtime.tick_signal = signo;
  return Rc::success;
}

}  // namespace lwp
