// SPDX-License-Identifier: MIT
#include "sigsafe/tick_handler.h"

#include <preempt/preempt.h>

#include <cerrno>

#include "sigsafe/blocking_call.h"
#include "sigsafe/critical.h"
#include "sigsafe/doors.h"
#include "sigsafe/handler_mark.h"
#include "sigsafe/interrupted.h"
#include "sigsafe/signal_mask.h"
#include "sigsafe/tick_timer.h"
#include "sigsafe/watchdog.h"

namespace lwp {

namespace {

// Nobody could run instead, so no more ticks: a system call in which the LWP waits is not to be
// interrupted again.
LWP_SIGSAFE bool doze_if_alone(Zone& zone) noexcept {
  if (critical::in_library() || lwp_door_anybody_else(&zone)) return false;
  doze(zone);
  // A signal that another kernel thread has caught meanwhile found the timers on.
  if (lwp_door_anybody_else(&zone)) arm_ticks(zone);
  return true;
}

LWP_SIGSAFE void defer(Zone& zone, Deferral reason, const ucontext_t& interrupted) noexcept {
  count_deferral(zone, reason);
  if (LWP_UNLIKELY(zone.watchdog.limit_ns != 0)) {
    look_for_stuck(zone, reason, interrupted_pc(interrupted));
  }
}

LWP_SIGSAFE void tick(Zone& zone, ucontext_t& interrupted) noexcept {
  zone.attention.retrying = false;
  zone.counters.count_tick();
  lwp_door_ticks_of_running(&zone)->count_tick();
  if (zone.sleeping.load(std::memory_order_relaxed)) {
    count_deferral(zone, Deferral::no_rival);
    doze(zone);
    return;
  }
  if (doze_if_alone(zone)) {
    count_deferral(zone, Deferral::no_rival);
    return;
  }
  if (zone.attention.dozing) arm_ticks(zone);  // another kernel thread asked for this tick alone
  if (!critical::movable()) {
    owe_tick(zone);
    defer(zone, Deferral::level, interrupted);
    return;
  }
  if (PRE_Block != 0) {
    defer(zone, Deferral::vetoed, interrupted);
    return;
  }
  if (interrupted_on_alternate_stack(interrupted)) {
    defer(zone, Deferral::stack, interrupted);
    return;
  }
  // Asked before the code, so that every tick under the known mask tells that a foreign one is
  // over.
  const bool marked = is_marked(interrupted);
  CodeState code = {interrupted_mask(interrupted), marked, interrupted_stack(interrupted)};
  const bool held_off = is_held_off(zone, code);
  if (code.marked != marked) mark(interrupted);
  if (held_off) {
    defer(zone, Deferral::signal_mask, interrupted);
    return;
  }
  if (!zone.movable_code->contains(interrupted_pc(interrupted)) &&
      !in_blocking_call(*zone.movable_code, interrupted)) {
    defer(zone, Deferral::code, interrupted);
    lwp_door_ask_loops(&zone, interrupted_stack(interrupted));
    if (zone.movable_code->empty()) {
      owe_tick(zone);
      return;
    }
    // Those who wait for descriptors and timers are looked after once in a slice.
    if (lwp_door_rival_ready(&zone)) retry_soon(zone);
    return;
  }
  // A slice that ends late is not at the cost of who runs next.
  if (zone.retry_ns != 0 && lwp_door_rival_ready(&zone)) arm_ticks(zone);
  zone.retry_ns = 0;
  if (!lwp_door_tick(&zone, &interrupted)) defer(zone, Deferral::stack, interrupted);
}

}  // namespace

void owe_tick(Zone& zone) noexcept {
  zone.attention.tick_owed.store(true, std::memory_order_relaxed);
  critical::owe();
}

}  // namespace lwp

extern "C" void lwp_on_tick(int, siginfo_t*, void* context) {
  lwp::Zone* const zone = lwp_thread.zone;
  if (zone == nullptr || !zone->preempting) return;
  // On the interrupted stack, so it stays right when the door switches to another LWP and back.
  const int keep_errno = errno;
  zone->handler_return = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  lwp::tick(*zone, *static_cast<ucontext_t*>(context));
  errno = keep_errno;
}
