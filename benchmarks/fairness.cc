// SPDX-License-Identifier: MIT
// fairness.cc - how equally N LWPs that never yield share the processor under time slices.
//   fairness [SECONDS [SLICE_US]]
//
// Each adds up its time: a time stamp that comes long after the last one tells that others have
// run. Work would tell of the machine's speed as well, which changes.
//
// With "half in libc" work is counted, and every other one spends half of its time in the C
// library, where ticks do not act but try again: its slices end late. That is its gain, and must
// not be the loss of whoever comes next: "libc/computing" compares the two kinds.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench.h"
#include "time_stamp.h"

namespace {

struct Worker {
  volatile unsigned long rounds = 0;
  std::uint64_t time = 0;  // in time stamps
};

char start;

inline void compute() {
  for (volatile int i = 0; i < 40; ++i) {
  }
}

inline void half_in_libc() {
  static char bytes[16384];
  compute();
  memset(bytes, 1, sizeof bytes);
}

template <void (*round)()>
void work(void* argument) {
  auto& self = *static_cast<Worker*>(argument);
  LWP_WaitProcess(&start);
  PRE_PreemptMe();
  for (;;) {
    round();
    ++self.rounds;
  }
}

std::uint64_t shortest_absence;

void spend_time(void* argument) {
  auto& self = *static_cast<Worker*>(argument);
  LWP_WaitProcess(&start);
  PRE_PreemptMe();
  for (std::uint64_t last = bench::stamp();;) {
    const std::uint64_t now = bench::stamp();
    if (now - last < shortest_absence) self.time += now - last;
    last = now;
  }
}

template <void (*round)()>
double ns_of() {
  constexpr int kRounds = 200000;
  std::vector<double> each;
  for (int run = 0; run < bench::kRuns; ++run) {
    const double begin = bench::cpu_ns();
    for (int i = 0; i < kRounds; ++i) round();
    each.push_back((bench::cpu_ns() - begin) / kRounds);
  }
  return bench::median(each);
}

double spread(std::vector<double> shares) {
  const auto ends = std::minmax_element(shares.begin(), shares.end());
  return *ends.second / *ends.first;
}

// Lets them work, and ends with them.
void let_work(std::vector<Worker>& workers, void (*even)(void*), void (*odd)(void*), long seconds,
              long slice_us) {
  constexpr int kStack = 65536;
  timeval slice = {slice_us / 1000000, slice_us % 1000000};
  const timespec while_they_work = {seconds, 0};
  const timespec until_all_wait = {0, 1000000};
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    LWP_CreateProcess(i % 2 == 0 ? even : odd, kStack, 2, &workers[i], "worker", nullptr);
  }
  LWPX_Sleep(&until_all_wait);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) abort();
  LWP_NoYieldSignal(&start);
  LWPX_Sleep(&while_they_work);
  PRE_EndPreempt();
  LWP_TerminateProcessSupport();
}

void share_time(std::size_t count, long seconds, long slice_us) {
  std::vector<Worker> workers(count);
  let_work(workers, spend_time, spend_time, seconds, slice_us);
  std::vector<double> times;
  for (const Worker& worker : workers) times.push_back(static_cast<double>(worker.time));
  char what[64];
  snprintf(what, sizeof what, "%zu LWPs", count);
  bench::report(what, {"most/least", spread(times), "x"});
}

void share_with_libc(std::size_t count, long seconds, long slice_us) {
  const double plain_ns = ns_of<compute>();
  const double libc_ns = ns_of<half_in_libc>();
  std::vector<Worker> workers(count);
  let_work(workers, work<half_in_libc>, work<compute>, seconds, slice_us);
  std::vector<double> plain;
  std::vector<double> other;
  for (std::size_t i = 0; i < count; ++i) {
    const auto rounds = static_cast<double>(workers[i].rounds);
    if (i % 2 == 0) other.push_back(rounds * libc_ns);
    if (i % 2 != 0) plain.push_back(rounds * plain_ns);
  }
  char what[64];
  snprintf(what, sizeof what, "%zu LWPs, half in libc", count);
  const double slices = 1e9 * static_cast<double>(seconds) / static_cast<double>(count);
  bench::report(what, {"most/least", spread(plain), "x"});
  bench::report(what, {"libc/computing", bench::median(other) / bench::median(plain), "x"});
  bench::report(what, {"share computing", bench::median(plain) / slices, "x"});
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = argc > 1 ? atol(argv[1]) : 10;
  const long slice_us = argc > 2 ? atol(argv[2]) : 1000;
  if (seconds < 1 || slice_us < 20) {
    fprintf(stderr, "usage: fairness [SECONDS [SLICE_US]]\n");
    return EXIT_FAILURE;
  }
  bench::pin();
  constexpr double kShortestAbsenceNs = 20000;
  shortest_absence = static_cast<std::uint64_t>(kShortestAbsenceNs * bench::stamps_per_ns());
  for (const std::size_t count : {2, 10, 100}) share_time(count, seconds, slice_us);
  for (const std::size_t count : {2, 10, 100}) share_with_libc(count, seconds, slice_us);
  return EXIT_SUCCESS;
}
