// SPDX-License-Identifier: MIT
// calls.cc - library calls that do not switch, beside a call of a function that does nothing.
#include <lwp/lwp.h>
#include <preempt/loop.h>

#include "bench.h"

namespace {

constexpr long kTimes = 20000000;

__attribute__((noinline)) void nothing() { __asm__ __volatile__(""); }

template <typename Body>
void compare(const char* what, Body body) {
  bench::compare(
      what, [] { return bench::ns_each(kTimes, nothing); },
      [&] { return bench::ns_each(kTimes, body); }, "empty call");
}

}  // namespace

int main() {
  constexpr int kTag = 7;
  static char rock;
  static char event;
  bench::pin();
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  if (LWP_NewRock(kTag, &rock) != LWP_SUCCESS) abort();
  compare("PRE_BeginCritical + PRE_EndCritical", [] {
    PRE_BeginCritical();
    PRE_EndCritical();
  });
  compare("the same, not inlined", [] {
    (PRE_BeginCritical)();
    (PRE_EndCritical)();
  });
  compare("PRE_Checkpoint", [] { PRE_Checkpoint(); });
  compare("LWP_ThisProcess", [] { LWP_ThisProcess(); });
  compare("LWP_CurrentProcess", [] {
    PROCESS self;
    LWP_CurrentProcess(&self);
  });
  compare("LWP_Index", [] { LWP_Index(); });
  compare("LWP_GetRock", [] {
    char* value;
    LWP_GetRock(kTag, &value);
  });
  compare("LWP_NoYieldSignal, nobody waits", [] { LWP_NoYieldSignal(&event); });
  compare("LWP_DispatchProcess, nobody else", [] { LWP_DispatchProcess(); });
  return LWP_TerminateProcessSupport();
}
