/* SPDX-License-Identifier: MIT */
/* test_preempt_libraries.c - shared objects that are not preempted, but use LWPs by themselves. */
#include <lwp/lwp.h>
#include <preempt/testing.h>

#include "child_case.h"
#include "plain_library.h"
#include "ticks.h"

static volatile int inside;
static volatile int met;

static void call_for_ever(void* parm) {
  volatile long* const turns = (volatile long*)parm;
  for (;;) {
    signal_half_done(&inside, &met);
    ++*turns;
    LWP_DispatchProcess();
  }
}

/* From now on a slice ends in each call of liblwp. */
static void start(volatile long* turns) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  start_lwp(call_for_ever, 2, (void*)turns);
  PRE_PreemptMe();
  expect_int(PRE_ForcePreemption(1, 1), LWP_SUCCESS);
  *turns = 0;
}

CASE(two_lwps_can_meet_inside_a_library_that_signals) {
  static volatile long turns;
  start(&turns);
  signal_half_done(&inside, &met);
  expect_int(turns, 1);
  expect_int(met, 1);
}

CASE(a_section_around_the_call_of_a_library_keeps_them_apart) {
  static volatile long turns;
  start(&turns);
  PRE_BeginCritical();
  signal_half_done(&inside, &met);
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
  expect_int(met, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_lwps_can_meet_inside_a_library_that_signals),
      cmocka_unit_test(a_section_around_the_call_of_a_library_keeps_them_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
