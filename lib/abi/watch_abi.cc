// SPDX-License-Identifier: MIT
// watch_abi.cc - the functions of <preempt/watch.h>.
#include <preempt/watch.h>

#include <algorithm>
#include <cstring>

#include "abi/visit.h"
#include "preempt/watchdog.h"

using namespace lwp;

namespace {

// Up to the last member that the first structure of this name had.
constexpr std::size_t kSmallestCounters =
    offsetof(PRE_Counters, no_rival) + sizeof(PRE_Counters::no_rival);

template <typename Number>
PRE_Counters to_public(const TickCounts<Number>& counts) noexcept {
  PRE_Counters all = {};
  all.ticks = counts.ticks;
  all.preemptions = counts.moved;
  all.deferred_level = counts.of(Deferral::level);
  all.deferred_vetoed = counts.of(Deferral::vetoed);
  all.deferred_code = counts.of(Deferral::code);
  all.deferred_mask = counts.of(Deferral::signal_mask);
  all.deferred_stack = counts.of(Deferral::stack);
  all.no_rival = counts.of(Deferral::no_rival);
  return all;
}

}  // namespace

extern "C" {

int PRE_GetCounters(PROCESS pid, struct PRE_Counters* counters) {
  const Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  if (counters->size < kSmallestCounters) return LWP_ESYSTEM;
  const Visit visit;
  const Pcb* const pcb = pid != nullptr ? runtime->handles.find(pid) : nullptr;
  if (pid != nullptr && pcb == nullptr) return LWP_EBADPID;
  PRE_Counters all = pcb != nullptr ? to_public(pcb->ticks) : to_public(runtime->counters);
  all.size = counters->size;
  memcpy(counters, &all, std::min(all.size, sizeof all));
  return LWP_SUCCESS;
}

int PRE_SetWatchdog(const struct timeval* limit, void (*report)(const struct PRE_Stuck*, void*),
                    void* argument) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  std::int64_t ns = 0;
  if (limit != nullptr && !to_ns(*limit, &ns)) return LWP_ESYSTEM;
  const Inside inside(*runtime);
  set_watchdog(*runtime, ns, report, argument);
  return LWP_SUCCESS;
}

}  // extern "C"
