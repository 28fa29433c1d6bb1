/* SPDX-License-Identifier: MIT */
/* test_preempt_loop_exits.c - loops that end before their limit: left by the program, which leaves
 * nothing behind for ticks to find. */
#include <preempt/loop.h>
#include <setjmp.h>

#include "lwp_case.h"
#include "ticks.h"

static volatile long turns;

static void start(void) {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

/* Fills the stack below the caller, where the frames of what it has called before were, and has a
 * tick come: if it took anything there for the record of a loop, the bytes would change. */
static __attribute__((noinline)) void tick_over_dead_frames(void) {
  enum { kBytes = 4096 };
  volatile unsigned char bytes[kBytes];
  int i;
  for (i = 0; i < kBytes; ++i) bytes[i] = 0xa5;
  tick_in_libc();
  for (i = 0; i < kBytes; ++i) expect_int(bytes[i], 0xa5);
  PRE_Checkpoint();
}

enum way { by_break, by_return, by_goto, by_end };

static __attribute__((noinline)) int leave(enum way way) {
  long i, j = 0;
  PRE_LOOP(outer);
  PRE_FOR_UP(outer, i, 0, 1000, 1) {
    PRE_LOOP(inner);
    PRE_FOR_DOWN(inner, j, 1000, 0, 1) {
      if (j == 990) continue;
      if (j != 980) continue;
      if (way == by_break) break;
      if (way == by_return) return (int)(i + j);
      if (way == by_goto) goto out;
    }
    tick_in_libc();
    if (i == 7) break;
  }
out:
  return (int)(i + j);
}

CASE(leaving_a_loop_leaves_nothing_behind) {
  const int results[] = {987, 980, 980, 7};
  enum way way;
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 3, 1) {
    for (way = by_break; way <= by_end; way = (enum way)(way + 1)) {
      expect_int(leave(way), results[way]);
      tick_over_dead_frames();
    }
  }
  expect_int(i, 3);
}

/* The list is as it was: the loop around goes on as one that is asked. */
CASE(a_loop_around_those_that_are_left_is_still_asked) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    long before;
    leave(by_return);
    leave(by_goto);
    before = turns;
    tick_in_libc();
    expect_int(turns, before);
    turns = 10 * i;
  }
  expect_int(turns, 40);
  PRE_Checkpoint();
  expect_int(turns, 41);
}

static jmp_buf place;

static __attribute__((noinline)) void jump_out(int depth) {
  int i;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    if (depth > 0) jump_out(depth - 1);
    if (i == 5) longjmp(place, 1);
  }
}

CASE(longjmp_out_of_loops_needs_a_word) {
  volatile int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 5, 1) {
    struct PRE_Loop* const loops = PRE_Loops();
    expect_int(turns, i);
    if (setjmp(place) == 0) {
      jump_out(i);
    } else {
      PRE_DropLoops(loops);
    }
    tick_over_dead_frames();
    expect_int(turns, i + 1);
  }
  expect_int(i, 5);
}

/* The word is not given, and still no tick takes what is left of the records for loops. */
CASE(records_below_the_stack_are_not_believed) {
  volatile int i;
  start();
  for (i = 0; i < 5; ++i) {
    if (setjmp(place) == 0) jump_out(3);
    tick_here();
    tick_over_dead_frames();
    tick_here();
  }
  expect_int(turns, 15);
}

/* Leaves nothing of the frames that were below the caller. */
static __attribute__((noinline)) void overwrite_dead_frames(void) {
  volatile unsigned char bytes[8192];
  size_t i;
  for (i = 0; i < sizeof bytes; ++i) bytes[i] = 0xa5;
}

CASE(not_by_a_loop_that_begins_then_either) {
  volatile int i;
  PRE_LOOP(loop);
  start();
  if (setjmp(place) == 0) jump_out(10);
  PRE_FOR_UP(loop, i, 0, 3, 1) tick_over_dead_frames();
  expect_int(turns, 3);
}

CASE(nor_by_one_that_ends_then) {
  volatile int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, 3, 1) {
    if (i == 1 && setjmp(place) == 0) jump_out(10);
    overwrite_dead_frames();
  }
  expect_int(i, 3);
  tick_over_dead_frames();
  expect_int(turns, 1);
}

static void ask_and_jump_out(int depth) {
  int i;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    if (depth > 0) ask_and_jump_out(depth - 1);
    tick_in_libc();
    longjmp(place, 1);
  }
}

CASE(nor_by_a_checkpoint) {
  start();
  if (setjmp(place) == 0) ask_and_jump_out(10);
  overwrite_dead_frames();
  PRE_Checkpoint();
  expect_int(turns, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaving_a_loop_leaves_nothing_behind),
      cmocka_unit_test(a_loop_around_those_that_are_left_is_still_asked),
      cmocka_unit_test(longjmp_out_of_loops_needs_a_word),
      cmocka_unit_test(records_below_the_stack_are_not_believed),
      cmocka_unit_test(not_by_a_loop_that_begins_then_either),
      cmocka_unit_test(nor_by_one_that_ends_then),
      cmocka_unit_test(nor_by_a_checkpoint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
