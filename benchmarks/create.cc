// SPDX-License-Identifier: MIT
// create.cc - create an LWP, let it run, let it end: one at a time and many alive at once, with
// accounting of stack use (the default) and without. The floor is a raw context made on a stack
// that is used again and again, entered and left.
#include <lwp/lwp.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstdlib>
#include <memory>

#include "bench.h"

namespace {

constexpr int kStack = 65536;
constexpr int kPriority = 2;

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

void raw_end(transfer_t arrival) { jump_fcontext(arrival.fctx, arrival.data); }

double raw_create_run_exit() {
  constexpr int kTimes = 1000000;
  static char* const stack = static_cast<char*>(aligned_alloc(64, kStack));
  const double begin = bench::cpu_ns();
  for (int i = 0; i < kTimes; ++i) {
    jump_fcontext(make_fcontext(stack + kStack, kStack, raw_end), nullptr);
  }
  return (bench::cpu_ns() - begin) / kTimes;
}

int ended;

void end(void*) { ++ended; }

double create_run_exit(int alive) {
  const int rounds = 1000000 / alive;
  const double begin = bench::cpu_ns();
  ended = 0;
  for (int i = 0; i < rounds; ++i) {
    // Historically a creation yields. Those of the creator's priority would run at once, so they
    // have a lower one until all are there.
    const int priority = alive == 1 ? kPriority : kPriority - 1;
    for (int k = 0; k < alive; ++k) {
      if (LWP_CreateProcess(end, kStack, priority, nullptr, "short", nullptr) != LWP_SUCCESS) {
        fprintf(stderr, "create: no memory for %d LWPs\n", alive);
        exit(EXIT_FAILURE);
      }
    }
    if (alive > 1) {
      static char all_done;
      LWP_CreateProcess([](void*) { LWP_NoYieldSignal(&all_done); }, kStack, priority, nullptr,
                        "last", nullptr);
      LWP_WaitProcess(&all_done);
    }
  }
  if (ended != rounds * alive) abort();
  return (bench::cpu_ns() - begin) / (rounds * alive);
}

}  // namespace

int main() {
  bench::pin();
  if (LWP_Init(LWP_VERSION, kPriority, nullptr) != LWP_SUCCESS) abort();
  for (const int alive : {1, 1000}) {
    for (const int accounted : {1, 0}) {
      lwp_stackUseEnabled = accounted;
      char what[64];
      snprintf(what, sizeof what, "create+run+exit, %d alive%s", alive,
               accounted ? "" : ", no accounting");
      bench::compare(what, raw_create_run_exit, [alive] { return create_run_exit(alive); });
    }
  }
  return EXIT_SUCCESS;
}
