// SPDX-License-Identifier: MIT
#include "core/scheduler.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/fd_text.h"

namespace lwp {

void stop_dozing_for(Runtime& runtime, const Pcb& next) noexcept {
  if (!runtime.attention.dozing || &next == runtime.idle_lwp) return;
  if (runtime.io_waiters > 0 || runtime.queue.has_rival(next) || next.slices_left > 0 ||
      somebody_ages(runtime, next)) {
    arm_ticks(runtime);
  }
}

namespace {

void report_blocked(const Runtime& runtime) noexcept {
  FdText text(STDERR_FILENO);
  runtime.handles.for_each([&](const Pcb& pcb) {
    if (!is_blocked(pcb)) return;
    text << "LWP: \"" << pcb.name << "\" (" << static_cast<const void*>(pcb.handle)
         << ") waits for ";
    if (pcb.state == PcbState::suspended) {
      text << "LWPX_Ready\n";
      return;
    }
    if (pcb.node_count == 0) {
      text << "LWP_QSignal\n";
      return;
    }
    text << pcb.remaining << " of";
    for (int i = 0; i < pcb.node_count; ++i) {
      if (pcb.nodes[i].event != nullptr) text << " " << pcb.nodes[i].event;
    }
    text << "\n";
  });
  text.flush();
}

// exit() runs the program's handlers on the running LWP, which thereby runs again. If it has died
// its stack is free for the next LWP, so there must be none: every call says LWP_EINIT.
void revive_for_exit(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  if (self.state == PcbState::dead || self.state == PcbState::ended) {
    lwp_thread.zone = nullptr;
    return;
  }
  forget_wait(runtime, self);
  if (self.credits < 0) self.credits = 0;
  self.flags = static_cast<std::uint8_t>((self.flags & ~(kSuspended | kWaitCut)) | kCancelDisabled);
  make_ready(runtime, self);
}

// As dispatch() does, and looks at everything. `previous` is null if it has died; `chosen` is null
// if who comes next is still to be chosen.
Pcb& choose_attentively(Runtime& runtime, Pcb* previous, Place place,
                        Pcb* chosen = nullptr) noexcept {
  const bool watched = dispatches_are_watched() || runtime.attention.canaries;
  if (watched) watch_before_dispatch(runtime);
  if (previous != nullptr && place == Place::given_up) runtime.queue.rotate(*previous);
  Pcb* const ready = chosen != nullptr ? chosen : runtime.queue.pick();
  ++*runtime.dispatch_count;
  Pcb& next = ready != nullptr ? *ready : somebody_or_die(runtime);
  if (watched) watch_dispatch(runtime, previous, next);
  runtime.aging.note_dispatch_of(next);
  if (runtime.attention.retrying) stop_retrying(runtime);
  stop_dozing_for(runtime, next);
  // Giving up the processor pays it.
  runtime.attention.tick_owed.store(false, std::memory_order_relaxed);
  return next;
}

}  // namespace

void detail::send_scout(Runtime& runtime, Pcb& next) noexcept {
  constexpr std::size_t kMany = 2000;
  if (runtime.handles.live() < kMany) return runtime.queue.dismiss_scout();
  runtime.queue.send_scout(next);
}

void dispatch_attentively(Runtime& runtime, Place place) noexcept {
  Pcb& self = *runtime.current;
  Pcb& next = choose_attentively(runtime, &self, place);
  if (&next != &self) complete_and_switch_to(runtime, next);
}

void dispatch_to(Runtime& runtime, Pcb& next) noexcept {
  choose_attentively(runtime, runtime.current, Place::given_up, &next);
  complete_and_switch_to(runtime, next);
}

void complete_and_switch_to(Runtime& runtime, Pcb& next) noexcept {
  complete(runtime, next);
  detail::switch_to(runtime, next);
}

void dispatch_for_good_attentively(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  Pcb& next = choose_attentively(runtime, nullptr, Place::given_up);
  complete(runtime, next);
  detail::install(runtime, next, runtime.exceptions);
  context_leave(self.context, next.context);
}

void die_of_deadlock(Runtime& runtime) noexcept {
  // A program's atexit handler that waits comes here again.
  if (runtime.aborting) _exit(EXIT_FAILURE);
  runtime.aborting = true;
  if (runtime.dialect == Dialect::afs3) {
    report_blocked(runtime);
    abort_like_afs3("No READY processes");
  }
  // Historical text, and stream.
  printf("***LWP Abort: LWP_DispatchProcess: Possible deadlock, no runnable threads found\n\n");
  fflush(stdout);
  report_blocked(runtime);
  revive_for_exit(runtime);
  // What the program does at exit is not a handler's interruption of the library.
  critical::leave_library();
  exit(EXIT_FAILURE);
}

}  // namespace lwp
