// SPDX-License-Identifier: MIT
// preemption_cost.cc - what preemption takes, beside a bare signal on the same kind of timer.
//   preemption_cost [PERIOD_US]
//
// A loop reads the time stamp counter all the time; a signal shows as a gap. With time slices two
// LWPs share the loop and its last reading, so a gap is all that a preemption takes: the signal,
// the switch, and the return into the other LWP. Gaps without a signal, of which there may be as
// many, are none of these: the handler, or the other LWP, leaves its name.
//
// How many periods were kept is told beside the processor time of the kernel thread: where the
// system gives the processor to others, neither handler is called.
#include <lwp/lwp.h>
#include <preempt/watch.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench.h"
#include "time_stamp.h"

#if !defined(sigev_notify_thread_id)
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace {

constexpr std::size_t kGaps = 2000;

// What the loops share.
std::uint64_t shortest_gap;
std::uint64_t longest_gap;
enum Name { kHandler, kFirst, kSecond };
volatile Name latest;
std::uint64_t last;
volatile std::size_t gap_count;
std::uint64_t gaps[kGaps];

// An LWP that was moved before the exchange comes back with a reading of a slice ago, older
// than that of the other: such gaps are none.
void look_for_gaps(Name self) {
  while (gap_count < kGaps) {
    const bool nobody_else = latest == self;
    const std::uint64_t now = bench::stamp();
    const std::uint64_t before = __atomic_exchange_n(&last, now, __ATOMIC_RELAXED);
    if (now < before) {
      __atomic_store_n(&last, bench::stamp(), __ATOMIC_RELAXED);
      continue;
    }
    if (nobody_else) continue;
    latest = self;
    const std::uint64_t gap = now - before;
    if (gap < shortest_gap || gap > longest_gap) continue;
    const std::size_t place = gap_count;
    if (place < kGaps) gaps[place] = gap;
    gap_count = place + 1;
  }
}

struct Result {
  double gap_us;
  double kept;     // periods that had a signal, or a preemption,
  double periods;  // of so many
};

template <typename Count>
Result measure(double per_ns, long period_us, Count count) {
  const double before = count();
  const double begin = bench::cpu_ns();
  gap_count = 0;
  latest = kFirst;
  last = bench::stamp();
  look_for_gaps(kFirst);
  const double periods = (bench::cpu_ns() - begin) / 1e3 / static_cast<double>(period_us);
  return {bench::median({gaps, gaps + kGaps}) / per_ns / 1e3, count() - before, periods};
}

volatile unsigned long bare_signals;

void do_nothing(int, siginfo_t*, void*) {
  bare_signals = bare_signals + 1;
  latest = kHandler;
}

Result bare_signal(double per_ns, long period_us) {
  struct sigaction action = {};
  struct sigaction before;
  action.sa_sigaction = do_nothing;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(SIGALRM, &action, &before);
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event.sigev_notify_thread_id = gettid();
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) abort();
  const itimerspec when = {{0, period_us * 1000}, {0, period_us * 1000}};
  timer_settime(timer, 0, &when, nullptr);
  const Result result =
      measure(per_ns, period_us, [] { return static_cast<double>(bare_signals); });
  timer_delete(timer);
  sigaction(SIGALRM, &before, nullptr);
  return result;
}

double preemptions() {
  PRE_Counters counters;
  counters.size = sizeof counters;
  PRE_GetCounters(nullptr, &counters);
  return static_cast<double>(counters.preemptions);
}

void share_the_loop(void*) {
  PRE_PreemptMe();
  for (;;) {
    LWP_DispatchProcess();
    look_for_gaps(kSecond);
  }
}

Result preemption(double per_ns, long period_us) {
  timeval slice = {0, period_us};
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) abort();
  PRE_PreemptMe();
  const Result result = measure(per_ns, period_us, preemptions);
  PRE_BeginCritical();
  PRE_EndPreempt();
  return result;
}

void compare_with_bare_signal(double per_ns, long period_us) {
  std::vector<double> bare_us, ours_us, ratios;
  double bare_kept = 0, bare_periods = 0, ours_kept = 0, ours_periods = 0;
  for (int run = 0; run < bench::kRuns; ++run) {
    const Result bare = bare_signal(per_ns, period_us);
    const Result ours = preemption(per_ns, period_us);
    bare_us.push_back(bare.gap_us);
    ours_us.push_back(ours.gap_us);
    ratios.push_back(ours.gap_us / bare.gap_us);
    bare_kept += bare.kept;
    bare_periods += bare.periods;
    ours_kept += ours.kept;
    ours_periods += ours.periods;
  }
  char what[64];
  snprintf(what, sizeof what, "tick, every %ld us", period_us);
  bench::report(what, {"empty handler", bench::median(bare_us), "us"},
                {"preemption", bench::median(ours_us), "us"}, bench::median(ratios));
  snprintf(what, sizeof what, "kept, every %ld us", period_us);
  const double bare_percent = 100 * bare_kept / bare_periods;
  const double our_percent = 100 * ours_kept / ours_periods;
  bench::report(what, {"empty handler", bare_percent, "%"}, {"preemption", our_percent, "%"},
                our_percent / bare_percent);
}

double ns_per_section() {
  constexpr int kTimes = 10000000;
  const double begin = bench::cpu_ns();
  for (int i = 0; i < kTimes; ++i) {
    PRE_BeginCritical();
    PRE_EndCritical();
  }
  return (bench::cpu_ns() - begin) / kTimes;
}

double ns_per_round() {
  constexpr int kTimes = 50000000;
  const double begin = bench::cpu_ns();
  for (volatile int i = 0; i < kTimes; i = i + 1) {
  }
  return (bench::cpu_ns() - begin) / kTimes;
}

// While nobody else could run.
void cost_alone() {
  std::vector<double> without, with, sections, ratios;
  timeval slice = {0, 50};
  PRE_Counters before, after;
  before.size = after.size = sizeof before;
  PRE_PreemptMe();
  PRE_GetCounters(nullptr, &before);
  for (int run = 0; run < bench::kRuns; ++run) {
    const double first = ns_per_round();
    PRE_InitPreempt(&slice);
    with.push_back(ns_per_round());
    sections.push_back(ns_per_section());
    PRE_EndPreempt();
    without.push_back((first + ns_per_round()) / 2);
    ratios.push_back(with.back() / without.back());
  }
  PRE_GetCounters(nullptr, &after);
  bench::report("round of a loop that is alone", {"without slices", bench::median(without)},
                {"with slices", bench::median(with)}, bench::median(ratios));
  bench::report("ticks meanwhile",
                {"in all", static_cast<double>(after.ticks - before.ticks), "n"});
  bench::report("BeginCritical + EndCritical", {"LWP", bench::median(sections)});
}

}  // namespace

int main(int argc, char** argv) {
  const long period_us = argc > 1 ? atol(argv[1]) : 50;
  if (period_us < 20 || period_us >= 1000000) {
    fprintf(stderr, "usage: preemption_cost [PERIOD_US]\n");
    return EXIT_FAILURE;
  }
  bench::pin();
  const double per_ns = bench::stamps_per_ns();
  shortest_gap = static_cast<std::uint64_t>(500 * per_ns);
  longest_gap = static_cast<std::uint64_t>(500 * static_cast<double>(period_us) * per_ns);
  if (LWP_Init(LWP_VERSION, 2, nullptr) != LWP_SUCCESS) abort();
  cost_alone();
  PRE_BeginCritical();
  LWP_CreateProcess(share_the_loop, 65536, 2, nullptr, "other", nullptr);
  compare_with_bare_signal(per_ns, period_us);
  return EXIT_SUCCESS;
}
