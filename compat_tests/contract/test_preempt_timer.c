/* SPDX-License-Identifier: MIT */
/* test_preempt_timer.c - when ticks come and when they do not; starting and stopping them often. */
#include <errno.h>
#include <lwp/lwp.h>
#include <time.h>

#include "child_case.h"
#include "ticks.h"

static void yield_once(void* parm) {
  (void)parm;
  LWP_DispatchProcess();
}

/* Sleeps in all for that long; returns how often it was interrupted. */
static int sleep_through(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  int interruptions = 0;
  while (nanosleep(&left, &left) != 0) {
    expect_int(errno, EINTR);
    ++interruptions;
  }
  return interruptions;
}

CASE(sleep_of_a_lone_lwp_is_not_interrupted) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(1000);
  expect_int(sleep_through(300), 0);
  PRE_PreemptMe();
  expect_int(sleep_through(300), 0);
}

CASE(lower_lwps_do_not_interrupt_a_sleep) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(1000);
  PRE_PreemptMe();
  start_lwp(yield_once, 1, NULL);
  expect_int(sleep_through(300), 0);
}

/* Ticks go on until one of them sees that nobody is left. */
static void sleep_after_others_have_ended(void) {
  start_lwp(yield_once, 2, NULL);
  work(100000);
  LWP_DispatchProcess();
  expect(sleep_through(300) <= 2);
  expect_int(sleep_through(100), 0);
}

CASE(ticks_stop_when_a_preemptible_lwp_is_left_alone) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(1000);
  PRE_PreemptMe();
  sleep_after_others_have_ended();
}

CASE(ticks_stop_when_an_lwp_that_is_not_preemptible_is_left_alone) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(1000);
  sleep_after_others_have_ended();
}

CASE(ticks_stop_when_an_lwp_in_a_section_is_left_alone) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(1000);
  PRE_PreemptMe();
  PRE_BeginCritical();
  sleep_after_others_have_ended();
  PRE_EndCritical();
}

static void count_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) ++*count;
}

CASE(ticks_come_back_with_company) {
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(300);
  PRE_PreemptMe();
  for (i = 0; i < 20; ++i) {
    volatile long count = 0;
    PROCESS other;
    long last;
    work(300000); /* long enough for the ticks to go to sleep */
    other = start_lwp(count_for_ever, 2, (void*)&count);
    for (last = count; count == last;) {
    }
    expect_int(LWP_DestroyProcess(other), LWP_SUCCESS);
  }
}

/* A tick that comes meanwhile acts at once, instead of finding the C library. */
static double now_in_section(void) {
  double now;
  PRE_BeginCritical();
  now = now_seconds();
  PRE_EndCritical();
  return now;
}

static void be_put_off_and_yield(void* parm) {
  PRE_PreemptMe();
  for (;;) {
    tick_in_libc(); /* the next try is to come after an eighth of a slice */
    ++*(volatile long*)parm;
    LWP_DispatchProcess();
  }
}

/* Where the machine has taken so long that the slice may have ended, once more. */
CASE(tick_put_off_by_one_lwp_does_not_end_the_slice_of_the_next) {
  const double slice = 1.6;
  volatile long turns = 0;
  double begin;
  long before;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(be_put_off_and_yield, 2, (void*)&turns);
  do {
    slices_of((long)(slice * 1e6));
    begin = now_in_section();
    LWP_DispatchProcess();
    before = turns;
    while (now_in_section() < begin + slice / 4) work(1000);
  } while (now_in_section() > begin + slice / 2);
  expect_int(turns, before);
  expect(turns >= 2);
}

static void note_after_sleep(void* parm) {
  struct timeval wait = {0, 10000};
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &wait), 0);
  *(volatile int*)parm = 1;
}

CASE(deadline_is_served_though_slices_start_later) {
  volatile int awake = 0;
  LWP_Init(LWP_VERSION, 2, NULL);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  start_lwp(note_after_sleep, 2, (void*)&awake);
  slices_of(1000);
  PRE_PreemptMe();
  while (!awake) {
  }
}

CASE(end_and_init_a_thousand_times) {
  volatile long count = 0;
  long i;
  long last;
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&count);
  PRE_PreemptMe();
  for (i = 0; i < 1000; ++i) {
    slices_of(20 + i % 100);
    work(i);
    expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  }
  slices_of(1000);
  for (last = count; count == last;) {
  }
}

CASE(terminate_while_lwps_are_preempted) {
  int i;
  int j;
  for (i = 0; i < 100; ++i) {
    volatile long counts[5] = {0, 0, 0, 0, 0};
    expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
    slices_of(50);
    for (j = 0; j < 5; ++j) start_lwp(count_for_ever, 2, (void*)&counts[j]);
    PRE_PreemptMe();
    while (counts[4] == 0) {
    }
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
}

CASE(an_lwp_that_was_preempted_may_be_destroyed) {
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(50);
  PRE_PreemptMe();
  for (i = 0; i < 200; ++i) {
    volatile long count = 0;
    PROCESS other = start_lwp(count_for_ever, 2, (void*)&count);
    while (count == 0) {
    }
    expect_int(LWP_DestroyProcess(other), LWP_SUCCESS);
  }
}

static void end_slices(void* parm) {
  (void)parm;
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
}

CASE(end_by_another_lwp_while_one_is_preempted) {
  volatile long turns = 0;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  PRE_BeginCritical();
  tick_here();
  expect_int(LWP_CreateProcess(end_slices, 0, 2, NULL, "", NULL), LWP_SUCCESS);
  PRE_EndCritical();
  expect_int(turns, 2);
  slices_by_hand();
  tick_here();
  expect_int(turns, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sleep_of_a_lone_lwp_is_not_interrupted),
      cmocka_unit_test(lower_lwps_do_not_interrupt_a_sleep),
      cmocka_unit_test(ticks_stop_when_a_preemptible_lwp_is_left_alone),
      cmocka_unit_test(ticks_stop_when_an_lwp_that_is_not_preemptible_is_left_alone),
      cmocka_unit_test(ticks_stop_when_an_lwp_in_a_section_is_left_alone),
      cmocka_unit_test(ticks_come_back_with_company),
      cmocka_unit_test(tick_put_off_by_one_lwp_does_not_end_the_slice_of_the_next),
      cmocka_unit_test(deadline_is_served_though_slices_start_later),
      cmocka_unit_test(end_and_init_a_thousand_times),
      cmocka_unit_test(terminate_while_lwps_are_preempted),
      cmocka_unit_test(an_lwp_that_was_preempted_may_be_destroyed),
      cmocka_unit_test(end_by_another_lwp_while_one_is_preempted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
