/* SPDX-License-Identifier: MIT */
/* test_preempt_loop_cancel.c - loops that others end by PRE_CancelLoops. */
#include <preempt/loop.h>

#include "lwp_case.h"
#include "plain_library.h"
#include "ticks.h"

static volatile long turns;

static void start(void) {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

static volatile long rounds[2];

static void spin(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  spin_until_cancelled(&rounds[0]);
  note("one");
  spin_nested_until_cancelled(&rounds[1]);
  note("two");
}

static void wait_until_it_spins(int which) {
  const long before = rounds[which];
  while (rounds[which] == before) LWP_DispatchProcess();
}

CASE(cancelled_loops_end_and_say_so) {
  PROCESS spinner;
  host(2);
  slices_of(200);
  PRE_PreemptMe();
  spinner = start_lwp(spin, 2, NULL);
  wait_until_it_spins(0);
  wait_until_it_spins(0);
  expect_int(PRE_CancelLoops(spinner), LWP_SUCCESS);
  wait_until_it_spins(1);
  expect_transcript("one");
  wait_until_it_spins(1);
  expect_int(PRE_CancelLoops(spinner), LWP_SUCCESS);
  while (LWP_DispatchProcess(), PRE_CancelLoops(spinner) != LWP_EBADPID) {
  }
  expect_transcript("two");
}

static void loop_in_steps(void* parm) {
  int i, j;
  PRE_LOOP(outer);
  PRE_LOOP(inner);
  (void)parm;
  PRE_FOR_UP(outer, i, 0, 3, 1) {
    PRE_FOR_UP(inner, j, 0, 3, 1) {
      note("%d%d", i, j);
      LWP_DispatchProcess();
    }
    note(PRE_LoopCancelled(inner) ? "inner!" : "inner");
    if (i == 1) {
      PRE_FOR_UP(inner, j, 7, 9, 1) note("%d", j);
      note(PRE_LoopCancelled(inner) ? "later!" : "later");
    }
  }
  note(PRE_LoopCancelled(outer) ? "outer!" : "outer");
}

CASE(cancelling_ends_all_loops_under_way_and_none_later) {
  PROCESS pid;
  int i;
  host(2);
  pid = start_lwp(loop_in_steps, 2, NULL);
  for (i = 0; i < 4; ++i) LWP_DispatchProcess();
  expect_transcript("00 01 02 inner 10 11");
  expect_int(PRE_CancelLoops(pid), LWP_SUCCESS);
  expect_int(PRE_CancelLoops(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("inner! 7 8 later outer!");
}

CASE(an_lwp_may_cancel_its_own_loops) {
  int i;
  PRE_LOOP(loop);
  host(2);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    if (i == 3) expect_int(PRE_CancelLoops(LWP_ThisProcess()), LWP_SUCCESS);
  }
  expect_int(i, 4);
  expect(PRE_LoopCancelled(loop));
  PRE_FOR_UP(loop, i, 0, 10, 1) expect(!PRE_LoopCancelled(loop));
  expect_int(i, 10);
}

CASE(a_loop_that_comes_to_its_end_is_not_cancelled) {
  int i;
  PRE_LOOP(loop);
  host(2);
  PRE_FOR_UP(loop, i, 0, 3, 1) {
    if (i == 2) expect_int(PRE_CancelLoops(LWP_ThisProcess()), LWP_SUCCESS);
  }
  expect(!PRE_LoopCancelled(loop));
}

CASE(a_cancelled_loop_ends_in_a_section_too) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_BeginCritical();
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    if (i == 3) expect_int(PRE_CancelLoops(LWP_ThisProcess()), LWP_SUCCESS);
  }
  PRE_EndCritical();
  expect_int(i, 4);
  expect_int(turns, 0);
}

static void end_at_once(void* parm) { (void)parm; }

CASE(bad_calls_are_told) {
  PROCESS gone;
  int i;
  PRE_LOOP(loop);
  expect_int(PRE_CancelLoops(NULL), LWP_EINIT);
  host(2);
  gone = start_lwp(end_at_once, 2, NULL);
  expect_int(PRE_CancelLoops(NULL), LWP_EBADPID);
  expect_int(PRE_CancelLoops(gone), LWP_EBADPID);
  expect_int(PRE_CancelLoops((PROCESS)(void*)&i), LWP_EBADPID);
  expect_int(PRE_CancelLoops(LWP_ThisProcess()), LWP_ENOWAIT);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    if (i == 5) break;
  }
  PRE_LoopEnd(loop);
  PRE_LoopEnd(loop);
  expect_int(PRE_CancelLoops(LWP_ThisProcess()), LWP_ENOWAIT);
}

CASE(a_destroyed_lwp_takes_its_loops_along) {
  PROCESS spinner;
  int i;
  host(2);
  slices_of(200);
  for (i = 0; i < 20; ++i) {
    spinner = start_lwp(spin, 2, NULL);
    wait_until_it_spins(0);
    expect_int(LWP_DestroyProcess(spinner), LWP_SUCCESS);
    PRE_PreemptMe();
    expect(checksum_in_loop(100000) == checksum(100000));
    PRE_BeginCritical();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cancelled_loops_end_and_say_so),
      cmocka_unit_test(cancelling_ends_all_loops_under_way_and_none_later),
      cmocka_unit_test(an_lwp_may_cancel_its_own_loops),
      cmocka_unit_test(a_loop_that_comes_to_its_end_is_not_cancelled),
      cmocka_unit_test(a_cancelled_loop_ends_in_a_section_too),
      cmocka_unit_test(bad_calls_are_told),
      cmocka_unit_test(a_destroyed_lwp_takes_its_loops_along),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
