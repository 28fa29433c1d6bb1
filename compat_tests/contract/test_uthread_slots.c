/* SPDX-License-Identifier: MIT */
/* The threads of the course with time slots: endless loops take turns, and end with their time. */
#define UTHREAD_TIME_SLOTS
#define UTHREAD_TICK_US 1000L
#include <lwp/dialect/uthread.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <preempt/watch.h>

#include "child_case.h"
#include "counters.h"

static struct thread* add(void (*f)(void*), void* arg, int slots) {
  struct thread* const t = thread_create(f, arg, slots);
  expect(t != NULL);
  thread_add_runqueue(t);
  return t;
}

static void loop_for_ever(void* turns) {
  for (;;) ++*(volatile long*)turns;
}

static volatile long turns[3];
static struct thread* loops[2]; /* without a limit: others end them */

CASE(endless_loops_take_turns_and_end_with_their_time) {
  int i;
  for (i = 0; i < 3; ++i) add(loop_for_ever, (void*)(uintptr_t)&turns[i], 5);
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  for (i = 0; i < 3; ++i) expect(turns[i] > 0);
}

CASE(endless_loop_that_is_alone_ends_with_its_time) {
  struct thread* const t = add(loop_for_ever, (void*)(uintptr_t)&turns[0], 3);
  expect_int(thread_start_threading(2), LWP_SUCCESS);
  expect(turns[0] > 0);
  expect_int(LWPX_Ready((PROCESS)t), LWP_EBADPID);
}

static void loop_until_there_are_no_ticks(void* other) {
  volatile int i;
  const unsigned long long before = counters_of_all().no_rival;
  expect_int(LWPX_SetPriority((PROCESS)other, 0), LWP_SUCCESS);
  while (counters_of_all().no_rival == before) {
    for (i = 0; i < 1000; ++i) {
    }
  }
}

/* Nobody had needed ticks before its turn. */
CASE(endless_loop_that_comes_to_be_alone_ends_with_its_time) {
  struct thread* const t = add(loop_for_ever, (void*)(uintptr_t)&turns[0], 3);
  add(loop_until_there_are_no_ticks, t, 0);
  expect_int(thread_start_threading(2), LWP_SUCCESS);
  expect(turns[0] > 0);
}

static void wait_for_both_loops(void* unused) {
  (void)unused;
  while (turns[0] == 0 || turns[1] == 0) {
  }
  note("both");
}

static void end_the_loops(void* unused) {
  wait_for_both_loops(unused);
  LWP_DestroyProcess((PROCESS)loops[0]);
  LWP_DestroyProcess((PROCESS)loops[1]);
}

CASE(threads_without_a_limit_are_preempted) {
  loops[0] = add(loop_for_ever, (void*)(uintptr_t)&turns[0], 0);
  loops[1] = add(loop_for_ever, (void*)(uintptr_t)&turns[1], -1);
  add(end_the_loops, NULL, 0);
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  expect_transcript("both");
}

static void note_end(void* unused) {
  (void)unused;
  note("cleaned");
}

static void loop_with_clean_up(void* unused) {
  struct LWPX_Cleanup place;
  (void)unused;
  LWPX_PushCleanup(&place, note_end, NULL);
  for (;;) {
  }
}

CASE(thread_whose_time_is_over_cleans_up) {
  add(loop_with_clean_up, NULL, 2);
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  expect_transcript("cleaned");
}

static void outlast_the_time(void* unused) {
  volatile long here = 0;
  const long before = turns[1];
  (void)unused;
  LWPX_SetCancelState(LWPX_CANCEL_DISABLE, NULL);
  while (turns[1] < before + 1000000) ++here;
  note("done");
  LWP_DestroyProcess((PROCESS)loops[1]);
  LWPX_SetCancelState(LWPX_CANCEL_ENABLE, NULL);
  for (;;) {
  }
}

CASE(time_does_not_count_while_cancellation_is_disabled) {
  loops[0] = add(outlast_the_time, NULL, 1);
  loops[1] = add(loop_for_ever, (void*)(uintptr_t)&turns[1], 0);
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  expect_transcript("done");
}

static void return_at_once(void* unused) {
  (void)unused;
  note("returned");
}

CASE(slots_out_of_range_are_refused_and_nothing_runs) {
  add(return_at_once, NULL, 1);
  expect_int(thread_start_threading(0), LWP_ESYSTEM);
  expect_int(thread_start_threading(-1), LWP_ESYSTEM);
  expect_int(uthread_start_slots(1, 1), LWP_ESYSTEM); /* less than 20 microseconds */
  if (sizeof(long) == 8) {                            /* 100 microseconds, modulo 2^64 ns */
    expect_int(uthread_start_slots(1, (long)18446744073709653LL), LWP_ESYSTEM);
  }
  expect_transcript("");
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  expect_transcript("returned");
}

/* Preemption is as it was: on with the old slice, or off. */
static volatile long other_turns;

static void count_for_ever(void* unused) {
  (void)unused;
  PRE_PreemptMe();
  for (;;) ++other_turns;
}

CASE(preemption_is_as_before_afterwards) {
  struct timeval slice = {0, 2000};
  long before;
  add(return_at_once, NULL, 1);
  expect_int(PRE_InitPreempt(&slice), LWP_SUCCESS);
  expect_int(thread_start_threading(1), LWP_SUCCESS);
  expect_int(LWP_CreateProcess(count_for_ever, 0, LWP_NORMAL_PRIORITY, NULL, "", NULL),
             LWP_SUCCESS); /* gives the processor back only at the end of its slice */
  PRE_PreemptMe();
  for (before = other_turns; other_turns == before;) {
  }
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(endless_loops_take_turns_and_end_with_their_time),
      cmocka_unit_test(endless_loop_that_is_alone_ends_with_its_time),
      cmocka_unit_test(endless_loop_that_comes_to_be_alone_ends_with_its_time),
      cmocka_unit_test(threads_without_a_limit_are_preempted),
      cmocka_unit_test(thread_whose_time_is_over_cleans_up),
      cmocka_unit_test(time_does_not_count_while_cancellation_is_disabled),
      cmocka_unit_test(slots_out_of_range_are_refused_and_nothing_runs),
      cmocka_unit_test(preemption_is_as_before_afterwards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
