// SPDX-License-Identifier: MIT
#include "core/watch.h"

#include <cstdarg>
#include <cstdio>

#include "core/overflow.h"

namespace lwp {

namespace {

bool is_set(const timeval& time) noexcept { return (time.tv_sec | time.tv_usec) != 0; }

void report_if_longer(const timeval& since, const timeval& now, const timeval& threshold,
                      const Pcb& pcb, const char* what) noexcept {
  timeval spent;
  timersub(&now, &since, &spent);
  if (!timercmp(&spent, &threshold, >)) return;
  tm local;
  localtime_r(&now.tv_sec, &local);
  fprintf(stderr, "[ %02d:%02d:%02d ] ***LWP %s(%p) %s %d secs %6d usecs\n", local.tm_hour,
          local.tm_min, local.tm_sec, pcb.name, static_cast<void*>(pcb.handle), what,
          static_cast<int>(spent.tv_sec), static_cast<int>(spent.tv_usec));
  fflush(stderr);
}

void check_work_time(Runtime& runtime, const Pcb* previous, const Pcb& next) noexcept {
  // The exported variable is the primary's; the I/O manager and programs may reset it.
  timeval& last = runtime.primary ? last_context_switch : runtime.last_dispatch;
  timeval now;
  gettimeofday(&now, nullptr);
  if (last.tv_sec != 0 && previous != nullptr && runtime.last_dispatched == previous) {
    report_if_longer(last, now, cont_sw_threshold, *previous, "took too much cpu");
  }
  last = now;
  runtime.last_dispatched = &next;
}

void check_run_wait(Pcb& pcb) noexcept {
  if (!is_set(pcb.ready_since)) return;
  timeval now;
  gettimeofday(&now, nullptr);
  report_if_longer(pcb.ready_since, now, run_wait_threshold, pcb, "run-wait too long");
  pcb.ready_since = {};
}

void print_rings(const Runtime& runtime) noexcept {
  for (int priority = 0; priority < kPriorities; ++priority) {
    const Pcb* const head = runtime.queue.head(priority);
    int count = 0;
    const Pcb* pcb = head;
    if (head != nullptr) do {
        ++count;
        pcb = pcb->next;
      } while (pcb != head);
    printf("[Priority %d, runnable (%d):", priority, count);
    for (int i = 0; i < count; ++i, pcb = pcb->next) printf(" \"%s\"", pcb->name);
    puts("]");
  }
  int blocked = 0;
  runtime.handles.for_each([&](const Pcb& pcb) { blocked += is_blocked(pcb); });
  printf("[Blocked (%d):", blocked);
  runtime.handles.for_each([](const Pcb& pcb) {
    if (is_blocked(pcb)) printf(" \"%s\"", pcb.name);
  });
  puts("]");
}

}  // namespace

void watch_before_dispatch(Runtime& runtime) noexcept {
  Pcb& self = *runtime.current;
  if (LWP_TraceProcesses > 0) print_rings(runtime);
  check_canary(runtime, self);
  if (run_waits_are_watched() && self.state == PcbState::ready) watch_ready(self);
}

void watch_dispatch(Runtime& runtime, const Pcb* previous, Pcb& next) noexcept {
  if (LWP_TraceProcesses > 0) {
    printf("Dispatch %d [PCB at %p] \"%s\"\n", *runtime.dispatch_count,
           static_cast<void*>(next.handle), next.name);
  }
  if (is_set(cont_sw_threshold)) check_work_time(runtime, previous, next);
  if (run_waits_are_watched()) check_run_wait(next);
}

void watch_ready(Pcb& pcb) noexcept {
  pcb.rare_in_use = true;
  gettimeofday(&pcb.ready_since, nullptr);
}

void log_line(const char* format, ...) noexcept {
  if (lwp_debug <= 0 || lwp_logfile == nullptr) return;
  const Runtime* const runtime = this_runtime();
  PROCESS const self = runtime != nullptr ? runtime->current->handle : nullptr;
  fprintf(lwp_logfile, "***LWP (%p): ", static_cast<void*>(self));
  va_list arguments;
  va_start(arguments, format);
  vfprintf(lwp_logfile, format, arguments);
  va_end(arguments);
  fputc('\n', lwp_logfile);
  fflush(lwp_logfile);
}

}  // namespace lwp
