/* SPDX-License-Identifier: MIT */
/*
 * test_iomgr_order.c - what the I/O manager does first when several things are due in one turn.
 *
 * Those whose time is over run before descriptors are looked at: what they do, a cancellation of
 * somebody else's wait for instance, comes first.
 */
#include <unistd.h>

#include "lwp_case.h"

static int ends[2];
static PROCESS reader;

static void wait_for_input(void* parm) {
  const long ms = *(const long*)parm;
  struct timeval timeout;
  fd_set set;
  int result;
  timeout.tv_sec = ms / 1000;
  timeout.tv_usec = ms % 1000 * 1000;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  result = IOMGR_Select(ends[0] + 1, &set, NULL, NULL, ms >= 0 ? &timeout : NULL);
  note("input:%d", result);
}

static void sleep_and_note(void* parm) {
  struct timeval timeout = {0, 1000};
  (void)parm;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
  note("slept");
}

static void sleep_and_cancel(void* parm) {
  sleep_and_note(parm);
  note("cancel:%d", IOMGR_Cancel(reader));
}

/* Both are due: the sleeper for its time, the reader for its descriptor. The reader's priority is
 * the higher one, so it would run first if both were made ready at once. */
static void make_both_due(void (*sleeper)(void*), long reader_ms) {
  const double end = now_seconds() + 0.05;
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  expect_int(pipe(ends), 0);
  reader = spawn("reader", 4, wait_for_input, &reader_ms);
  spawn("sleeper", 3, sleeper, NULL);
  expect_int(write(ends[1], "x", 1), 1);
  while (now_seconds() < end) {
  }
}

static void let_the_manager_run(void) {
  struct timeval timeout = {0, 20000};
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
}

CASE(expired_sleeper_runs_before_descriptors_are_looked_at) {
  make_both_due(sleep_and_note, -1);
  let_the_manager_run();
  expect_transcript("slept input:1");
}

CASE(expired_sleeper_can_still_cancel_a_wait_whose_input_has_come) {
  make_both_due(sleep_and_cancel, -1);
  let_the_manager_run();
  expect_transcript("slept cancel:0 input:-2");
}

CASE(select_whose_time_is_over_returns_zero_though_input_has_come) {
  make_both_due(sleep_and_note, 2);
  let_the_manager_run();
  expect_transcript("input:0 slept");
}

CASE(poll_makes_both_ready_at_once) {
  make_both_due(sleep_and_note, -1);
  expect_int(IOMGR_Poll(), 1);
  LWP_DispatchProcess();
  expect_transcript("input:1 slept");
}

static int turns;

static void sleep_over_and_over(void* parm) {
  struct timeval timeout = {0, 1};
  (void)parm;
  for (;;) {
    expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
    ++turns;
  }
}

CASE(shortest_sleeps_do_not_keep_input_waiting_for_ever) {
  long forever = -1;
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  expect_int(pipe(ends), 0);
  spawn("A", 3, sleep_over_and_over, NULL);
  spawn("B", 3, sleep_over_and_over, NULL);
  expect_int(write(ends[1], "x", 1), 1);
  wait_for_input(&forever);
  expect_transcript("input:1");
  expect(turns > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expired_sleeper_runs_before_descriptors_are_looked_at),
      cmocka_unit_test(expired_sleeper_can_still_cancel_a_wait_whose_input_has_come),
      cmocka_unit_test(select_whose_time_is_over_returns_zero_though_input_has_come),
      cmocka_unit_test(poll_makes_both_ready_at_once),
      cmocka_unit_test(shortest_sleeps_do_not_keep_input_waiting_for_ever),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
