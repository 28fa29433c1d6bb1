// SPDX-License-Identifier: MIT
// two_cores.cc - switches per second of one runtime, and of two on two cores; and what it costs to
// reach another runtime.
//
// On a machine that has other work, wall time tells how much of the cores there was to be had. So
// there is also the processor time of each kernel thread per switch: two runtimes that are not in
// each other's way need per switch what one needs alone, and then the second core counts in full.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <pthread.h>

#include "bench.h"

namespace {

constexpr int kRing = 100;
constexpr long kTurns = 30000;
constexpr int kMembers = 2;

double wall_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct alignas(64) Share {
  double wall;  // ns per switch
  double cpu;
};

struct Run {
  pthread_barrier_t start;
  Share shares[kMembers];
};

struct Ring {
  bool over;
};

void yield_until_over(void* argument) {
  const auto& ring = *static_cast<const volatile Ring*>(argument);
  while (!ring.over) LWP_DispatchProcess();
}

// A member's main, one of a ring of LWPs that yield.
void spin(void* argument, int index) {
  auto& run = *static_cast<Run*>(argument);
  Ring ring = {false};
  for (int i = 1; i < kRing; ++i) {
    LWP_CreateProcess(yield_until_over, 0, LWP_NORMAL_PRIORITY, &ring, "yield", nullptr);
  }
  for (int i = 0; i < 1000; ++i) LWP_DispatchProcess();
  pthread_barrier_wait(&run.start);
  const double wall = wall_ns();
  const double cpu = bench::cpu_ns();
  for (long i = 0; i < kTurns; ++i) LWP_DispatchProcess();
  constexpr double kSwitches = static_cast<double>(kTurns) * kRing;
  run.shares[index] = {(wall_ns() - wall) / kSwitches, (bench::cpu_ns() - cpu) / kSwitches};
  ring.over = true;
  LWP_DispatchProcess();
}

void start(int members, void (*main)(void*, int), void* argument) {
  LWPX_GROUPATTR attributes = LWPX_GROUPATTR_INITIALIZER;
  attributes.pin = 1;
  if (LWPX_StartRuntimesWith(&attributes, members, main, argument, nullptr) != LWP_SUCCESS) {
    fprintf(stderr, "two_cores: can not start %d runtimes\n", members);
    exit(EXIT_FAILURE);
  }
  LWPX_JoinRuntimes(nullptr, nullptr);
}

// Switches per ns, of all members together, by wall time and by processor time.
Share rate(int members) {
  Run run = {};
  pthread_barrier_init(&run.start, nullptr, static_cast<unsigned>(members));
  start(members, spin, &run);
  pthread_barrier_destroy(&run.start);
  Share sum = {};
  for (int i = 0; i < members; ++i) {
    sum.wall += 1 / run.shares[i].wall;
    sum.cpu += 1 / run.shares[i].cpu;
  }
  return sum;
}

void measure_scaling() {
  struct Series {
    std::vector<double> one, two, ratios;
    void add(double of_one, double of_two) {
      one.push_back(of_one * 1e9);
      two.push_back(of_two * 1e9);
      ratios.push_back(of_two / of_one);
    }
    void report(const char* what) {
      bench::report(what, {"one", bench::median(one), "/s"}, {"two", bench::median(two), "/s"},
                    bench::median(ratios));
    }
  };
  Series by_cpu, by_clock;
  (void)rate(1);
  for (int i = 0; i < bench::kRuns; ++i) {
    const Share one = rate(1);
    const Share two = rate(kMembers);
    by_cpu.add(one.cpu, two.cpu);
    by_clock.add(one.wall, two.wall);
  }
  by_cpu.report("switches, by processor time");
  by_clock.report("switches, by the clock");
}

// --- reaching the other

constexpr int kRallies = 2000;
constexpr double kLongestNs = 3e9;
PROCESS players[kMembers];
double rally_ns;  // the median: who loses its core for a while counts once
bool rallies_over;

// `awake`: there is an LWP that keeps the runtime from sleeping.
template <bool awake>
void play(void*, int index) {
  const LWPX_RUNTIME other = LWPX_RuntimeOf(nullptr, 1 - index);
  Ring ring = {false};
  if (awake) {
    LWP_CreateProcess(yield_until_over, 0, LWP_NORMAL_PRIORITY, &ring, "awake", nullptr);
  }
  __atomic_store_n(&players[index], LWP_ThisProcess(), __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&players[1 - index], __ATOMIC_SEQ_CST) == nullptr) LWP_DispatchProcess();
  std::vector<double> rallies;
  const double begin = wall_ns();
  for (double last = begin; !rallies_over;) {
    if (index == 0) LWPX_PostCredit(other, players[1]);
    LWP_QWait();
    if (index == 0) {
      const double now = wall_ns();
      rallies.push_back(now - last);
      last = now;
      rallies_over = rallies.size() == kRallies || now - begin > kLongestNs;
    }
    if (index == 1 || rallies_over) LWPX_PostCredit(other, players[1 - index]);
  }
  if (index == 0) rally_ns = bench::median(rallies);
  ring.over = true;
  LWP_DispatchProcess();
}

template <bool awake>
void measure_rally(const char* what) {
  std::vector<double> rallies;
  for (int i = 0; i < bench::kRuns; ++i) {
    players[0] = players[1] = nullptr;
    rallies_over = false;
    start(kMembers, play<awake>, nullptr);
    rallies.push_back(rally_ns);
  }
  bench::report(what, {"there and back", bench::median(rallies)});
}

// --- the sender's side alone

void wait_for_ever(void*, int) { LWP_WaitProcess(players); }

void measure_post() {
  constexpr int kPosts = 10000000;
  LWPX_GROUPATTR attributes = LWPX_GROUPATTR_INITIALIZER;
  LWPX_GROUP group = nullptr;
  attributes.inbox = 1 << 16;
  LWPX_StartRuntimesWith(&attributes, 1, wait_for_ever, nullptr, &group);
  const LWPX_RUNTIME runtime = LWPX_RuntimeOf(group, 0);
  static char nobody;
  std::vector<double> posts;
  double refused = 0;
  for (int run = 0; run < bench::kRuns; ++run) {
    const double begin = bench::cpu_ns();
    for (int i = 0; i < kPosts / bench::kRuns; ++i) {
      if (LWPX_Post(runtime, &nobody) != LWP_SUCCESS) ++refused;
    }
    posts.push_back((bench::cpu_ns() - begin) / (kPosts / bench::kRuns));
  }
  LWPX_StopRuntimes(group, LWPX_STOP_NOW);
  LWPX_JoinRuntimes(group, nullptr);
  bench::report("post, one after the other", {"sender", bench::median(posts)});
  bench::report("posts that found the inbox full", {"of all", refused / kPosts * 100, "%"});
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) < kMembers) {
    fputs("two_cores: needs two cores\n", stderr);
    return 77;
  }
  measure_scaling();
  measure_rally<true>("credit to a runtime at work");
  measure_rally<false>("credit to one that sleeps");
  measure_post();
  return EXIT_SUCCESS;
}
