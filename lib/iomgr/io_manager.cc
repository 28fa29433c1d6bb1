// SPDX-License-Identifier: MIT
#include "iomgr/io_manager.h"

#include <errno.h>

#include <algorithm>
#include <new>

#include "base/cache_line.h"
#include "base/legacy_variables.h"
#include "base/prefetch.h"
#include "core/cancel.h"
#include "core/control.h"
#include "core/event.h"
#include "core/life.h"
#include "core/safe_point.h"
#include "core/scheduler.h"
#include "iomgr/unix_signal.h"
#include "iomgr/wake_plan.h"
#include "sigsafe/signal_catcher.h"
#include "time/fast_time.h"

namespace lwp {

namespace {

constexpr int kStackSize = 32768;
constexpr int kPriority = 0;

// Nothing knows the request any more.
void detach(Runtime& runtime, IoRequest& request) noexcept {
  for (int i = 0; i < request.interest_count; ++i) {
    runtime.io->poller.unwatch(request.interests[i]);
  }
  if (request.deadline != kNever) runtime.io->deadlines.erase(*request.waiter);
  request.waiter->io_request = nullptr;
  --runtime.io_waiters;
}

void forget_io(Runtime& runtime, Pcb& pcb) noexcept { detach(runtime, *pcb.io_request); }

// What it will touch up to the call that waits, on a stack that has not been used since. Into the
// middle cache: many others may run before it.
void prefetch_frames(const Pcb& pcb) noexcept {
  constexpr std::size_t kLines = 9;
  const auto* const frame = static_cast<const char*>(pcb.context.frame);
  for (std::size_t line = 0; line < kLines; ++line) {
    prefetch<kMiddleCache>(frame + line * kCacheLine);
  }
}

void finish(Runtime& runtime, IoRequest& request, IoOutcome outcome) noexcept {
  prefetch_frames(*request.waiter);
  request.outcome = outcome;
  detach(runtime, request);
  forget_wait(runtime, *request.waiter);  // of events, if it waited for these as well
  make_ready(runtime, *request.waiter);
  ++runtime.io->made_ready;
}

// --- one look at everything that may be due, in this order

// Calls started() after each procedure that has become an LWP.
template <typename Started>
void start_soft_signals(Runtime& runtime, Started started) noexcept {
  const auto start = [&](const SoftSignals::Request& request) {
    Pcb* pcb;
    const NewLwp handler = {request.procedure, request.argument, request.stack_size,
                            request.priority, "SignalHandler"};
    return create_lwp(runtime, handler, &pcb) == Rc::success;
  };
  runtime.soft_signals.take(start, started);
}

// Those whose deadlines are not behind that time. Whether there were any.
bool expire_until(Runtime& runtime, std::int64_t time) noexcept {
  DeadlineQueue& deadlines = runtime.io->deadlines;
  deadlines.advance(time);
  bool woke = false;
  deadlines.prefetch_waiters(time);
  for (DueNode* first; (first = deadlines.front()) != nullptr && first->deadline <= time;) {
    finish(runtime, *first->request, IoOutcome::timed_out);
    woke = true;
  }
  return woke;
}

bool expire(Runtime& runtime) noexcept {
  (void)fetch_time(nullptr, nullptr);  // with every look, as ever: FT_LastTime is no older
  if (runtime.io->deadlines.empty()) return false;
  runtime.io->looked_at = monotonic_ns();
  return expire_until(runtime, runtime.io->looked_at);
}

// The manager has slept until this deadline: those who have it wake before others are looked at
// that have come due since. To the microsecond, as callers say it, but none early. With them wake
// those for whom it has slept a little longer.
void expire_slept(Runtime& runtime, const Poller::Until& until) noexcept {
  constexpr std::int64_t kNsPerMicrosecond = 1000;
  const std::int64_t first = until.deadline;
  const std::int64_t last = first - first % kNsPerMicrosecond + kNsPerMicrosecond - 1;
  std::int64_t now = monotonic_ns();
  while (now < last) now = monotonic_ns();
  (void)expire_until(runtime, std::max(last, std::min(until.wake, now)));
}

void serve_reported(Runtime& runtime) noexcept {
  IoManager& io = *runtime.io;
  IoRequest** const end = io.reported + io.reported_count;
  const auto before = [](const IoRequest* a, const IoRequest* b) { return served_before(*a, *b); };
  if (!std::is_sorted(io.reported, end, before)) std::sort(io.reported, end, before);
  for (int i = 0; i < io.reported_count; ++i) finish(runtime, *io.reported[i], IoOutcome::ready);
  io.reported_count = 0;
}

bool note_reported(void* context, FdInterest& interest) noexcept {
  auto& runtime = *static_cast<Runtime*>(context);
  IoManager& io = *runtime.io;
  IoRequest& request = *interest.request;
  if (request.outcome == IoOutcome::ready) return true;  // noted already
  if (io.reported_count == IoManager::kMaxReported) return false;
  request.outcome = IoOutcome::ready;
  prefetch(request.waiter);  // for finish()
  prefetch(&request.waiter->io_request);
  io.reported[io.reported_count++] = &request;
  return true;
}

// Whether somebody became ready.
bool look_at_descriptors(Runtime& runtime) noexcept {
  (void)runtime.io->poller.wait({0}, note_reported, &runtime);
  const bool woke = runtime.io->reported_count > 0;
  serve_reported(runtime);
  return woke;
}

void take_due_messages(Runtime& runtime) noexcept {
  if (LWP_LIKELY(runtime.messages_due == kNever) || runtime.messages_due > monotonic_ns()) return;
  runtime.take_messages(runtime);
}

// --- the I/O manager's own LWP

// Nobody else is ready: until somebody is to be, this kernel thread has nothing to do.
void sleep_until_due(Runtime& runtime) noexcept {
  IoManager& io = *runtime.io;
  if (runtime.before_sleep != nullptr && runtime.before_sleep(runtime)) return;
  // From here on a handler that notes something also ends the sleep; what came before is seen now.
  runtime.sleeping.store(true, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool due = runtime.inbox.pending() || runtime.attention.rung.load() ||
                   has_caught_something(runtime) || io.pool.has_done();
  Poller::Until until = due ? Poller::Until{0} : plan_wake(io.deadlines, io.looked_at);
  if (runtime.messages_due < until.deadline) until = {runtime.messages_due};
  if (runtime.primary) last_context_switch = {};  // time asleep is not time worked
  const bool slept_enough = io.poller.wait(until, note_reported, &runtime);
  (void)fetch_time(nullptr, nullptr);
  runtime.sleeping.store(false, std::memory_order_relaxed);
  // One of these has ended the sleep: it comes first, and the rest at the next turn.
  (void)empty_inbox(runtime);
  serve_reported(runtime);
  if (slept_enough) expire_slept(runtime, until);
}

// Switches: the manager goes behind everybody who is ready.
void let_others_run(Runtime& runtime) noexcept {
  const int dispatches = *runtime.dispatch_count;
  dispatch(runtime);
  if (*runtime.dispatch_count != dispatches + 1) runtime.io->poller.doubt();
  notice_fork(runtime);
}

// The manager's turn begins among those to whom have_manager_come_next() may have put it: at this
// priority.
int step_back(Runtime& runtime) noexcept {
  const int place = runtime.current->priority;
  (void)set_priority(runtime, *runtime.current, kPriority);
  return place;
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
    int place = step_back(runtime);
    io.turn_began = *runtime.dispatch_count;
    io.made_ready = 0;
    (void)empty_inbox(runtime);
    take_due_messages(runtime);
    // Each runs, as far as it goes without waiting, before anything else is done.
    start_soft_signals(runtime, [&] {
      let_others_run(runtime);
      place = std::max(place, step_back(runtime));
    });
    bool woke = deliver_unix_signals(runtime);
    woke |= io.pool.collect(runtime);
    woke |= expire(runtime);
    bool looked = true;
    if (woke && turns < kTurnsWithoutDescriptors) {
      ++turns;
      looked = false;
    } else {
      turns = 0;
      if (!woke && !runtime.queue.has_rival(*runtime.current)) {
        sleep_until_due(runtime);
      } else if (io.poller.watching()) {
        (void)look_at_descriptors(runtime);
        looked = io.made_ready < Poller::kBatch;
      }
    }
    if (!looked) (void)set_priority(runtime, *runtime.current, place);
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
  const NewLwp manager = {io_main, nullptr, kStackSize, kPriority, "IO MANAGER"};
  if (const Rc rc = create_lwp(runtime, manager, &pcb); rc != Rc::success) {
    io->poller.stop();
    unmap_memory(runtime.block, memory, sizeof(IoManager));
    return rc;
  }
  io->lwp = pcb->handle;
  io->pcb = pcb;
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
  Pcb* const manager = runtime.handles.find(runtime.io->lwp);
  if (manager != nullptr) destroy_lwp(runtime, *manager);
  runtime.io->poller.stop();
  unmap_memory(runtime.block, runtime.io, sizeof(IoManager));
  runtime.io = nullptr;
  runtime.idle_lwp = nullptr;
  runtime.poll_waiters = nullptr;
  runtime.forget_io = nullptr;
  runtime.cancel_io = nullptr;
}

void notice_fork(Runtime& runtime) noexcept {
  if (runtime.io->poller.leave_parent()) runtime.io->pool.leave_parent(runtime);
}

int watch_all(Runtime& runtime, IoRequest& request) noexcept {
  // Ended, perhaps, since the caller was woken from a wait that it has to repeat.
  if (const Rc rc = start_io(runtime); rc != Rc::success) {
    return rc == Rc::no_memory ? ENOMEM : EMFILE;
  }
  notice_fork(runtime);
  for (int i = 0; i < request.interest_count; ++i) {
    request.interests[i].request = &request;
    const int error = runtime.io->poller.watch(request.interests[i]);
    if (error == 0) continue;
    while (i > 0) runtime.io->poller.unwatch(request.interests[--i]);
    return error;
  }
  return 0;
}

IoOutcome block_on_io(Runtime& runtime, IoRequest& request) noexcept {
  Pcb& self = *runtime.current;
  request.waiter = &self;
  request.sequence = runtime.io->next_sequence++;
  self.io_request = &request;
  if (request.deadline != kNever) runtime.io->deadlines.insert(request);
  ++runtime.io_waiters;
  if (LWP_UNLIKELY(cancellation_is_due(self))) {
    self.flags |= kWaitCut;
    detach(runtime, request);
    forget_wait(runtime, self);
    return IoOutcome::cancelled;
  }
  stop_running(runtime);
  dispatch(runtime);
  return request.outcome;
}

bool have_manager_come_next(Runtime& runtime) noexcept {
  constexpr int kOthers = 8;
  const IoManager& io = *runtime.io;
  const Pcb& self = *runtime.current;
  if (*runtime.dispatch_count - io.turn_began > io.made_ready + kOthers ||
      runtime.queue.any_between(kPriority, self.priority) ||
      runtime.queue.any_between(self.priority, kPriorities)) {
    return false;
  }
  if (runtime.queue.has_rival(self)) (void)set_priority(runtime, *io.pcb, self.priority);
  return true;
}

bool cancel_io(Runtime& runtime, Pcb& pcb) noexcept {
  if (pcb.io_request == nullptr) return false;
  finish(runtime, *pcb.io_request, IoOutcome::cancelled);
  return true;
}

bool poll_io(Runtime& runtime) noexcept {
  notice_fork(runtime);
  take_due_messages(runtime);
  bool woke = false;
  start_soft_signals(runtime, [&] { woke = true; });
  woke |= deliver_unix_signals(runtime);
  woke |= runtime.io->pool.collect(runtime);
  woke |= expire(runtime);
  if (!runtime.io->poller.watching()) return woke;
  runtime.io->poller.doubt();
  return look_at_descriptors(runtime) || woke;
}

}  // namespace lwp
