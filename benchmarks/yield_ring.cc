// SPDX-License-Identifier: MIT
// yield_ring.cc - N LWPs that do nothing but yield, in a ring, beside raw fcontext.
//   yield_ring [N ...]
#include <lwp/lwp.h>

#include <cstdlib>

#include "bench.h"
#include "raw_ring.h"

namespace {

struct Measurement {
  std::size_t count;
  int done;  // event
};

void yield_for_ever(void*) {
  for (;;) LWP_DispatchProcess();
}

// One of the ring itself, as the first LWP has a higher priority to stay out of it.
void measure(void* argument) {
  auto& measurement = *static_cast<Measurement*>(argument);
  const std::size_t count = measurement.count;
  constexpr std::size_t kSwitches = 3000000;
  const std::size_t turns = kSwitches / count + 1;
  bench::RawRing ring(count);

  char what[64];
  snprintf(what, sizeof what, "yield, ring of %zu", count);
  bench::compare(
      what,
      [&] {
        const double begin = bench::cpu_ns();
        ring.turn(turns);
        return (bench::cpu_ns() - begin) / static_cast<double>(turns * count);
      },
      [&] {
        const double begin = bench::cpu_ns();
        for (std::size_t i = 0; i < turns; ++i) LWP_DispatchProcess();
        return (bench::cpu_ns() - begin) / static_cast<double>(turns * count);
      });
  LWP_NoYieldSignal(&measurement.done);
  LWP_DispatchProcess();
}

void run(std::size_t count) {
  constexpr int kStack = 262144;
  constexpr int kRing = 2;
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  for (std::size_t i = 1; i < count; ++i) {
    if (LWP_CreateProcess(yield_for_ever, 0, kRing, nullptr, "yield", nullptr) != LWP_SUCCESS) {
      fprintf(stderr, "yield_ring: no memory for LWP %zu of %zu\n", i, count);
      exit(EXIT_FAILURE);
    }
  }
  Measurement measurement = {count, 0};
  LWP_CreateProcess(measure, kStack, kRing, &measurement, "measure", nullptr);
  LWP_WaitProcess(&measurement.done);
  LWP_TerminateProcessSupport();
}

}  // namespace

int main(int argc, char** argv) {
  bench::pin();
  if (argc == 1) {
    for (const std::size_t count : {2, 10, 100, 1000, 10000, 100000}) run(count);
  }
  for (int i = 1; i < argc; ++i) {
    const long count = atol(argv[i]);
    if (count < 1) {
      fprintf(stderr, "yield_ring: '%s' is not a number of LWPs\n", argv[i]);
      return EXIT_FAILURE;
    }
    run(static_cast<std::size_t>(count));
  }
  return EXIT_SUCCESS;
}
