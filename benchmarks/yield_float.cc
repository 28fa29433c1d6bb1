// SPDX-License-Identifier: MIT
// yield_float.cc - a ring that yields, half of whose members have done inexact arithmetic, or round
// upward; beside one without floating point. The raw jump saves and loads MXCSR, and to load a
// value that differs from the present one is what costs. One that carries the sticky flags along,
// as arch/context.h does, stands between.
#include <lwp/lwp.h>

#include <cfenv>
#include <cstdint>

#include "bench.h"
#include "raw_ring.h"

namespace {

constexpr int kRing = 2;
constexpr std::size_t kMembers = 100;
constexpr std::size_t kTurns = 20000;

using History = void (*)(std::size_t);

void none(std::size_t) {}

void half_inexact(std::size_t index) {
  volatile double sum = 1;
  if (index % 2 == 1) sum = sum / 3;
}

void half_upward(std::size_t index) {
  if (index % 2 == 1) fesetround(FE_UPWARD);
}

// The flags that earlier figures have raised would make everybody alike.
void forget() {
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
}

#if defined(__x86_64__)
inline bench::transfer_t carrying_jump(bench::fcontext_t to, void* self) {
  constexpr std::uint32_t kStickyFlags = 0x3f;
  auto& resumed_mxcsr = *static_cast<std::uint32_t*>(to);
  std::uint32_t mxcsr;
  __asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
  const std::uint32_t more = mxcsr & ~resumed_mxcsr & kStickyFlags;
  if (__builtin_expect(more != 0, 0)) resumed_mxcsr |= more;
  return boost::context::detail::jump_fcontext(to, self);
}
#endif

template <bench::transfer_t (*kJump)(bench::fcontext_t, void*)>
double raw(History history) {
  forget();
  bench::RawRing<kJump> ring(kMembers, history);
  ring.turn(1000);
  const double begin = bench::cpu_ns();
  ring.turn(kTurns);
  return (bench::cpu_ns() - begin) / static_cast<double>(kTurns * kMembers);
}

History lwp_history;
std::size_t lwp_index;

void yield_for_ever(void*) {
  lwp_history(lwp_index++);
  for (;;) LWP_DispatchProcess();
}

struct Measurement {
  double ns;
  char done;
};

void measure(void* argument) {
  for (int i = 0; i < 1000; ++i) LWP_DispatchProcess();
  const double begin = bench::cpu_ns();
  for (std::size_t i = 0; i < kTurns; ++i) LWP_DispatchProcess();
  auto& measurement = *static_cast<Measurement*>(argument);
  measurement.ns = (bench::cpu_ns() - begin) / static_cast<double>(kTurns * kMembers);
  LWP_NoYieldSignal(&measurement.done);
  LWP_DispatchProcess();
}

double lwp(History history) {
  forget();
  lwp_history = history;
  lwp_index = 0;
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  for (std::size_t i = 1; i < kMembers; ++i) {
    LWP_CreateProcess(yield_for_ever, 0, kRing, nullptr, "yield", nullptr);
  }
  Measurement measurement = {};
  LWP_CreateProcess(measure, 0, kRing, &measurement, "measure", nullptr);
  LWP_WaitProcess(&measurement.done);
  LWP_TerminateProcessSupport();
  return measurement.ns;
}

template <typename Ring>
void compare(const char* who, Ring ring) {
  char what[64];
  snprintf(what, sizeof what, "%s, half did inexact arithmetic", who);
  bench::compare(
      what, [&] { return ring(none); }, [&] { return ring(half_inexact); }, "clean", "mixed");
  snprintf(what, sizeof what, "%s, half round upward", who);
  bench::compare(
      what, [&] { return ring(none); }, [&] { return ring(half_upward); }, "clean", "mixed");
}

}  // namespace

int main() {
  bench::pin();
  constexpr auto kPlain = boost::context::detail::jump_fcontext;
  compare("raw", raw<kPlain>);
#if defined(__x86_64__)
  compare("raw + flags", raw<carrying_jump>);
  bench::compare(
      "raw + flags, clean", [] { return raw<kPlain>(none); },
      [] { return raw<carrying_jump>(none); }, "raw fcontext", "raw + flags");
#endif
  compare("LWP", lwp);
  return EXIT_SUCCESS;
}
