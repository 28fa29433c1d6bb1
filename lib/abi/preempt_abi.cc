// SPDX-License-Identifier: MIT
// preempt_abi.cc - the functions of <preempt/preempt.h>.
#include <preempt/preempt.h>

#include "abi/abi.h"
#include "preempt/slice.h"
#include "sigsafe/handler_mark.h"

using namespace lwp;

// Here the names mean the functions, for programs that were linked without the inline forms.
#undef PRE_BeginCritical
#undef PRE_EndCritical

extern "C" {

int PRE_InitPreempt(struct timeval* slice) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  std::int64_t ns = kDefaultSliceNs;
  if (slice != nullptr && !to_ns(*slice, &ns)) return LWP_ESYSTEM;
  const Inside inside(*runtime);
  const Rc rc = start_slices(*runtime, ns);
  return rc == Rc::success ? LWP_SUCCESS : LWP_ESYSTEM;
}

int PRE_EndPreempt(void) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  stop_slices(*runtime);
  return LWP_SUCCESS;
}

int PRE_SetAging(int slices) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (slices < 0) return LWP_ESYSTEM;
  const Inside inside(*runtime);
  set_aging(*runtime, slices);
  return LWP_SUCCESS;
}

void PRE_PreemptMe(void) {
  if (this_runtime() != nullptr) mark();
  // By one instruction, as everything that changes the word; the level is nobody else's.
  critical::add(-critical::level_of(critical::word()) * critical::kLevelUnit);
  lwpx_catch_up();
}

void PRE_BeginCritical(void) { lwpx_begin_critical_inline(); }
void PRE_EndCritical(void) { lwpx_end_critical_inline(); }

void PRE_Concurrent(int) {}

void lwpx_catch_up(void) {
  Runtime* const runtime = this_runtime();
  if (runtime != nullptr && critical::word() == 0 && !critical::in_library()) catch_up(*runtime);
}

}  // extern "C"
