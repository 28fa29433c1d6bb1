// SPDX-License-Identifier: MIT
#include "preempt/slice.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/signal_action.h"
#include "core/safe_point.h"
#include "preempt/movable_code.h"
#include "sigsafe/access_rights.h"
#include "sigsafe/critical.h"
#include "sigsafe/signal_mask.h"
#include "sigsafe/tick_handler.h"
#include "sigsafe/tick_timer.h"

#if !defined(sigev_notify_thread_id)
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace lwp {

namespace {

// SIGALRM, as ever: programs block it to keep preemption away.
constexpr int kSignal = SIGALRM;

SharedSignalAction tick_action(lwp_on_tick, SA_RESTART, SharedSignalAction::Existing::replace,
                               SharedSignalAction::Others::hold_off);

bool create_timer(pid_t thread, timer_t* ret_timer) noexcept {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event.sigev_value.sival_ptr = &tick_action;  // marks the signals that are ours
  event.sigev_notify_thread_id = thread;
  return timer_create(CLOCK_MONOTONIC, &event, ret_timer) == 0;
}

// A tick that the program's mask holds back would meet the program's action for the signal later,
// which by default ends the process.
void discard_pending_tick() noexcept {
  sigset_t pending;
  if (sigpending(&pending) != 0 || sigismember(&pending, kSignal) != 1) return;
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, kSignal);
  const timespec at_once = {};
  siginfo_t info;
  while (sigtimedwait(&wanted, &info, &at_once) == kSignal) {
    if (info.si_code == SI_TIMER && info.si_value.sival_ptr == &tick_action) continue;
    raise(kSignal);  // somebody else's: put it back
    return;
  }
}

bool timers_are_ours(const Runtime& runtime) noexcept { return runtime.timer_owner == gettid(); }

// pthread_getattr_np knows it, for the main thread from /proc.
void find_first_stack(Runtime& runtime) noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    runtime.first_stack_low = static_cast<char*>(low);
    runtime.first_stack_end = runtime.first_stack_low + size;
  }
  pthread_attr_destroy(&attributes);
}

// After a fork there are no timers, and what else there is belongs to a process-wide count that
// the child has inherited with it.
Rc acquire(Runtime& runtime) noexcept {
  const pid_t self = gettid();
  const CodeMap* map = nullptr;
  if (const Rc rc = map_movable_code(&map); rc != Rc::success) return rc;
  timer_t slice_timer;
  timer_t retry_timer;
  if (create_timer(self, &slice_timer)) {
    if (create_timer(self, &retry_timer)) {
      if (runtime.timer_owner != 0 || tick_action.take(kSignal)) {
        free_code_map(runtime.movable_code);
        runtime.movable_code = map;
        runtime.slice_timer = slice_timer;
        runtime.retry_timer = retry_timer;
        runtime.timer_owner = self;
        find_first_stack(runtime);
        runtime.rights_place = find_access_rights();
        return Rc::success;
      }
      timer_delete(retry_timer);
    }
    timer_delete(slice_timer);
  }
  free_code_map(map);
  return Rc::system;
}

}  // namespace

Rc start_slices(Runtime& runtime, std::int64_t slice_ns) noexcept {
  if (slice_ns != 0 && slice_ns < kShortestSliceNs) return Rc::system;
  if (!timers_are_ours(runtime)) {
    if (const Rc rc = acquire(runtime); rc != Rc::success) return rc;
  }
  runtime.known_mask = present_mask();
  runtime.foreign_mask_ticks = 0;
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
  runtime.attention.dozing = false;
  runtime.attention.tick_owed.store(false, std::memory_order_relaxed);
  if (runtime.timer_owner == 0) return;
  if (timers_are_ours(runtime)) {
    timer_delete(runtime.slice_timer);
    timer_delete(runtime.retry_timer);
    discard_pending_tick();
  }
  runtime.timer_owner = 0;
  tick_action.give_back();
  free_code_map(runtime.movable_code);
  runtime.movable_code = nullptr;
}

}  // namespace lwp
