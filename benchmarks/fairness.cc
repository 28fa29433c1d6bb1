// SPDX-License-Identifier: MIT
// fairness.cc - how equally N LWPs that never yield share the processor under time slices.
//   fairness [SECONDS [SLICE_US]]
//
// Each counts its work. With "half libc", every other one spends half of its time in the C library,
// where ticks do not act but try again: its slices end late. That is its gain, and must not be the
// loss of whoever comes next: "other/computing" compares the two kinds.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench.h"

namespace {

struct Worker {
  volatile unsigned long rounds = 0;
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

void share(std::size_t count, bool libc, long seconds, long slice_us) {
  constexpr int kStack = 65536;
  timeval slice = {slice_us / 1000000, slice_us % 1000000};
  const timespec while_they_work = {seconds, 0};
  const timespec until_all_wait = {0, 1000000};
  const double plain_ns = ns_of<compute>();
  const double libc_ns = ns_of<half_in_libc>();
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  std::vector<Worker> workers(count);
  for (std::size_t i = 0; i < count; ++i) {
    LWP_CreateProcess(libc && i % 2 == 0 ? work<half_in_libc> : work<compute>, kStack, 2,
                      &workers[i], "worker", nullptr);
  }
  LWPX_Sleep(&until_all_wait);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) abort();
  LWP_NoYieldSignal(&start);
  LWPX_Sleep(&while_they_work);
  PRE_EndPreempt();
  std::vector<double> plain;
  std::vector<double> other;
  for (std::size_t i = 0; i < count; ++i) {
    const auto rounds = static_cast<double>(workers[i].rounds);
    if (libc && i % 2 == 0) other.push_back(rounds * libc_ns);
    if (!libc || i % 2 != 0) plain.push_back(rounds * plain_ns);
  }
  LWP_TerminateProcessSupport();
  char what[64];
  snprintf(what, sizeof what, "%zu LWPs%s", count, libc ? ", half in libc" : "");
  bench::report(what, {"most/least", spread(plain), "x"});
  if (libc) {
    const double slices = 1e9 * static_cast<double>(seconds) / static_cast<double>(count);
    bench::report(what, {"libc/computing", bench::median(other) / bench::median(plain), "x"});
    bench::report(what, {"share computing", bench::median(plain) / slices, "x"});
  }
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
  for (const bool libc : {false, true}) {
    for (const std::size_t count : {2, 10, 100}) share(count, libc, seconds, slice_us);
  }
  return EXIT_SUCCESS;
}
