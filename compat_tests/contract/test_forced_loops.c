/* SPDX-License-Identifier: MIT */
/* test_forced_loops.c - forced ticks in preemptible loops and at checkpoints. */
#include <lwp/lwp.h>
#include <preempt/loop.h>
#include <preempt/testing.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
}

CASE(each_iteration_is_a_place) {
  long before;
  int i;
  PRE_LOOP(loop);
  start();
  PRE_ForcePreemption(1, 1);
  before = turns;
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    expect(turns > before);
    before = turns;
  }
  expect_int(i, 10);
}

CASE(so_is_a_checkpoint) {
  start();
  PRE_ForcePreemption(1, 1);
  EXPECT_MOVED(PRE_Checkpoint());
  EXPECT_MOVED(PRE_Checkpoint());
  PRE_ForcePreemption(1, 0);
  PRE_Checkpoint(); /* looks for the last time */
  EXPECT_NOT_MOVED(PRE_Checkpoint());
}

CASE(outer_loops_are_places_after_inner_ones) {
  long before;
  int i, j;
  PRE_LOOP(outer);
  PRE_LOOP(inner);
  start();
  PRE_ForcePreemption(1, 1);
  before = turns;
  PRE_FOR_DOWN(outer, i, 5, 0, 1) {
    expect(turns > before);
    before = turns;
    PRE_FOR_UP(inner, j, 0, 5, 1) {
      expect(turns > before);
      before = turns;
    }
  }
}

CASE(one_of_so_many_iterations_has_a_tick) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_ForcePreemption(1, 10);
  turns = 0;
  PRE_FOR_UP(loop, i, 0, 10000, 1) {}
  expect(turns > 800 && turns < 1200);
}

CASE(ticks_in_loops_of_a_section_are_owed) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_ForcePreemption(1, 1);
  PRE_BeginCritical();
  turns = 0;
  PRE_FOR_UP(loop, i, 0, 10, 1) {}
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
}

CASE(loops_are_plain_ones_afterwards) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_ForcePreemption(1, 1);
  PRE_ForcePreemption(1, 0);
  turns = 0;
  PRE_FOR_UP(loop, i, 0, 10, 1) {}
  expect_int(turns, 0);
}

/* --- Nothing is lost or done twice, and a seed repeats what happened. */

enum { kRows = 30, kColumns = 20 };

static char history[4 * kRows + 1];
static volatile int length;
static long sums[2];

static void add(void* parm) {
  long* const sum = (long*)parm;
  int i, j;
  PRE_LOOP(rows);
  PRE_LOOP(columns);
  PRE_PreemptMe();
  PRE_FOR_UP(rows, i, 0, kRows, 1) {
    history[length++] = sum == sums ? 'A' : 'B';
    PRE_FOR_DOWN(columns, j, kColumns, 0, 1) {
      if (j == 1) break;
      *sum += i * j;
    }
  }
}

static void record(unsigned long seed, char* ret_history) {
  long wanted = 0;
  int i, j;
  length = 0;
  memset(sums, 0, sizeof sums);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  PRE_ForcePreemption(seed, 7);
  start_lwp(add, 1, &sums[0]);
  start_lwp(add, 1, &sums[1]);
  for (i = 0; i < 10000; ++i) LWP_DispatchProcess();
  for (i = 0; i < kRows; ++i) {
    for (j = kColumns; j > 1; --j) wanted += i * j;
  }
  expect_int(sums[0], wanted);
  expect_int(sums[1], wanted);
  expect_int(length, 2 * kRows);
  history[length] = '\0';
  strcpy(ret_history, history);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(a_seed_repeats_what_happened) { expect_seed_to_repeat(record, sizeof history); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_iteration_is_a_place),
      cmocka_unit_test(so_is_a_checkpoint),
      cmocka_unit_test(outer_loops_are_places_after_inner_ones),
      cmocka_unit_test(one_of_so_many_iterations_has_a_tick),
      cmocka_unit_test(ticks_in_loops_of_a_section_are_owed),
      cmocka_unit_test(loops_are_plain_ones_afterwards),
      cmocka_unit_test(a_seed_repeats_what_happened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
