/* SPDX-License-Identifier: MIT */
/*
 * test_iomgr_order.c - what the I/O manager does first when several things are due in one turn.
 *
 * Those whose time is over run before descriptors are looked at: what they do, a cancellation of
 * somebody else's wait for instance, comes first.
 */
#include <signal.h>
#include <sys/time.h>
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

/* The manager sleeps until the first of several deadlines. That one alone is over then, though
 * others may be when it looks the next time. */
static PROCESS second;

static void sleep_300_ms(void* parm) {
  struct timeval timeout = {0, 300000};
  (void)parm;
  note("%s:%d", LWP_Name(), IOMGR_Select(0, NULL, NULL, NULL, &timeout));
}

static void sleep_300_ms_and_cancel(void* parm) {
  sleep_300_ms(parm);
  note("cancel:%d", IOMGR_Cancel(second));
}

/* The second has the higher priority: it would run first if both were made ready at once. */
static void sleep_one_a_moment_after_the_other(void (*first)(void*)) {
  struct timeval timeout = {0, 400000};
  double begin;
  host(2);
  expect_int(IOMGR_Initialize(), 0);
  spawn("first", 3, first, NULL);
  begin = now_seconds();
  while (now_seconds() < begin + 5e-6) {
  }
  second = spawn("second", 4, sleep_300_ms, NULL);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
}

CASE(manager_that_slept_wakes_the_earliest_before_those_due_since) {
  sleep_one_a_moment_after_the_other(sleep_300_ms);
  expect_transcript("first:0 second:0");
}

CASE(earliest_sleeper_can_cancel_those_due_a_moment_later) {
  sleep_one_a_moment_after_the_other(sleep_300_ms_and_cancel);
  expect_transcript("first:0 cancel:0 second:-2");
}

/* What a handler makes ready while the manager sleeps runs before the manager looks at anything. */
static PROCESS creditor;

static void give_credit_and_return_late(int signo) {
  const double end = now_seconds() + 0.5;
  (void)signo;
  LWP_QSignal(creditor);
  expect_int(write(ends[1], "x", 1), 1);
  while (now_seconds() < end) {
  }
}

CASE(credit_from_a_handler_is_taken_before_deadlines_and_descriptors) {
  const struct itimerval once = {{0, 0}, {0, 100000}};
  long forever = -1;
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  expect_int(pipe(ends), 0);
  creditor = spawn("creditor", 2, take_credit_and_note, NULL);
  signal(SIGALRM, give_credit_and_return_late);
  reader = spawn("reader", 4, wait_for_input, &forever);
  spawn("sleeper", 3, sleep_300_ms, NULL);
  setitimer(ITIMER_REAL, &once, NULL);
  sleep_300_ms(NULL);
  let_the_manager_run();
  expect_transcript("creditor sleeper:0 Main Process:0 input:1");
}

/* Procedures that handlers have asked for run at once, each before the next begins. */
static int told, unix_signal;

static void tell_and_yield(void* what) {
  note("%s", (const char*)what);
  LWP_NoYieldSignal(&told);
  LWP_DispatchProcess();
  note("end");
}

CASE(soft_signals_run_before_unix_signals_and_deadlines) {
  const double end = now_seconds() + 0.05;
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  spawn("sleeper", 4, sleep_and_note, NULL);
  spawn("unix", 4, wait_and_note, &unix_signal);
  spawn("told", 2, wait_and_note, &told);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&unix_signal), 0);
  expect_int(raise(SIGUSR1), 0);
  expect_int(IOMGR_SoftSig(tell_and_yield, "a"), 0);
  expect_int(IOMGR_SoftSig(tell_and_yield, "b"), 0);
  while (now_seconds() < end) {
  }
  let_the_manager_run();
  expect_transcript("a end told b end unix slept");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expired_sleeper_runs_before_descriptors_are_looked_at),
      cmocka_unit_test(expired_sleeper_can_still_cancel_a_wait_whose_input_has_come),
      cmocka_unit_test(select_whose_time_is_over_returns_zero_though_input_has_come),
      cmocka_unit_test(poll_makes_both_ready_at_once),
      cmocka_unit_test(shortest_sleeps_do_not_keep_input_waiting_for_ever),
      cmocka_unit_test(manager_that_slept_wakes_the_earliest_before_those_due_since),
      cmocka_unit_test(earliest_sleeper_can_cancel_those_due_a_moment_later),
      cmocka_unit_test(credit_from_a_handler_is_taken_before_deadlines_and_descriptors),
      cmocka_unit_test(soft_signals_run_before_unix_signals_and_deadlines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
