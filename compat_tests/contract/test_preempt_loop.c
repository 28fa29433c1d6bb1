/* SPDX-License-Identifier: MIT */
/* test_preempt_loop.c - loops whose limit is the check: where they let others run, and as what they
 * go on. Ticks come by hand, in the C library, where they may not move anybody. */
#include <preempt/loop.h>

#include "lwp_case.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

CASE(a_tick_in_the_c_library_lets_others_run_before_the_next_iteration) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    expect_int(turns, i);
    tick_in_libc();
    expect_int(turns, i);
  }
  expect_int(i, 10);
  expect_int(turns, 9);
}

CASE(without_ticks_nobody_runs) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 100000, 1) PRE_Checkpoint();
  expect_int(turns, 0);
}

CASE(many_ticks_in_an_iteration_count_once) {
  int i, j;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    for (j = 0; j < 7; ++j) tick_in_libc();
  }
  expect_int(turns, 4);
}

CASE(nested_loops_let_others_run_once_per_tick) {
  int i, j, rounds = 0;
  PRE_LOOP(outer);
  PRE_LOOP(inner);
  start();
  PRE_FOR_UP(outer, i, 0, 5, 1) {
    PRE_FOR_DOWN(inner, j, 4, 0, 1) {
      expect_int(turns, rounds);
      tick_in_libc();
      ++rounds;
    }
  }
  expect_int(rounds, 20);
  expect_int(turns, 19);
}

static int sum_to(int n) {
  int i, sum = 0;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 1, n + 1, 1) {
    if (i == 2) tick_in_libc();
    sum += i;
  }
  return sum;
}

CASE(loops_of_called_functions_are_nested) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 1, 50, 1) expect_int(sum_to(i), i * (i + 1) / 2);
  expect_int(turns, 48);
}

CASE(a_loop_begins_with_what_was_asked_before) {
  int i;
  PRE_LOOP(loop);
  start();
  tick_in_libc();
  expect_int(turns, 0);
  PRE_FOR_UP(loop, i, 0, 3, 1) expect_int(turns, 1);
}

CASE(whoever_was_dispatched_since_the_tick_does_not_yield_for_it) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    tick_in_libc();
    LWP_DispatchProcess();
  }
  PRE_Checkpoint();
  expect_int(turns, 5);
}

CASE(a_tick_in_movable_code_moves_at_once) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    expect_int(turns, i);
    tick_here();
    expect_int(turns, i + 1);
  }
  expect_int(turns, 5);
}

CASE(in_a_section_a_loop_owes_until_its_end) {
  int i;
  PRE_LOOP(loop);
  start();
  tick_in_libc();
  PRE_BeginCritical();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    if (i == 3) tick_in_libc();
  }
  PRE_Checkpoint();
  expect_int(i, 5);
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
}

/* The tick finds level 0 in the outer loop, and the inner one is in a section. */
CASE(a_section_within_a_loop_is_not_interrupted) {
  int i, j;
  PRE_LOOP(outer);
  PRE_LOOP(inner);
  start();
  PRE_FOR_UP(outer, i, 0, 10, 1) {
    expect_int(turns, i);
    tick_in_libc();
    PRE_BeginCritical();
    PRE_FOR_UP(inner, j, 0, 10, 1) expect_int(turns, i);
    PRE_EndCritical();
    expect_int(turns, i + 1);
  }
  expect_int(turns, 10);
}

CASE(an_lwp_at_level_one_keeps_the_processor) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_BeginCritical();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    tick_in_libc();
    tick_here();
    PRE_Checkpoint();
  }
  expect_int(turns, 0);
}

CASE(block_vetoes_loops) {
  int i;
  PRE_LOOP(loop);
  start();
  tick_in_libc();
  PRE_Block = 1;
  PRE_FOR_UP(loop, i, 0, 3, 1) {}
  PRE_Block = 0;
  PRE_FOR_UP(loop, i, 0, 3, 1) tick_in_libc();
  expect_int(turns, 2);
}

CASE(checkpoint_lets_others_run_after_a_tick) {
  start();
  PRE_Checkpoint();
  expect_int(turns, 0);
  tick_in_libc();
  expect_int(turns, 0);
  PRE_Checkpoint();
  expect_int(turns, 1);
  PRE_Checkpoint();
  expect_int(turns, 1);
}

CASE(lower_priorities_never_gain) {
  long low = 0;
  int i;
  PRE_LOOP(loop);
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 1, &low);
  PRE_PreemptMe();
  PRE_FOR_UP(loop, i, 0, 5, 1) tick_in_libc();
  expect_int(low, 0);
}

/* Before there are LWPs, and when they are gone again, the loops are plain ones. */
CASE(loops_need_no_lwps) {
  int i, rounds = 0;
  PRE_LOOP(loop);
  PRE_LOOP(later);
  expect_int(PRE_AskLoops(NULL), LWP_EINIT);
  PRE_FOR_UP(loop, i, 0, 4, 1) {
    ++rounds;
    if (i == 1) start();
    if (i == 2) expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  expect_int(rounds, 4);
  start();
  PRE_FOR_UP(later, i, 0, 4, 1) {
    ++rounds;
    if (i == 3) break;
    tick_in_libc();
    PRE_Checkpoint();
    if (i == 2) expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  expect_int(rounds, 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_tick_in_the_c_library_lets_others_run_before_the_next_iteration),
      cmocka_unit_test(without_ticks_nobody_runs),
      cmocka_unit_test(many_ticks_in_an_iteration_count_once),
      cmocka_unit_test(nested_loops_let_others_run_once_per_tick),
      cmocka_unit_test(loops_of_called_functions_are_nested),
      cmocka_unit_test(a_loop_begins_with_what_was_asked_before),
      cmocka_unit_test(whoever_was_dispatched_since_the_tick_does_not_yield_for_it),
      cmocka_unit_test(a_tick_in_movable_code_moves_at_once),
      cmocka_unit_test(in_a_section_a_loop_owes_until_its_end),
      cmocka_unit_test(a_section_within_a_loop_is_not_interrupted),
      cmocka_unit_test(an_lwp_at_level_one_keeps_the_processor),
      cmocka_unit_test(block_vetoes_loops),
      cmocka_unit_test(checkpoint_lets_others_run_after_a_tick),
      cmocka_unit_test(lower_priorities_never_gain),
      cmocka_unit_test(loops_need_no_lwps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
