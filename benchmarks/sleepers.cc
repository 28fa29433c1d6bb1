// SPDX-License-Identifier: MIT
// sleepers.cc - LWPs that sleep until random moments: processor time per wake-up, and how late they
// wake while the processor has nothing else to do; and deadlines that never come.
//   sleepers [N]...
//
// All sleep at once, and together wake so many times a second, however many they are: what grows
// with their number is what a wake-up costs, and what falls with the rate is what sleeping costs.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <time.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "bench.h"
#include "time_stamp.h"

namespace {

constexpr double kRunSeconds = 0.5;

// xorshift64*; in [0, 1)
double random_share() {
  static std::uint64_t state = 88172645463325252u;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return static_cast<double>((state * 2685821657736338717u) >> 11) * 0x1p-53;
}

struct Sleepers {
  double mean_ns;  // of a sleep
  std::vector<double> late_ns;
};

void sleep_for_ever(void* argument) {
  auto& sleepers = *static_cast<Sleepers*>(argument);
  // As if all had slept for long: what is left of a sleep that is under way.
  double share = 1 - std::sqrt(random_share());
  for (;; share = random_share()) {
    const double ns = share * 2 * sleepers.mean_ns;
    const double deadline = bench::wall_ns() + ns;
    const auto whole_ns = static_cast<long>(ns);
    const timespec duration = {whole_ns / 1000000000, whole_ns % 1000000000};
    if (LWPX_Sleep(&duration) != LWP_SUCCESS) abort();
    sleepers.late_ns.push_back(bench::wall_ns() - deadline);
  }
}

void pause_for(double seconds) {
  const auto ns = static_cast<long>(seconds * 1e9);
  const timespec duration = {ns / 1000000000, ns % 1000000000};
  if (LWPX_Sleep(&duration) != LWP_SUCCESS) abort();
}

double percentile(std::vector<double>& values, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

void run(std::size_t count, double wakes_per_second) {
  constexpr int kStack = 16384;
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  if (IOMGR_Initialize() != LWP_SUCCESS) abort();
  Sleepers sleepers = {static_cast<double>(count) / wakes_per_second * 1e9, {}};
  sleepers.late_ns.reserve(static_cast<std::size_t>(wakes_per_second * 2));
  for (std::size_t i = 0; i < count; ++i) {
    if (LWP_CreateProcess(sleep_for_ever, kStack, LWP_NORMAL_PRIORITY, &sleepers, "sleeper",
                          nullptr) != LWP_SUCCESS) {
      fprintf(stderr, "sleepers: no memory for LWP %zu of %zu\n", i, count);
      exit(EXIT_FAILURE);
    }
  }
  pause_for(1);
  std::vector<double> cpu_us;
  std::vector<double> median_us;
  std::vector<double> p99_us;
  std::vector<double> per_second;
  for (int i = 0; i < bench::kRuns; ++i) {
    sleepers.late_ns.clear();
    const double begin_ns = bench::wall_ns();
    const double begin_cpu_ns = bench::cpu_ns();
    pause_for(kRunSeconds);
    const auto wakes = static_cast<double>(sleepers.late_ns.size());
    cpu_us.push_back((bench::cpu_ns() - begin_cpu_ns) / wakes / 1000);
    per_second.push_back(wakes / (bench::wall_ns() - begin_ns) * 1e9);
    median_us.push_back(percentile(sleepers.late_ns, 0.5) / 1000);
    p99_us.push_back(percentile(sleepers.late_ns, 0.99) / 1000);
  }
  char what[64];
  const auto tell = [&](const char* name, const std::vector<double>& values, const char* unit) {
    snprintf(what, sizeof what, "%zu sleepers, %.0f wake-ups/s", count, wakes_per_second);
    bench::report(what, {name, bench::median(values), unit});
  };
  tell("wake-ups", per_second, "/s");
  tell("processor time", cpu_us, "us");
  tell("late, median", median_us, "us");
  tell("late, p99", p99_us, "us");
  LWP_TerminateProcessSupport();
}

void signal_for_ever(void* event) {
  for (;;) {
    LWP_NoYieldSignal(event);
    LWP_DispatchProcess();
  }
}

void sleep_long(void*) { pause_for(3600); }

// An event comes before the deadline each time, as mostly it does in a server, while others sleep.
void run_in_vain(std::size_t count) {
  constexpr int kStack = 16384;
  constexpr long kTimes = 100000;
  static char event;
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  if (IOMGR_Initialize() != LWP_SUCCESS) abort();
  for (std::size_t i = 0; i < count; ++i) {
    if (LWP_CreateProcess(sleep_long, kStack, LWP_NORMAL_PRIORITY, nullptr, "sleeper", nullptr) !=
        LWP_SUCCESS) {
      abort();
    }
  }
  pause_for(0.1);
  if (LWP_CreateProcess(signal_for_ever, kStack, LWP_NORMAL_PRIORITY, &event, "signaller",
                        nullptr) != LWP_SUCCESS) {
    abort();
  }
  timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += 30;
  char what[64];
  snprintf(what, sizeof what, "deadline in vain, %zu others sleep", count);
  bench::compare(
      what, [] { return bench::ns_each(kTimes, [] { LWP_WaitProcess(&event); }); },
      [&] {
        return bench::ns_each(kTimes, [&] {
          deadline.tv_nsec = (deadline.tv_nsec + 1000) % 1000000000;
          LWPX_WaitProcessUntil(&event, &deadline);
        });
      },
      "no deadline");
  LWP_TerminateProcessSupport();
}

void run_all(std::size_t count) {
  for (const double rate : {2000, 20000, 50000, 200000}) run(count, rate);
  run_in_vain(count);
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin();
  if (argc == 1) {
    for (const std::size_t count : {10000, 100000}) run_all(count);
  }
  for (int i = 1; i < argc; ++i) {
    const long count = atol(argv[i]);
    if (count < 1) {
      fprintf(stderr, "sleepers: '%s' is not a number of LWPs\n", argv[i]);
      return EXIT_FAILURE;
    }
    run_all(static_cast<std::size_t>(count));
  }
  return EXIT_SUCCESS;
}
