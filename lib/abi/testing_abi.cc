// SPDX-License-Identifier: MIT
// testing_abi.cc - the function of <preempt/testing.h>.
#include <preempt/testing.h>

#include "abi/abi.h"
#include "core/forced_ticks.h"

using namespace lwp;

extern "C" int PRE_ForcePreemption(unsigned long seed, unsigned every) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  force_ticks(*runtime, seed, every);
  return LWP_SUCCESS;
}
