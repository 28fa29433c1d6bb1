/* SPDX-License-Identifier: MIT */
/* test_preempt_tickless.c - how many ticks come: none for a lone LWP, at most one in a slice else.
 */
#include <errno.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <preempt/watch.h>
#include <string.h>
#include <time.h>

#include "child_case.h"
#include "counters.h"
#include "ticks.h"

enum { kSliceUs = 1000 };

static unsigned long ticks(void) { return counters_of_all().ticks; }

static void spin_for(double seconds) {
  const double end = now_seconds() + seconds;
  while (now_seconds() < end) work(1000);
}

static void start(void) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_of(kSliceUs);
}

/* The last ones may still be on their way, but then there are no more. */
static void expect_ticks_to_end(void) {
  unsigned long last;
  do {
    last = ticks();
    spin_for(0.5);
  } while (ticks() != last);
}

/* How many slices have begun since then. */
static unsigned long slices_since(double begin) {
  return 1 + (unsigned long)((now_seconds() - begin) * 1e6 / kSliceUs);
}

CASE(lone_lwp_spins_for_a_second_without_a_tick) {
  start();
  spin_for(0.5);
  PRE_PreemptMe();
  spin_for(0.5);
  expect_int(ticks(), 0);
}

static void wait_for_credits(void* parm) {
  (void)parm;
  for (;;) LWP_QWait();
}

CASE(lower_and_waiting_lwps_bring_no_ticks) {
  static long turns;
  start();
  start_lwp(count_turns, 1, &turns);
  start_lwp(wait_for_credits, 3, NULL);
  PRE_PreemptMe();
  expect_ticks_to_end(); /* as one has found out that nobody is left */
}

static void spin_for_ever(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) work(1000);
}

/* Who begins to sleep is looked after by ticks, though there were none before. */
CASE(sleeper_above_one_that_never_waits_wakes_up) {
  const struct timespec shortly = {0, 1000000};
  start();
  start_lwp(spin_for_ever, 1, NULL);
  PRE_PreemptMe();
  expect_int(LWPX_Sleep(&shortly), LWP_SUCCESS);
  expect_ticks_to_end();
  expect_int(LWPX_Sleep(&shortly), LWP_SUCCESS);
}

CASE(sleep_of_a_second_by_a_lone_lwp_is_not_interrupted) {
  const struct timespec second = {1, 0};
  start();
  PRE_PreemptMe();
  expect_int(nanosleep(&second, NULL), 0);
  expect_int(ticks(), 0);
}

/* A tick would end the read, as the calls of this action are not restarted. */
CASE(blocking_read_by_a_lone_lwp_is_not_interrupted) {
  struct sigaction action;
  int ends[2];
  char byte = 0;
  start();
  PRE_PreemptMe();
  expect_int(sigaction(SIGALRM, NULL, &action), 0);
  action.sa_flags &= ~SA_RESTART;
  expect_int(sigaction(SIGALRM, &action, NULL), 0);
  expect_int(pipe(ends), 0);
  if (fork() == 0) {
    const struct timespec while_the_parent_waits = {0, 500000000};
    nanosleep(&while_the_parent_waits, NULL);
    _exit(write(ends[1], "x", 1) != 1);
  }
  expect_int(read(ends[0], &byte, 1), 1);
  expect_int(byte, 'x');
  expect_int(ticks(), 0);
}

static void end_at_once(void* parm) { (void)parm; }

CASE(ticks_end_with_the_last_rival) {
  int i;
  start();
  PRE_PreemptMe();
  for (i = 0; i < 10 || ticks() == 0; ++i) {
    start_lwp(end_at_once, 2, NULL);
    spin_for(0.005);
  }
  expect_ticks_to_end();
}

CASE(rivals_bring_at_most_one_tick_in_a_slice) {
  double begin;
  unsigned long last;
  start();
  begin = now_seconds();
  start_lwp(spin_for_ever, 2, NULL);
  PRE_BeginCritical();
  do {
    spin_for(0.5);
    last = ticks();
  } while (last == 0);
  expect(last <= slices_since(begin));
}

static void sleep_long(void* parm) {
  const struct timespec hour = {3600, 0};
  (void)parm;
  LWPX_Sleep(&hour);
}

static void expect_ticks_for_a_waiter(void (*spin)(double)) {
  double begin;
  unsigned long first;
  unsigned long last;
  start();
  expect_int(LWP_CreateProcess(sleep_long, 0, 3, NULL, "waits", NULL), LWP_SUCCESS);
  PRE_PreemptMe();
  begin = now_seconds();
  first = ticks();
  do {
    spin(0.5);
    last = ticks();
  } while (last == first);
  expect(last - first <= slices_since(begin));
}

CASE(waiter_brings_at_most_one_tick_in_a_slice) { expect_ticks_for_a_waiter(spin_for); }

/* In code in which ticks do not act, half of the time. */
static void spin_in_libc_for(double seconds) {
  static char bytes[65536];
  const double end = now_seconds() + seconds;
  while (now_seconds() < end) {
    memset(bytes, 1, sizeof bytes);
    work(1000);
  }
}

CASE(waiter_brings_at_most_one_tick_in_a_slice_of_libc) {
  expect_ticks_for_a_waiter(spin_in_libc_for);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lone_lwp_spins_for_a_second_without_a_tick),
      cmocka_unit_test(lower_and_waiting_lwps_bring_no_ticks),
      cmocka_unit_test(sleeper_above_one_that_never_waits_wakes_up),
      cmocka_unit_test(sleep_of_a_second_by_a_lone_lwp_is_not_interrupted),
      cmocka_unit_test(blocking_read_by_a_lone_lwp_is_not_interrupted),
      cmocka_unit_test(ticks_end_with_the_last_rival),
      cmocka_unit_test(rivals_bring_at_most_one_tick_in_a_slice),
      cmocka_unit_test(waiter_brings_at_most_one_tick_in_a_slice),
      cmocka_unit_test(waiter_brings_at_most_one_tick_in_a_slice_of_libc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
