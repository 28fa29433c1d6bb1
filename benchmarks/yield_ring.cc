// SPDX-License-Identifier: MIT
// yield_ring.cc - N LWPs that do nothing but yield, in a ring, beside raw fcontext: a ring whose
// members keep who comes next, as LWPs do, and the fastest one, in which a counter tells.
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

// ns per switch of a ring of `count` that goes round by turn(turns).
template <typename Turn>
double per_switch(std::size_t count, Turn turn) {
  constexpr std::size_t kSwitches = 3000000;
  const std::size_t turns = kSwitches / count + 1;
  const double begin = bench::cpu_ns();
  turn(turns);
  return (bench::cpu_ns() - begin) / static_cast<double>(turns * count);
}

template <bench::NextBy kNextBy>
void compare_with_raw(const char* format, std::size_t count, const char* raw_name) {
  bench::RawRing<boost::context::detail::jump_fcontext, kNextBy> ring(count);
  char what[64];
  snprintf(what, sizeof what, format, count);
  bench::compare(
      what, [&] { return per_switch(count, [&](std::size_t turns) { ring.turn(turns); }); },
      [&] {
        return per_switch(count, [](std::size_t turns) {
          for (std::size_t i = 0; i < turns; ++i) LWP_DispatchProcess();
        });
      },
      raw_name);
}

// One of the ring itself, as the first LWP has a higher priority to stay out of it.
void measure(void* argument) {
  auto& measurement = *static_cast<Measurement*>(argument);
  compare_with_raw<bench::NextBy::member>("yield, ring of %zu", measurement.count, "raw ring");
  compare_with_raw<bench::NextBy::counter>("yield, ring of %zu, to the fastest", measurement.count,
                                           "fastest raw");
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
