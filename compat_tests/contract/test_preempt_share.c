/* SPDX-License-Identifier: MIT */
/* test_preempt_share.c - who gets the processor when LWPs never call the library. */
#include <errno.h>
#include <lwp/lwp.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

enum { kMany = 1000 };

static volatile long counts[kMany];

static void count_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) ++*count;
}

static char gate;

static void count_when_all_are_there(void* parm) {
  LWP_WaitProcess(&gate);
  count_for_ever(parm);
}

static void wait_until_all_advance(int lwps, int rounds) {
  int round;
  int i;
  for (round = 0; round < rounds; ++round) {
    static long last[kMany];
    for (i = 0; i < lwps; ++i) last[i] = counts[i];
    for (i = 0; i < lwps; ++i) {
      while (counts[i] == last[i]) {
      }
    }
  }
}

static void share(int lwps, long slice, int rounds) {
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(slice);
  for (i = 0; i < lwps; ++i) start_lwp(count_when_all_are_there, 2, (void*)&counts[i]);
  expect_int(LWP_NoYieldSignal(&gate), LWP_SUCCESS);
  PRE_PreemptMe();
  wait_until_all_advance(lwps, rounds);
}

CASE(two_endless_loops_share) { share(1, 1000, 20); }
CASE(ten_endless_loops_share) { share(9, 200, 20); }
CASE(a_thousand_endless_loops_share) { share(UNLESS_UNDER_VALGRIND(kMany, 100), 50, 3); }
CASE(endless_loops_share_the_shortest_slices) { share(9, 20, UNLESS_UNDER_VALGRIND(200, 10)); }

CASE(lower_priorities_never_run) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(100);
  start_lwp(count_for_ever, 1, (void*)&counts[0]);
  start_lwp(count_for_ever, 0, (void*)&counts[1]);
  start_lwp(count_for_ever, 2, (void*)&counts[2]);
  PRE_PreemptMe();
  while (counts[2] == 0) {
  }
  work(30000000);
  expect_int(counts[0], 0);
  expect_int(counts[1], 0);
}

static void set_at_once(void* parm) {
  *(volatile long*)parm = 1;
  for (;;) LWP_DispatchProcess();
}

CASE(main_at_level_one_is_never_moved) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(100);
  start_lwp(set_at_once, 2, (void*)&counts[0]);
  counts[0] = 0;
  work(30000000);
  LWP_NoYieldSignal(&errno);
  expect_int(counts[0], 0);
}

/* A higher LWP is made ready by somebody who then goes on for ever. */
static char event;

static void wait_and_count(void* parm) {
  for (;;) {
    LWP_WaitProcess(&event);
    ++*(volatile long*)parm;
  }
}

CASE(higher_lwp_made_ready_without_a_yield_runs_by_a_tick) {
  long i;
  LWP_Init(LWP_VERSION, 1, NULL);
  start_lwp(wait_and_count, 3, (void*)&counts[0]);
  slices_of(200);
  PRE_PreemptMe();
  for (i = 1; i <= 50; ++i) {
    PRE_BeginCritical();
    expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
    expect_int(counts[0], i - 1);
    PRE_EndCritical();
    while (counts[0] < i) {
    }
  }
}

static PROCESS sleeper;

static void wait_for_credits(void* parm) {
  for (;;) {
    LWP_QWait();
    ++*(volatile long*)parm;
  }
}

static void wake_sleeper(int signo) {
  (void)signo;
  LWP_QSignal(sleeper);
}

CASE(higher_lwp_made_ready_by_a_handler_runs_by_a_tick) {
  struct sigaction action;
  long i;
  memset(&action, 0, sizeof action);
  action.sa_handler = wake_sleeper;
  sigaction(SIGUSR1, &action, NULL);
  LWP_Init(LWP_VERSION, 1, NULL);
  sleeper = start_lwp(wait_for_credits, 3, (void*)&counts[0]);
  slices_of(200);
  PRE_PreemptMe();
  for (i = 1; i <= 50; ++i) {
    raise(SIGUSR1);
    while (counts[0] < i) {
    }
  }
}

/* Two numbers that are equal outside sections, changed by plain C. */
static volatile long left;
static volatile long right;
static volatile long stop;

static void change_both(void* parm) {
  PRE_PreemptMe();
  while (!stop) {
    PRE_BeginCritical();
    if (left != right) stop = 2;
    left = left + 1;
    work(50);
    right = right + 1;
    PRE_EndCritical();
    ++*(volatile long*)parm;
  }
  LWP_DestroyProcess(LWP_ThisProcess());
}

CASE(sections_are_never_interrupted) {
  enum { kLwps = 20 };
  long sum = 0;
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(50);
  for (i = 0; i < kLwps; ++i) start_lwp(change_both, 2, (void*)&counts[i]);
  PRE_PreemptMe();
  wait_until_all_advance(kLwps, UNLESS_UNDER_VALGRIND(20, 3));
  expect_int(stop, 0);
  stop = 1;
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  while (LWP_DispatchProcess(), left != right) {
  }
  for (i = 0; i < 2 * kLwps; ++i) LWP_DispatchProcess();
  for (i = 0; i < kLwps; ++i) sum += counts[i];
  expect_int(stop, 1);
  expect_int(left, sum);
  expect_int(right, sum);
}

/* Each LWP keeps its own errno over its loops, whatever the ticks and the others do. */
static void keep_errno(void* parm) {
  volatile long* const count = (volatile long*)parm;
  const int mine = 1 + (int)(count - counts);
  PRE_PreemptMe();
  for (;;) {
    PRE_BeginCritical();
    errno = mine;
    work(20);
    expect_int(errno, mine);
    ++*count;
    PRE_EndCritical();
  }
}

CASE(errno_survives_ticks_in_sections) {
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(20);
  for (i = 0; i < 10; ++i) start_lwp(keep_errno, 2, (void*)&counts[i]);
  PRE_PreemptMe();
  wait_until_all_advance(10, UNLESS_UNDER_VALGRIND(50, 5));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_endless_loops_share),
      cmocka_unit_test(ten_endless_loops_share),
      cmocka_unit_test(a_thousand_endless_loops_share),
      cmocka_unit_test(endless_loops_share_the_shortest_slices),
      cmocka_unit_test(lower_priorities_never_run),
      cmocka_unit_test(main_at_level_one_is_never_moved),
      cmocka_unit_test(higher_lwp_made_ready_without_a_yield_runs_by_a_tick),
      cmocka_unit_test(higher_lwp_made_ready_by_a_handler_runs_by_a_tick),
      cmocka_unit_test(sections_are_never_interrupted),
      cmocka_unit_test(errno_survives_ticks_in_sections),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
