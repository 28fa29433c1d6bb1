// SPDX-License-Identifier: MIT
#include "iomgr/io_manager.h"

#include <new>

#include "base/legacy_variables.h"
#include "core/control.h"
#include "core/life.h"
#include "core/safe_point.h"
#include "core/scheduler.h"
#include "iomgr/look.h"
#include "iomgr/unix_signal.h"
#include "sigsafe/signal_catcher.h"

namespace lwp {

namespace {

constexpr int kStackSize = 32768;

void forget_io(Runtime& runtime, Pcb& pcb) noexcept { detach(runtime, *pcb.io_request); }

// --- the manager's LWP

// Nobody else is ready: until somebody is to be, this kernel thread has nothing to do.
void sleep_until_due(Runtime& runtime) noexcept {
  IoManager& io = *runtime.io;
  if (runtime.before_sleep != nullptr && runtime.before_sleep(runtime)) return;
  // From here on a handler that notes something also ends the sleep; what came before is seen now.
  runtime.sleeping.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool due = runtime.inbox.pending() || runtime.attention.rung.load() ||
                   has_caught_something(runtime) || io.pool.has_done();
  Poller::Until until = due ? Poller::Until{0} : io.wake_plan.next(io.deadlines, io.looked_at);
  if (runtime.messages_due < until.deadline) until = {runtime.messages_due};
  if (runtime.primary) last_context_switch = {};  // time asleep is not time worked
  const std::int64_t now = io.poller.wait(until, note_reported, &runtime);
  remember_time();
  runtime.sleeping.store(false, std::memory_order_relaxed);
  // One of these has ended the sleep: it comes first, and the rest at the next turn.
  (void)empty_inbox(runtime);
  serve_reported(runtime);
  if (now == 0) return;
  if (now >= until.wake) io.wake_plan.note_delay(now - until.wake);
  expire_slept(runtime, until, now);
}

// Switches: the manager goes behind everybody who is ready.
void let_others_run(Runtime& runtime) noexcept {
  const int dispatches = *runtime.dispatch_count;
  dispatch(runtime);
  if (*runtime.dispatch_count != dispatches + 1) runtime.io->poller.doubt();
  notice_fork(runtime);
}

// The manager's turn begins among those to whom have_manager_come_next() may have put it. From here
// on whoever is ready comes before it.
void step_back(Runtime& runtime) noexcept {
  (void)set_priority(runtime, *runtime.current, kManagerPriority);
}

// Those whom signals, calls and deadlines have made ready run before descriptors are looked at, as
// ever: what they do, a cancellation for instance, comes first. But not for ever.
constexpr int kTurnsWithoutDescriptors = 16;

void io_main(void*) noexcept {
  Runtime& runtime = *this_runtime();
  critical::enter_library();
  notice_fork(runtime);
  IoManager& io = *runtime.io;
  for (int turns = 0;;) {
    step_back(runtime);
    io.turn_began = *runtime.dispatch_count;
    io.made_ready = 0;
    (void)empty_inbox(runtime);
    take_due_messages(runtime);
    // Each runs, as far as it goes without waiting, before anything else is done.
    start_soft_signals(runtime, [&] {
      let_others_run(runtime);
      step_back(runtime);
    });
    bool woke = deliver_unix_signals(runtime);
    woke |= io.pool.collect(runtime);
    woke |= expire(runtime);
    const bool may_sleep = !woke && !runtime.queue.has_rival(*runtime.current);
    if (!may_sleep) remember_time();
    bool looked = false;
    if (woke && turns < kTurnsWithoutDescriptors) {
      ++turns;
    } else {
      turns = 0;
      if (may_sleep) {
        sleep_until_due(runtime);
      } else if (io.poller.watching()) {
        if (io.place != kManagerPriority) io.poller.stop_trusting();
        (void)look_at_descriptors(runtime);
      }
      looked = io.made_ready < Poller::kBatch && !io.poller.trusts();
    }
    if (looked) io.place = kManagerPriority;
    (void)set_priority(runtime, *runtime.current, io.place);
    let_others_run(runtime);
  }
}

}  // namespace

Rc start_io(Runtime& runtime) noexcept {
  if (runtime.io != nullptr) return Rc::success;
  // Not malloc: IOMGR_Finalize gives it back, perhaps in a handler that has interrupted malloc.
  void* const memory = map_memory(runtime.block, sizeof(IoManager));
  if (memory == nullptr) return Rc::no_memory;
  auto* const io = new (memory) IoManager;
  Pcb* pcb;
  if (!io->poller.start(runtime.wake_fd, runtime.block)) {
    unmap_memory(runtime.block, memory, sizeof(IoManager));
    return Rc::system;
  }
  const NewLwp manager = {io_main, nullptr, kStackSize, kManagerPriority, "IO MANAGER"};
  if (const Rc rc = create_lwp(runtime, manager, &pcb); rc != Rc::success) {
    io->poller.stop();
    unmap_memory(runtime.block, memory, sizeof(IoManager));
    return rc;
  }
  runtime.io = io;
  runtime.idle_lwp = pcb;
  runtime.poll_waiters = poll_io;
  runtime.forget_io = forget_io;
  runtime.cancel_io = cancel_io;
  return Rc::success;
}

void stop_io(Runtime& runtime) noexcept {
  if (runtime.io == nullptr) return;
  notice_fork(runtime);
  cancel_all_unix_signals(runtime);
  runtime.io->pool.stop(runtime);
  runtime.handles.for_each([&](Pcb& pcb) {
    if (pcb.io_request != nullptr) detach(runtime, *pcb.io_request);
  });
  destroy_lwp(runtime, *runtime.idle_lwp);
  runtime.io->poller.stop();
  unmap_memory(runtime.block, runtime.io, sizeof(IoManager));
  runtime.io = nullptr;
  runtime.idle_lwp = nullptr;
  runtime.poll_waiters = nullptr;
  runtime.forget_io = nullptr;
  runtime.cancel_io = nullptr;
}

void replace_lost_descriptors(Runtime& runtime) noexcept {
  notice_fork(runtime);
  runtime.io->poller.replace_lost();
}

void notice_fork(Runtime& runtime) noexcept {
  if (runtime.io->poller.leave_parent()) runtime.io->pool.leave_parent(runtime);
}

}  // namespace lwp
