// SPDX-License-Identifier: MIT
// scheduler.h - giving the processor from one LWP to another. The only caller of context_switch.
//
// dispatch() and what it consists of are inlined into the functions that block or yield, so that
// few returns lie between a switch and the code that asked for it (arch/context.h says why).
//
// Context: inside the library, at depth 1: the word of every suspended LWP says so, and each leaves
//          the library when it runs again. Never by a signal handler, but through its door.
#pragma once

#include "base/attributes.h"
#include "core/pcb.h"
#include "core/runtime.h"
#include "core/watch.h"
#include "sigsafe/critical.h"
#include "sigsafe/tick_timer.h"

namespace lwp {

// Nobody is ready: what handlers have posted may make somebody so; else die_of_deadlock().
LWP_NOINLINE Pcb& somebody_or_die(Runtime& runtime) noexcept;

// Reports who waits for what, and ends the process.
[[noreturn]] void die_of_deadlock(Runtime& runtime) noexcept;

namespace detail {

// `next` gets the processor's state that is kept per LWP. The tick owed so far is paid by this.
LWP_ALWAYS_INLINE void install(Runtime& runtime, Pcb& next) noexcept {
  critical::set_word(next.critical_word);
  runtime.tick_owed.store(false, std::memory_order_relaxed);
  // A handler may have posted just before the word was replaced.
  if (LWP_UNLIKELY(runtime.inbox.pending())) critical::owe();
  *runtime.exceptions = next.exceptions;
  runtime.current = &next;
  *runtime.current_mirror = next.handle;
}

// With many LWPs each switch would wait for memory: for the block of who comes, and for the top of
// its stack. Most likely the ring goes on in order, so the stack of the LWP after the next and the
// block of the one after that are asked for now. Nothing depends on the guess.
LWP_ALWAYS_INLINE void prefetch_after(const Pcb& next) noexcept {
  constexpr std::size_t kCacheLine = 64;
  const Pcb* const second = next.next;
  const auto* const frame = static_cast<const char*>(second->context.frame);
  __builtin_prefetch(second->next);
  __builtin_prefetch(frame, 1);
  __builtin_prefetch(frame + kCacheLine, 1);
}

LWP_ALWAYS_INLINE void switch_to(Runtime& runtime, Pcb& next) noexcept {
  prefetch_after(next);
  Pcb& self = *runtime.current;
  self.critical_word = critical::word() | critical::kNothingOwed;
  self.exceptions = *runtime.exceptions;
  install(runtime, next);
  context_switch(self.context, next.context);
}

// Ticks were off, as the running LWP had no rival and nobody waited for descriptors or timers: is
// that so for the LWP that is about to run?
LWP_ALWAYS_INLINE void stop_dozing_for(Runtime& runtime, const Pcb& next) noexcept {
  if (LWP_LIKELY(!runtime.dozing) || &next == runtime.idle_lwp) return;
  if (runtime.io_waiters > 0 || runtime.queue.has_rival(next)) arm_ticks(runtime);
}

LWP_ALWAYS_INLINE Pcb& choose_next(Runtime& runtime) noexcept {
  Pcb* const next = runtime.queue.pick();
  ++*runtime.dispatch_count;
  return LWP_LIKELY(next != nullptr) ? *next : somebody_or_die(runtime);
}

}  // namespace detail

// Switches. The running LWP goes behind its equals, if it is ready, and the best ready LWP runs.
LWP_ALWAYS_INLINE void dispatch(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  const bool watched = LWP_UNLIKELY(dispatches_are_watched(runtime));
  if (watched) watch_before_dispatch(runtime);
  runtime.queue.rotate(self);
  Pcb& next = detail::choose_next(runtime);
  if (watched) watch_dispatch(runtime, &self, next);
  detail::stop_dozing_for(runtime, next);
  if (&next != &self) detail::switch_to(runtime, next);
}

// The running LWP, which is dead, never runs again.
[[noreturn]] LWP_ALWAYS_INLINE void dispatch_for_good(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  const bool watched = LWP_UNLIKELY(dispatches_are_watched(runtime));
  if (watched) watch_before_dispatch(runtime);
  Pcb& next = detail::choose_next(runtime);
  if (watched) watch_dispatch(runtime, nullptr, next);
  detail::stop_dozing_for(runtime, next);
  detail::install(runtime, next);
  context_leave(self.context, next.context);
}

// These never switch.

// The running LWP is about to wait; dispatch() comes next.
inline void stop_running(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  runtime.queue.remove(self);
  self.state = PcbState::waiting;
}

// An LWP that waited, or is new, goes to the end of its ring.
inline void make_ready(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.state = PcbState::ready;
  runtime.queue.insert(pcb);
  if (LWP_UNLIKELY(runtime.dozing) && pcb.priority >= runtime.current->priority &&
      runtime.current != runtime.idle_lwp) {  // that one dispatches next
    arm_ticks(runtime);
  }
  if (LWP_UNLIKELY(run_waits_are_watched())) watch_ready(pcb);
}

}  // namespace lwp
