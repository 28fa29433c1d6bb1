// SPDX-License-Identifier: MIT
// memory.cc - resident memory of LWPs that have run once and wait, and the time of every stage of
// their lives.
//   memory [LWPS ...]
#include <lwp/lwp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "own_memory.h"

namespace {

constexpr int kStack = 16384;
constexpr int kPriority = 2;
constexpr std::size_t kSamples = 100;

std::size_t started;
std::size_t ended;
std::size_t sample_every;
std::vector<const char*> samples;  // places on stacks, one of so many

void live(void* event) {
  char here;
  if (++started % sample_every == 0) samples.push_back(&here);
  LWP_WaitProcess(event);
  ++ended;
}

void measure(std::size_t count) {
  std::vector<char> events(count, 1);  // resident now
  sample_every = count / kSamples;
  samples.reserve(kSamples + 1);
  if (LWP_Init(LWP_VERSION, kPriority, nullptr) != LWP_SUCCESS) abort();
  const auto each = static_cast<double>(count);
  const auto since = [&](double begin) { return (bench::cpu_ns() - begin) / each; };
  const bench::Usage before = bench::usage();

  double begin = bench::cpu_ns();
  for (char& event : events) {
    if (LWP_CreateProcess(live, kStack, kPriority - 1, &event, "idle", nullptr) != LWP_SUCCESS) {
      fprintf(stderr, "memory: no memory for %zu LWPs\n", count);
      exit(EXIT_FAILURE);
    }
  }
  const double creating = since(begin);
  static char all_idle;
  begin = bench::cpu_ns();
  LWP_CreateProcess([](void* done) { LWP_NoYieldSignal(done); }, kStack, kPriority - 1, &all_idle,
                    "last", nullptr);
  LWP_WaitProcess(&all_idle);
  const double running = since(begin);
  const bench::Usage idle = bench::usage();
  std::size_t guards = 0;
  for (const char* const place : samples) guards += bench::guarded(place);

  begin = bench::cpu_ns();
  for (const char& event : events) LWP_NoYieldSignal(&event);
  const double signalling = since(begin);
  begin = bench::cpu_ns();
  LWP_CreateProcess([](void* done) { LWP_NoYieldSignal(done); }, kStack, kPriority - 1, &all_idle,
                    "last", nullptr);
  LWP_WaitProcess(&all_idle);
  const double ending = since(begin);
  if (started != count || ended != count) abort();
  begin = bench::cpu_ns();
  LWP_TerminateProcessSupport();
  const double unmapping = since(begin);

  char what[64];
  const auto print = [&](const char* stage, const char* name, double value, const char* unit) {
    snprintf(what, sizeof what, "%zu LWPs, %s", count, stage);
    bench::report(what, {name, value, unit});
  };
  const auto page = static_cast<double>(getpagesize());
  const double resident = (idle.resident - before.resident) / each;
  snprintf(what, sizeof what, "%zu LWPs, resident", count);
  bench::report(what, {"one page", page, "B"}, {"each", resident, "B"}, resident / page);
  print("page tables", "each", (idle.page_tables - before.page_tables) / each, "B");
  print("guarded", "of the sampled",
        100.0 * static_cast<double>(guards) / static_cast<double>(samples.size()), "%");
  print("mappings", "in all", static_cast<double>(idle.mappings - before.mappings), "VMAs");
  print("create", "each", creating, "ns");
  print("run until it waits", "each", running, "ns");
  print("signal", "each", signalling, "ns");
  print("run until it ends", "each", ending, "ns");
  print("give all back", "each", unmapping, "ns");
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin();
  std::vector<long> counts = {10000, 100000, 1000000};
  if (argc > 1) counts.clear();
  for (int i = 1; i < argc; ++i) counts.push_back(atol(argv[i]));
  for (const long count : counts) {
    if (count < static_cast<long>(kSamples)) {
      fprintf(stderr, "memory: %ld LWPs are too few\n", count);
      return EXIT_FAILURE;
    }
    const long kb = count * (getpagesize() + 1024) / 1024;
    if (bench::number_of("/proc/meminfo", "MemAvailable:") < kb) {
      printf("%ld LWPs need more memory than is available\n", count);
      continue;
    }
    fflush(stdout);
    const pid_t child = fork();  // so that each begins with no memory of its own
    if (child == 0) {
      measure(static_cast<std::size_t>(count));
      exit(EXIT_SUCCESS);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
