// SPDX-License-Identifier: MIT
// scheduler.h - giving the processor from one LWP to another. The only caller of context_switch.
//
// dispatch() and what it consists of are inlined into the functions that block or yield, so that
// few returns lie between a switch and the code that asked for it (arch/context.h says why).
//
// Context: inside the library, at depth 1: the word of every suspended LWP says so, and each leaves
//          the library when it runs again. Never by a signal handler, but through its door.
#pragma once

#include <cstring>

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

// Ticks were off, as the running LWP had no rival and nobody waited for descriptors or timers: is
// that so for this LWP, which is about to run, or for the running one, things having changed?
void stop_dozing_for(Runtime& runtime, const Pcb& next) noexcept;

// The life of an LWP but the first, from the top of its stack on; see life.cc.
void lwp_life(void* pcb) noexcept;

// So that it can be switched to, if it has never run.
LWP_ALWAYS_INLINE void complete(const Runtime& runtime, Pcb& next) noexcept {
  if (LWP_UNLIKELY(is_bare(next.context))) {
    runtime.first_frame.complete(next.context, next.slot.top);
  }
}

namespace detail {

// If there are so many LWPs that their stacks do not stay in a near cache.
LWP_NOINLINE void send_scout(Runtime& runtime, Pcb& next) noexcept;

// `next` gets the processor's state that is kept per LWP. A handler may have cleared the word's bit
// just before: leaving the library looks at what the handler noted, not at the word.
LWP_ALWAYS_INLINE void install(Runtime& runtime, Pcb& next, ExceptionGlobals* globals,
                               ThreadState& thread = lwp_thread) noexcept {
  critical::set_word(next.critical_word, thread);
  memcpy(globals, &next.exceptions, sizeof next.exceptions);
  runtime.current = &next;
  *runtime.current_mirror = next.handle;
}

LWP_ALWAYS_INLINE void switch_to(Runtime& runtime, Pcb& next) noexcept {
  constexpr unsigned kScoutEvery = 256;
  if (LWP_UNLIKELY(static_cast<unsigned>(*runtime.dispatch_count) % kScoutEvery == 0)) {
    send_scout(runtime, next);
  }
  runtime.queue.prefetch_after(next);
  Pcb& self = *runtime.current;
  ExceptionGlobals* const globals = runtime.exceptions;
  self.critical_word = critical::word() | critical::kNothingOwed;
  memcpy(&self.exceptions, globals, sizeof self.exceptions);
  install(runtime, next, globals);
  context_switch(self.context, next.context);
}

}  // namespace detail

// A dispatch has more to do than to switch.
LWP_ALWAYS_INLINE bool wants_attention(const Runtime& runtime) noexcept {
  return runtime.attention.anything() || dispatches_are_watched();
}

// Whether the running LWP goes behind its equals at a dispatch.
enum class Place { given_up, kept };

// Switches. The running LWP goes behind its equals, and `next`, another one, runs out of turn. It
// is the head of its ring.
void dispatch_to(Runtime& runtime, Pcb& next) noexcept;

// dispatch() and dispatch_for_good() with all that is rarely of use.
LWP_NOINLINE void dispatch_attentively(Runtime& runtime, Place place = Place::given_up) noexcept;
[[noreturn]] LWP_NOINLINE void dispatch_for_good_attentively(Runtime& runtime) noexcept;

// detail::switch_to(), to an LWP that may never have run.
LWP_NOINLINE void complete_and_switch_to(Runtime& runtime, Pcb& next) noexcept;

// Switches. The running LWP goes behind its equals, if it is ready, and the best ready LWP runs.
// Only if nothing wants attention. kBare: most likely that one has never run.
template <bool kBare = false>
LWP_ALWAYS_INLINE void dispatch_plainly(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  Pcb* const next = runtime.queue.rotate_and_pick(self);
  if (LWP_UNLIKELY(next == nullptr)) return dispatch_attentively(runtime);
  ++*runtime.dispatch_count;
  if (next == &self) return;
  if constexpr (kBare) {
    complete(runtime, *next);
  } else if (LWP_UNLIKELY(is_bare(next->context))) {
    return complete_and_switch_to(runtime, *next);
  }
  detail::switch_to(runtime, *next);
}

// Switches; at any time.
LWP_ALWAYS_INLINE void dispatch(Runtime& runtime) noexcept {
  if (LWP_UNLIKELY(wants_attention(runtime))) return dispatch_attentively(runtime);
  dispatch_plainly(runtime);
}

// dispatch_for_good() once it is known that nothing wants attention, and who comes next.
[[noreturn]] LWP_ALWAYS_INLINE void leave_for(Runtime& runtime, Pcb& self, Pcb& next,
                                              ThreadState& thread = lwp_thread) noexcept {
  ++*runtime.dispatch_count;
  detail::install(runtime, next, runtime.exceptions, thread);
  if (LWP_LIKELY(begins_as_is(self.context, next.context))) {
    begin_at(next.slot.top, lwp_life, &next);
  }
  complete(runtime, next);
  context_leave(self.context, next.context);
}

// The running LWP, which is dead, never runs again. `next` is the best ready LWP, or null.
[[noreturn]] LWP_ALWAYS_INLINE void dispatch_for_good(Runtime& runtime, Pcb* next) noexcept {
  if (LWP_UNLIKELY(wants_attention(runtime) || next == nullptr)) {
    dispatch_for_good_attentively(runtime);
  }
  leave_for(runtime, *runtime.current, *next);
}

// These never switch.

// The running LWP is about to wait; dispatch() comes next.
inline void stop_running(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  runtime.queue.remove(self);
  self.state = PcbState::waiting;
}

// make_ready() has no more to do than make_ready_plainly().
LWP_ALWAYS_INLINE bool makes_ready_plainly(const Runtime& runtime) noexcept {
  return !runtime.attention.dozing && !run_waits_are_watched();
}
LWP_ALWAYS_INLINE bool is_made_ready_plainly(const Pcb& pcb) noexcept {
  return (pcb.flags & kSuspended) == 0;
}

LWP_ALWAYS_INLINE void make_ready_plainly(Runtime& runtime, Pcb& pcb) noexcept {
  pcb.state = PcbState::ready;
  runtime.queue.insert(pcb);
}

// An LWP that waited, or is new, goes to the end of its ring; if it is suspended, later.
inline void make_ready(Runtime& runtime, Pcb& pcb) noexcept {
  if (LWP_UNLIKELY(!is_made_ready_plainly(pcb))) {
    pcb.state = PcbState::suspended;
    return;
  }
  make_ready_plainly(runtime, pcb);
  if (LWP_UNLIKELY(runtime.attention.dozing) && runtime.current != runtime.idle_lwp &&
      (pcb.priority >= runtime.current->priority || runtime.attention.aging)) {
    arm_ticks(runtime);
  }
  if (LWP_UNLIKELY(run_waits_are_watched())) watch_ready(pcb);
}

}  // namespace lwp
