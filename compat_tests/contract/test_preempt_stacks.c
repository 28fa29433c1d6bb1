/* SPDX-License-Identifier: MIT */
/* test_preempt_stacks.c - ticks where a stack is nearly full, or is one that the program has made.
 */
#include <alloca.h>
#include <lwp/lwpx.h>
#include <preempt/loop.h>
#include <preempt/watch.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "lwp_case.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
}

static void expect_deferred_for_the_stack(long ticks) {
  struct PRE_Counters counters;
  counters.size = sizeof counters;
  expect_int(PRE_GetCounters(NULL, &counters), LWP_SUCCESS);
  expect_int(counters.deferred_stack, ticks);
}

/* --- nearly full ones */

static char memory[1 << 17];
static char* const low_end = memory + sizeof memory / 4; /* whoever runs off it does no harm */
static volatile int done;

/* Room for the frame of the tick itself, but not for a second one below it. */
static size_t room_for_one_signal(void) {
  const size_t told = getauxval(51 /* AT_MINSIGSTKSZ */);
  return (told != 0 ? told : 5120) + 1536;
}

static void (*body_at_the_end)(void);

/* Leaves hardly any stack below the body. */
static void call_at_the_end_of_the_stack(void* parm) {
  const char* const here = (const char*)__builtin_frame_address(0);
  volatile char* const area =
      (volatile char*)alloca((size_t)(here - low_end) - room_for_one_signal());
  (void)parm;
  area[0] = 1;
  body_at_the_end();
  area[0] = 2;
  done = 1;
}

static void run_at_the_end_of_a_stack(void (*body)(void)) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  body_at_the_end = body;
  wanted.priority = 3;
  wanted.flags = LWPX_PREEMPTIBLE;
  wanted.memory = low_end;
  wanted.memory_size = sizeof memory / 4 * 3;
  expect_int(LWPX_CreateProcess(&wanted, call_at_the_end_of_the_stack, NULL, NULL), LWP_SUCCESS);
  while (!done) LWP_DispatchProcess();
}

/* Of the same priority as the others by then. */
static void step_down(void) { expect_int(LWPX_SetPriority(LWP_ThisProcess(), 2), LWP_SUCCESS); }

static void tick_twice(void) {
  step_down();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_NOT_MOVED(tick_here());
}

CASE(tick_that_leaves_no_room_for_another_does_not_move) {
  start();
  run_at_the_end_of_a_stack(tick_twice);
  expect_deferred_for_the_stack(2);
}

static void loop_with_ticks(void) {
  long i;
  const long before = turns;
  PRE_LOOP(loop);
  step_down();
  PRE_FOR_UP(loop, i, 0, 3, 1) { EXPECT_NOT_MOVED(tick_here()); }
  PRE_Checkpoint(); /* what the last iteration has left */
  expect_int(turns, before + 3);
}

CASE(but_its_loops_let_others_run) {
  start();
  run_at_the_end_of_a_stack(loop_with_ticks);
  expect_deferred_for_the_stack(3);
}

/* --- those that the program has made */

enum { kStack = 1 << 16 };

static ucontext_t outside;
static ucontext_t inside;

static void tick_inside(void) { EXPECT_NOT_MOVED(tick_here()); }

static void tick_on(void* stack) {
  PRE_PreemptMe();
  EXPECT_MOVED(tick_here());
  expect_int(getcontext(&inside), 0);
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = kStack;
  inside.uc_link = &outside;
  makecontext(&inside, tick_inside, 0);
  expect_int(swapcontext(&outside, &inside), 0);
  expect_deferred_for_the_stack(1);
  EXPECT_MOVED(tick_here());
  done = 1;
}

static void have_tick_on(void* stack) {
  start();
  spawn("on another stack", 2, tick_on, stack);
  while (!done) LWP_DispatchProcess();
}

CASE(tick_on_a_stack_of_the_programs_making_does_not_move) { have_tick_on(memory); }

/* Beyond all stacks of LWPs, as memory is laid out here. */
CASE(nor_does_it_if_that_is_part_of_the_first_stack) {
  char stack[kStack];
  have_tick_on(stack);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tick_that_leaves_no_room_for_another_does_not_move),
      cmocka_unit_test(but_its_loops_let_others_run),
      cmocka_unit_test(tick_on_a_stack_of_the_programs_making_does_not_move),
      cmocka_unit_test(nor_does_it_if_that_is_part_of_the_first_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
