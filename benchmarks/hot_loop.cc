// SPDX-License-Identifier: MIT
// hot_loop.cc - time per iteration of a plain loop, of a preemptible one, and of one that
// checkpoints; and what it costs to begin and end a preemptible loop.
#include <lwp/lwp.h>
#include <preempt/loop.h>

#include "bench.h"

namespace {

constexpr long kIterations = 20000000;
volatile unsigned long sink;

template <typename Body>
double ns_per(long count, Body body) {
  const double begin = bench::cpu_ns();
  body();
  return (bench::cpu_ns() - begin) / static_cast<double>(count);
}

// Little work, so that an instruction more in the loop shows.
unsigned long step(unsigned long sum, long i) { return (sum ^ static_cast<unsigned long>(i)) + 1; }

double plain() {
  return ns_per(kIterations, [] {
    unsigned long sum = sink;
    for (long i = 0; i < kIterations; ++i) {
      sum = step(sum, i);
      __asm__ __volatile__("" : "+r"(sum));  // no vectors, no unrolling: as in the others
    }
    sink = sum;
  });
}

double preemptible() {
  return ns_per(kIterations, [] {
    unsigned long sum = sink;
    long i;
    PRE_LOOP(loop);
    PRE_FOR_UP(loop, i, 0, kIterations, 1) {
      sum = step(sum, i);
      __asm__ __volatile__("" : "+r"(sum));
    }
    sink = sum;
  });
}

double checkpointing() {
  return ns_per(kIterations, [] {
    unsigned long sum = sink;
    for (long i = 0; i < kIterations; ++i) {
      PRE_Checkpoint();
      sum = step(sum, i);
      __asm__ __volatile__("" : "+r"(sum));
    }
    sink = sum;
  });
}

// A loop of one iteration.
template <bool preemptible>
double short_loop() {
  constexpr long kLoops = 3000000;
  return ns_per(kLoops, [] {
    unsigned long sum = sink;
    for (long n = 0; n < kLoops; ++n) {
      long i;
      if constexpr (preemptible) {
        PRE_LOOP(loop);
        PRE_FOR_UP(loop, i, 0, 1, 1) sum = step(sum, i);
      } else {
        for (i = 0; i < 1; ++i) sum = step(sum, i);
      }
      __asm__ __volatile__("" : "+r"(sum));
    }
    sink = sum;
  });
}

}  // namespace

int main() {
  bench::pin();
  if (LWP_Init(LWP_VERSION, 2, nullptr) != LWP_SUCCESS) return EXIT_FAILURE;
  bench::compare("iteration of a loop", plain, preemptible, "plain", "preemptible");
  bench::compare("iteration with a checkpoint", plain, checkpointing, "plain", "checkpoint");
  bench::compare("loop of one iteration", short_loop<false>, short_loop<true>, "plain",
                 "preemptible");
  return LWP_TerminateProcessSupport();
}
