// SPDX-License-Identifier: MIT
#include "core/safe_point.h"

#include <preempt/preempt.h>
#include <signal.h>

#include "core/cancel.h"
#include "core/handover.h"
#include "core/loop_list.h"
#include "core/remains.h"
#include "core/scheduler.h"
#include "sigsafe/access_rights.h"
#include "sigsafe/doors.h"
#include "sigsafe/handler_mark.h"
#include "sigsafe/interrupted.h"
#include "sigsafe/signal_catcher.h"
#include "sigsafe/signal_mask.h"
#include "sigsafe/tick_timer.h"

namespace lwp {

namespace {

// Somebody may have rung.
void answer(Runtime& runtime) noexcept {
  if (!runtime.attention.rung.load(std::memory_order_relaxed)) return;
  // Before looking: who finds it cleared rings again.
  runtime.attention.rung.store(false, std::memory_order_seq_cst);
  if (runtime.take_messages != nullptr) runtime.take_messages(runtime);
}

}  // namespace

bool empty_inbox(Runtime& runtime) noexcept {
  bool yield = false;
  runtime.inbox.drain([&](PostKind kind, std::uintptr_t what, unsigned times) {
    if (kind == PostKind::event) (void)signal_event(runtime, reinterpret_cast<const void*>(what));
    if (kind == PostKind::credit) {
      Pcb* const pcb = runtime.handles.find(reinterpret_cast<PROCESS>(what));
      for (; pcb != nullptr && times > 0; --times) (void)give_credit(runtime, *pcb);
    }
    if (kind == PostKind::yield) yield = true;
  });
  answer(runtime);
  return yield;
}

bool others_wait(const Runtime& runtime) noexcept {
  return runtime.io_waiters > 0 || has_caught_something(runtime) ||
         runtime.attention.rung.load(std::memory_order_relaxed);
}

bool counts_slices(const Runtime& runtime) noexcept { return runtime.current->slices_left > 0; }

namespace {

// Ends the LWP if this slice was its last. Those that end while it must not be cancelled, or ends
// already, do not count.
void count_slice(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  if (LWP_LIKELY(self.slices_left == 0) || (self.flags & kCancelDisabled) != 0) return;
  if (--self.slices_left == 0) end_lwp(runtime, kCancelledStatus);
}

}  // namespace

bool anybody_else(const Runtime& runtime) noexcept {
  const Pcb& running = *runtime.current;
  return others_wait(runtime) || runtime.queue.has_rival(running) || counts_slices(runtime) ||
         somebody_ages(runtime, running);
}

namespace {

// Lets others run, if any may; returns whether they did, and then when the LWP runs again. In the
// handler of a tick, or later.
bool end_slice(Runtime& runtime, bool in_tick) noexcept {
  count_slice(runtime);
  const bool waiters = others_wait(runtime);
  answer(runtime);
  if (waiters && runtime.poll_waiters != nullptr) (void)runtime.poll_waiters(runtime);
  Pcb* const aged = runtime.attention.aging ? grow_older(runtime) : nullptr;
  if (aged != nullptr || runtime.queue.has_rival(*runtime.current)) {
    runtime.counters.count_move();
    Pcb& self = *runtime.current;
    self.ticks_to_change().count_move();
    self.in_tick = in_tick;
    if (aged != nullptr) {
      dispatch_to(runtime, *aged);
    } else {
      dispatch(runtime);
    }
    self.in_tick = false;
    return true;
  }
  count_deferral(runtime, Deferral::no_rival);
  if (runtime.preempting && !waiters && !counts_slices(runtime) &&
      !somebody_ages(runtime, *runtime.current)) {
    doze(runtime);
    // A signal that was caught before the timers were off found them on.
    if (others_wait(runtime)) arm_ticks(runtime);
  }
  return false;
}

// Others must not run meanwhile: their handlers would begin at the top of the same stack.
bool on_alternate_stack() noexcept {
  stack_t stack;
  return sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_ONSTACK) != 0;
}

// Of what the kernel has set for a handler: others are to run as the interrupted code did.
void open_to_signals(const ucontext_t& interrupted) noexcept {
  set_present_mask(interrupted_mask(interrupted));
  rearm_alternate_stack(interrupted);
}

bool has_room_for_signal(const Pcb& pcb) noexcept {
  const auto* const here = static_cast<const char*>(__builtin_frame_address(0));
  if (pcb.nominal_stack == 0) return true;  // the kernel thread's own stack grows by itself
  return here > pcb.slot.low + signal_room() && here < pcb.slot.top;
}

}  // namespace

// A section may have ended in a signal handler of the program; whatever that has interrupted, the C
// library perhaps, may be half done. The tick is then dropped, and the next one looks again.
bool may_pay(Runtime& runtime) noexcept {
  // A forked child has no ticks, and what its parent owed is not its debt.
  if (runtime.preempting && !own_timers(runtime) && !runtime.attention.forced) return false;
  if (PRE_Block != 0) {
    count_deferral(runtime, Deferral::vetoed);
    return false;
  }
  if (on_alternate_stack()) {
    count_deferral(runtime, Deferral::stack);
    return false;
  }
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  CodeState code = {present_mask(), is_marked(), here};
  const bool held_off = is_held_off(runtime, code);
  if (code.marked) mark();
  if (held_off) count_deferral(runtime, Deferral::signal_mask);
  return !held_off;
}

void pay_tick(Runtime& runtime) noexcept {
  if (may_pay(runtime)) end_slice(runtime, false);
}

namespace {

void deliver_and_pay(Runtime& runtime) noexcept {
  for (;;) {
    critical::enter_library();
    if (empty_inbox(runtime)) dispatch(runtime);
    const bool owed = runtime.attention.tick_owed.load(std::memory_order_relaxed);
    const bool payable = critical::level_of(critical::word()) == 0;
    if (owed && payable) {
      runtime.attention.tick_owed.store(false, std::memory_order_relaxed);
      pay_tick(runtime);
    }
    if (owed && !payable) {
      critical::owe();  // to be paid at level 0: until then the word says so
    } else {
      critical::owe_nothing();  // what has come in since is seen below
    }
    critical::leave_library();
    if (owed && !payable ? !runtime.inbox.pending()
                         : !runtime.attention.handlers_left_something()) {
      return;
    }
  }
}

}  // namespace

void catch_up(Runtime& runtime) noexcept {
  const RightsKept kept(runtime.rights_place);
  if (runtime.attention.forced && runtime.forced_ticks.draw()) {
    runtime.attention.tick_owed.store(true, std::memory_order_relaxed);
  }
  deliver_and_pay(runtime);
  // So that the end of a section comes here too.
  if (runtime.attention.forced) critical::owe();
}

Pcb& somebody_or_die(Runtime& runtime) noexcept {
  (void)empty_inbox(runtime);
  Pcb* const next = runtime.queue.pick();
  if (next == nullptr) die_of_deadlock(runtime);
  return *next;
}

}  // namespace lwp

extern "C" {

const void* lwp_door_stack_end(const lwp::Zone* zone, const void* within) {
  using namespace lwp;
  const auto& runtime = *static_cast<const Runtime*>(zone);
  const Pcb& pcb = *runtime.current;
  const bool first = &pcb == &runtime.first;
  const char* const low = first ? runtime.first_stack_low : pcb.slot.low;
  const char* const end = first ? runtime.first_stack_end : pcb.slot.top;
  return within >= low && within < end ? end : nullptr;
}

bool lwp_door_anybody_else(const lwp::Zone* zone) {
  return lwp::anybody_else(*static_cast<const lwp::Runtime*>(zone));
}

bool lwp_door_rival_ready(const lwp::Zone* zone) {
  const auto& runtime = *static_cast<const lwp::Runtime*>(zone);
  return runtime.queue.has_rival(*runtime.current);
}

lwp::LwpTicks* lwp_door_ticks_of_running(lwp::Zone* zone) {
  return &static_cast<lwp::Runtime*>(zone)->current->ticks_to_change();
}

unsigned long lwp_door_dispatches(const lwp::Zone* zone) {
  return static_cast<unsigned long>(*static_cast<const lwp::Runtime*>(zone)->dispatch_count);
}

void lwp_door_ask_loops(lwp::Zone* zone, std::uintptr_t stack) {
  lwp::ask_loops(*static_cast<lwp::Runtime*>(zone), stack);
}

bool lwp_door_tick(lwp::Zone* zone, ucontext_t* interrupted) {
  using namespace lwp;
  Runtime& runtime = *static_cast<Runtime*>(zone);
  forget_dead_loops(runtime, interrupted_stack(*interrupted));
  if (!has_room_for_signal(*runtime.current)) {
    ask_loops(runtime, interrupted_stack(*interrupted));
    return false;
  }
  const Pcb* const self = runtime.current;
  critical::enter_library();
  set_interrupted_rights(runtime.rights_place, *interrupted);
  if (runtime.lwps_are_marked) mark();
  bool may_have_moved = hand_over(runtime, *interrupted);
  if (!may_have_moved) {
    open_to_signals(*interrupted);
    may_have_moved = end_slice(runtime, true);
  }
  const ucontext_t* giver = take_over(runtime);
  critical::leave_library();
  if (runtime.attention.to_catch_up()) {
    if (giver != nullptr) open_to_signals(*giver);
    giver = nullptr;
    catch_up(runtime);
    may_have_moved = true;
  }
  LWP_CHECK(runtime.current == self);
  if (giver != nullptr) {
    inherit_from(*giver, *interrupted);
    return true;
  }
  if (!may_have_moved) return true;
  // Others may have changed mask and stack since; returning from the signal must not undo that.
  runtime.known_mask = present_mask();
  set_interrupted_mask(*interrupted, runtime.known_mask);
  keep_alternate_stack(*interrupted);
  return true;
}

}  // extern "C"
