// SPDX-License-Identifier: MIT
// sleepers.cc - LWPs that sleep until random moments: processor time per wake-up, and how late they
// wake while the processor has nothing else to do; and deadlines that never come.
//   sleepers [N]...
//
// All sleep at once, and together wake so many times a second, however many they are: what grows
// with their number is what a wake-up costs, and what falls with the rate is what sleeping costs.
// The floor is a loop that wakes raw contexts and does nothing else.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "bench.h"
#include "raw_sleepers.h"
#include "time_stamp.h"

namespace {

// xorshift64*; in [0, 1)
double random_share() {
  static std::uint64_t state = 88172645463325252u;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return static_cast<double>((state * 2685821657736338717u) >> 11) * 0x1p-53;
}

constexpr long kUsualSlackNs = 100000;

struct Sleepers {
  double mean_ns;  // of a sleep
  long slack_ns;   // how late they may wake
  std::vector<double> late_ns;
};

template <typename Sleep>
void sleep_for_ever(Sleepers& sleepers, Sleep sleep) {
  // As if all had slept for long: what is left of a sleep that is under way.
  double share = 1 - std::sqrt(random_share());
  for (;; share = random_share()) {
    const double ns = share * 2 * sleepers.mean_ns;
    const double deadline = bench::wall_ns() + ns;
    sleep(static_cast<long>(ns));
    sleepers.late_ns.push_back(bench::wall_ns() - deadline);
  }
}

void sleep_as_lwp(long ns) {
  const timespec duration = {ns / 1000000000, ns % 1000000000};
  if (LWPX_Sleep(&duration) != LWP_SUCCESS) abort();
}

double percentile(std::vector<double>& values, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

struct Figures {
  double per_second;
  double cpu_us;
  double median_us;
  double p99_us;
};

// go_on(ns) lets time pass, and them sleep.
template <typename GoOn>
Figures measure(Sleepers& sleepers, GoOn go_on) {
  constexpr long kSettleNs = 300000000;
  constexpr long kRunNs = 400000000;
  go_on(kSettleNs);
  sleepers.late_ns.clear();
  const double begin_ns = bench::wall_ns();
  const double begin_cpu_ns = bench::cpu_ns();
  go_on(kRunNs);
  const auto wakes = static_cast<double>(sleepers.late_ns.size());
  return {wakes / (bench::wall_ns() - begin_ns) * 1e9,
          (bench::cpu_ns() - begin_cpu_ns) / wakes / 1000, percentile(sleepers.late_ns, 0.5) / 1000,
          percentile(sleepers.late_ns, 0.99) / 1000};
}

Figures measure_lwps(std::size_t count, Sleepers& sleepers) {
  constexpr int kStack = 16384;
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  const timespec slack = {0, sleepers.slack_ns};
  if (LWPX_SetTimerSlack(&slack) != LWP_SUCCESS) abort();
  const auto body = [](void* of_all) {
    sleep_for_ever(*static_cast<Sleepers*>(of_all), sleep_as_lwp);
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (LWP_CreateProcess(body, kStack, LWP_NORMAL_PRIORITY, &sleepers, "sleeper", nullptr) !=
        LWP_SUCCESS) {
      fprintf(stderr, "sleepers: no memory for LWP %zu of %zu\n", i, count);
      exit(EXIT_FAILURE);
    }
  }
  return measure(sleepers, sleep_as_lwp);
}

Figures measure_raw(std::size_t count, Sleepers& sleepers) {
  bench::RawSleepers loop(
      count, sleepers.slack_ns,
      +[](Sleepers& of_all, bench::RawSleepers& own_loop) {
        sleep_for_ever(of_all, [&](long ns) { own_loop.sleep(ns); });
      },
      sleepers);
  return measure(sleepers, [&](long ns) { loop.run(ns); });
}

// Each in a process of its own, since sleepers that are not looked after come due all at once.
template <typename Measure>
Figures in_child(Measure of, std::size_t count, double wakes_per_second, long slack_ns) {
  int report[2];
  if (pipe(report) != 0) abort();
  const pid_t pid = fork();
  if (pid == 0) {
    Sleepers sleepers = {static_cast<double>(count) / wakes_per_second * 1e9, slack_ns, {}};
    sleepers.late_ns.reserve(static_cast<std::size_t>(wakes_per_second * 2));
    const Figures figures = of(count, sleepers);
    _exit(write(report[1], &figures, sizeof figures) != sizeof figures);
  }
  close(report[1]);
  Figures figures;
  if (read(report[0], &figures, sizeof figures) != sizeof figures) exit(EXIT_FAILURE);
  close(report[0]);
  waitpid(pid, nullptr, 0);
  return figures;
}

void run(std::size_t count, double wakes_per_second, long slack_ns = kUsualSlackNs) {
  std::vector<Figures> floor;
  std::vector<Figures> ours;
  for (int i = 0; i < bench::kRuns; ++i) {
    floor.push_back(in_child(measure_raw, count, wakes_per_second, slack_ns));
    ours.push_back(in_child(measure_lwps, count, wakes_per_second, slack_ns));
  }
  const auto tell = [&](const char* name, double Figures::*figure, const char* unit) {
    std::vector<double> of_floor;
    std::vector<double> of_ours;
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      of_floor.push_back(floor[i].*figure);
      of_ours.push_back(ours[i].*figure);
      ratios.push_back(of_ours[i] / of_floor[i]);
    }
    char what[64];
    const int length =
        snprintf(what, sizeof what, "%zu sleepers, %.0f wake-ups/s", count, wakes_per_second);
    if (slack_ns != kUsualSlackNs) {
      snprintf(what + length, sizeof what - static_cast<std::size_t>(length), ", slack %ld us",
               slack_ns / 1000);
    }
    bench::report(what, {"raw loop", bench::median(of_floor), unit},
                  {name, bench::median(of_ours), unit}, bench::median(ratios));
  };
  tell("wake-ups", &Figures::per_second, "/s");
  tell("processor time", &Figures::cpu_us, "us");
  tell("late, median", &Figures::median_us, "us");
  tell("late, p99", &Figures::p99_us, "us");
}

void signal_for_ever(void* event) {
  for (;;) {
    LWP_NoYieldSignal(event);
    LWP_DispatchProcess();
  }
}

void sleep_long(void*) { sleep_as_lwp(3600L * 1000000000); }

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
  sleep_as_lwp(100000000);
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
  for (const long slack_ns : {500000, 1000000}) run(count, 20000, slack_ns);
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
