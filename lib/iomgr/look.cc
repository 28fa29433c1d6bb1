// SPDX-License-Identifier: MIT
#include "iomgr/look.h"

#include <algorithm>

#include "base/cache_line.h"
#include "base/prefetch.h"
#include "iomgr/io_manager.h"
#include "iomgr/unix_signal.h"
#include "iomgr/wake_plan.h"

namespace lwp {

namespace {

// For the first ones of a chain, as many as will do.
void prefetch_waiters(const DueNode* due) noexcept {
  for (int i = 0; i < kMostAskedFor && due != nullptr; ++i, due = due->next) prefetch_waiter(*due);
}

// Those whose deadlines are not behind that time. Whether there were any. [Their memory is asked
// for though WakePlan has: not for all of it, and some has gone since.]
bool expire_until(Runtime& runtime, std::int64_t time) noexcept {
  const DueNode* due = runtime.io->deadlines.take_until(time);
  const bool any = due != nullptr;
  while (due != nullptr) {
    prefetch_waiters(due);
    for (int i = 0; i < kMostAskedFor && due != nullptr; ++i, due = due->next) {
      finish(runtime, *due->request, IoOutcome::timed_out);
    }
  }
  return any;
}

// What it will touch up to the call that waits, on a stack that has not been used since. Into the
// middle cache: many others may run before it.
void prefetch_frames(const Pcb& pcb) noexcept {
  constexpr std::size_t kLines = 9;
  const auto* const frame = static_cast<const char*>(pcb.context.frame);
  for (std::size_t line = 0; line < kLines; ++line) {
    prefetch<kMiddleCache>(frame + line * kCacheLine);
  }
}

}  // namespace

bool expire(Runtime& runtime) noexcept {
  if (runtime.io->deadlines.empty()) return false;
  runtime.io->looked_at = monotonic_ns();
  return expire_until(runtime, runtime.io->looked_at);
}

// The manager has slept until this deadline: those who have it wake before others are looked at
// that have come due since. To the microsecond, as callers say it, but none early. With them wake
// those for whom it has slept a little longer.
void expire_slept(Runtime& runtime, const Poller::Until& until, std::int64_t now) noexcept {
  const std::int64_t first = until.deadline;
  const std::int64_t last = first - first % kNsPerUs + kNsPerUs - 1;
  while (now < last) now = monotonic_ns();
  (void)expire_until(runtime, std::max(last, std::min(until.wake, now)));
}

void serve_reported(Runtime& runtime) noexcept {
  IoManager& io = *runtime.io;
  IoRequest** const end = io.reported + io.reported_count;
  const auto before = [](const IoRequest* a, const IoRequest* b) { return served_before(*a, *b); };
  if (!std::is_sorted(io.reported, end, before)) std::sort(io.reported, end, before);
  for (int i = 0; i < io.reported_count; ++i) {
    prefetch_frames(*io.reported[i]->waiter);
    finish(runtime, *io.reported[i], IoOutcome::ready);
  }
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

bool poll_io(Runtime& runtime) noexcept {
  notice_fork(runtime);
  take_due_messages(runtime);
  bool woke = false;
  start_soft_signals(runtime, [&] { woke = true; });
  woke |= deliver_unix_signals(runtime);
  woke |= runtime.io->pool.collect(runtime);
  woke |= expire(runtime);
  remember_time();
  if (!runtime.io->poller.watching()) return woke;
  runtime.io->poller.doubt();
  return look_at_descriptors(runtime) || woke;
}

}  // namespace lwp
