/* SPDX-License-Identifier: MIT */
/* test_preempt_aging.c - low priorities get a slice now and then, if the program asks for that. */
#include <lwp/iomgr.h>
#include <lwp/lwp.h>
#include <preempt/watch.h>

#include "child_case.h"
#include "ticks.h"

static void start(int slices) {
  LWP_Init(LWP_VERSION, 3, NULL);
  slices_by_hand();
  expect_int(PRE_SetAging(slices), LWP_SUCCESS);
  PRE_PreemptMe();
}

/* Each slice of the first LWP is a number. */
static void slices(int first, int last) {
  int i;
  for (i = first; i <= last; ++i) {
    note("%d", i);
    tick_here();
  }
}

static void compute(void* parm) {
  PRE_PreemptMe();
  for (;;) {
    note("%s", (const char*)parm);
    tick_here();
  }
}

static void yield_at_once(void* parm) {
  for (;;) {
    note("%s", (const char*)parm);
    LWP_DispatchProcess();
  }
}

static char event;

static void wait_at_once(void* parm) {
  for (;;) {
    note("%s", (const char*)parm);
    LWP_WaitProcess(&event);
  }
}

CASE(nobody_ages_unless_asked_for) {
  start(0);
  start_lwp(compute, 1, "low");
  slices(1, 10);
  expect_transcript("1 2 3 4 5 6 7 8 9 10");
}

CASE(low_lwp_gets_one_slice_in_three) {
  start(3);
  start_lwp(compute, 1, "low");
  slices(1, 7);
  expect_transcript("1 2 3 low 4 5 6 low 7");
}

/* The slice in which the other has run does not count. */
CASE(slice_out_of_turn_ends_with_a_yield) {
  start(3);
  start_lwp(yield_at_once, 1, "low");
  slices(1, 8);
  expect_transcript("1 2 3 low 4 5 6 7 low 8");
}

CASE(slice_out_of_turn_ends_with_a_wait) {
  start(2);
  start_lwp(wait_at_once, 1, "low");
  slices(1, 5);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  slices(6, 9);
  expect_transcript("1 2 low 3 4 5 6 7 8 low 9");
}

CASE(lwps_of_one_priority_take_turns) {
  start(2);
  start_lwp(compute, 1, "a");
  start_lwp(compute, 1, "b");
  slices(1, 7);
  expect_transcript("1 2 a 3 4 b 5 6 a 7");
}

CASE(each_priority_ages_for_itself) {
  start(4);
  start_lwp(compute, 2, "mid");
  slices(1, 2);
  start_lwp(compute, 1, "low");
  slices(3, 11);
  expect_transcript("1 2 3 4 mid 5 low 6 7 mid 8 low 9 10 mid 11 low");
}

CASE(of_two_that_are_equally_old_the_better_one_is_first) {
  start(3);
  start_lwp(compute, 2, "mid");
  start_lwp(compute, 1, "low");
  slices(1, 5);
  expect_transcript("1 2 3 mid low 4 5 mid low");
}

static void note_at_event(void* parm) {
  LWP_WaitProcess(&event);
  note("%s", (const char*)parm);
}

static void sleep_for_ever(void* parm) {
  (void)parm;
  IOMGR_Select(0, NULL, NULL, NULL, NULL);
}

CASE(the_running_lwp_does_not_age_beside_a_better_one) {
  start(1);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  start_lwp(sleep_for_ever, 3, NULL); /* so that ticks are of use */
  start_lwp(note_at_event, 4, "high");
  slices(1, 2); /* in which nobody is dispatched */
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  slices(3, 4);
  expect_transcript("1 2 3 high 4");
}

CASE(equals_share_as_ever) {
  start(3);
  start_lwp(compute, 3, "equal");
  start_lwp(compute, 1, "low");
  slices(1, 4);
  expect_transcript("equal equal 1 equal low 2 equal 3 low equal 4 equal low");
}

static PROCESS high;

static void wake_the_first(void* parm) {
  for (;;) {
    note("%s", (const char*)parm);
    LWP_QSignal(high);
    LWP_DispatchProcess();
  }
}

CASE(time_of_its_own_makes_an_lwp_young) {
  start(3);
  high = LWP_ThisProcess();
  start_lwp(wake_the_first, 1, "low");
  slices(1, 2);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  slices(3, 6);
  expect_transcript("1 2 low 3 4 5 6 low");
}

CASE(aging_can_be_turned_off) {
  start(2);
  start_lwp(compute, 1, "low");
  slices(1, 2);
  expect_int(PRE_SetAging(0), LWP_SUCCESS);
  slices(3, 8);
  expect_transcript("1 2 low 3 4 5 6 7 8");
}

CASE(priorities_stay) {
  int priority = -1;
  PROCESS low;
  start(1);
  low = start_lwp(compute, 1, "low");
  slices(1, 3);
  expect_int(LWP_GetProcessPriority(low, &priority), LWP_SUCCESS);
  expect_int(priority, 1);
  expect_transcript("1 low 2 low 3 low");
}

static void count_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) ++*count;
}

/* Ticks come though nobody else of the first LWP's priority is ready. */
static void wait_for_turns(volatile long* count) {
  int i;
  for (i = 0; i < 10; ++i) {
    const long last = *count;
    while (*count == last) {
    }
  }
}

CASE(real_ticks_age) {
  volatile long count = 0;
  LWP_Init(LWP_VERSION, 3, NULL);
  slices_of(200);
  expect_int(PRE_SetAging(5), LWP_SUCCESS);
  PRE_PreemptMe();
  start_lwp(count_for_ever, 1, (void*)&count);
  wait_for_turns(&count);
}

CASE(aging_that_begins_later_brings_ticks) {
  volatile long count = 0;
  LWP_Init(LWP_VERSION, 3, NULL);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  slices_of(200);
  PRE_PreemptMe();
  start_lwp(count_for_ever, 0, (void*)&count);
  work(1000000);
  expect_int(count, 0);
  expect_int(PRE_SetAging(5), LWP_SUCCESS);
  wait_for_turns(&count);
}

static void wait_and_count(void* parm) {
  volatile long* const count = (volatile long*)parm;
  ++*count;
  LWP_WaitProcess(&event);
  count_for_ever(parm);
}

CASE(who_becomes_ready_when_nobody_was_ages_too) {
  volatile long count = 0;
  LWP_Init(LWP_VERSION, 3, NULL);
  slices_of(200);
  expect_int(PRE_SetAging(5), LWP_SUCCESS);
  PRE_PreemptMe();
  start_lwp(wait_and_count, 1, (void*)&count);
  while (count == 0) {
  }
  slices_of(200); /* as there is nobody else, no tick comes */
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  wait_for_turns(&count);
}

CASE(bad_calls_are_refused) {
  expect_int(PRE_SetAging(1), LWP_EINIT);
  start(2);
  start_lwp(compute, 1, "low");
  expect_int(PRE_SetAging(-1), LWP_ESYSTEM);
  slices(1, 3);
  expect_transcript("1 2 low 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody_ages_unless_asked_for),
      cmocka_unit_test(low_lwp_gets_one_slice_in_three),
      cmocka_unit_test(slice_out_of_turn_ends_with_a_yield),
      cmocka_unit_test(slice_out_of_turn_ends_with_a_wait),
      cmocka_unit_test(lwps_of_one_priority_take_turns),
      cmocka_unit_test(each_priority_ages_for_itself),
      cmocka_unit_test(of_two_that_are_equally_old_the_better_one_is_first),
      cmocka_unit_test(the_running_lwp_does_not_age_beside_a_better_one),
      cmocka_unit_test(equals_share_as_ever),
      cmocka_unit_test(time_of_its_own_makes_an_lwp_young),
      cmocka_unit_test(aging_can_be_turned_off),
      cmocka_unit_test(priorities_stay),
      cmocka_unit_test(real_ticks_age),
      cmocka_unit_test(aging_that_begins_later_brings_ticks),
      cmocka_unit_test(who_becomes_ready_when_nobody_was_ages_too),
      cmocka_unit_test(bad_calls_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
