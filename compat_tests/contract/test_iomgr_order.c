/* SPDX-License-Identifier: MIT */
/*
 * test_iomgr_order.c - what the I/O manager does first when several things are due in one turn.
 *
 * Those whose time is over run before descriptors are looked at: what they do, a cancellation of
 * somebody else's wait for instance, comes first.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "asleep.h"
#include "lwp_case.h"

static int ends[2];
static PROCESS reader;
static int returned; /* from waits for input */

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
  ++returned;
}

static void spin(double seconds) {
  const double end = now_seconds() + seconds;
  while (now_seconds() < end) {
  }
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
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  expect_int(pipe(ends), 0);
  reader = spawn("reader", 4, wait_for_input, &reader_ms);
  spawn("sleeper", 3, sleeper, NULL);
  expect_int(write(ends[1], "x", 1), 1);
  spin(0.005);
}

static void let_the_manager_run(void) {
  struct timeval timeout = {0, 20000};
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
}

static void let_the_manager_serve_the_reader(void) {
  while (returned == 0) let_the_manager_run();
}

CASE(expired_sleeper_runs_before_descriptors_are_looked_at) {
  make_both_due(sleep_and_note, -1);
  let_the_manager_serve_the_reader();
  expect_transcript("slept input:1");
}

CASE(expired_sleeper_can_still_cancel_a_wait_whose_input_has_come) {
  make_both_due(sleep_and_cancel, -1);
  let_the_manager_serve_the_reader();
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
  spin(0.001); /* their time is over */
  wait_for_input(&forever);
  expect_transcript("input:1");
  expect(turns > 0);
}

/*
 * The manager sleeps until the first of several deadlines. That one alone is over then, though
 * others may be when it looks the next time. All of them have to wait before the first is over: if
 * the machine stops for that long, they are given more time.
 */
enum { kTries = 6 };
static long sleep_us;
static PROCESS second;

static void sleep_on(void* parm) {
  struct timeval timeout;
  (void)parm;
  timeout.tv_sec = sleep_us / 1000000;
  timeout.tv_usec = sleep_us % 1000000;
  note("%s:%d", LWP_Name(), IOMGR_Select(0, NULL, NULL, NULL, &timeout));
}

static void sleep_on_and_cancel(void* parm) {
  sleep_on(parm);
  note("cancel:%d", IOMGR_Cancel(second));
}

static void expect_before_long(const char* wanted, void (*act)(void)) {
  int tries;
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  for (tries = 1, sleep_us = 100000; tries <= kTries; ++tries, sleep_us *= 2) {
    act();
    if (transcript_is(wanted)) break;
    if (tries < kTries) forget_transcript();
  }
  expect_transcript(wanted);
}

/* The second has the higher priority: it would run first if both were made ready at once. */
static void sleep_one_a_moment_after_the_other(void (*first)(void*)) {
  struct timeval timeout;
  spawn("first", 3, first, NULL);
  spin(5e-6);
  second = spawn("second", 4, sleep_on, NULL);
  timeout.tv_sec = (sleep_us + 100000) / 1000000;
  timeout.tv_usec = (sleep_us + 100000) % 1000000;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
}

static void sleep_both(void) { sleep_one_a_moment_after_the_other(sleep_on); }
static void sleep_and_cancel_the_second(void) {
  sleep_one_a_moment_after_the_other(sleep_on_and_cancel);
}

CASE(manager_that_slept_wakes_the_earliest_before_those_due_since) {
  expect_before_long("first:0 second:0", sleep_both);
}

CASE(earliest_sleeper_can_cancel_those_due_a_moment_later) {
  expect_before_long("first:0 cancel:0 second:-2", sleep_and_cancel_the_second);
}

/* What a handler makes ready while the manager sleeps runs before the manager looks at anything. */
static PROCESS creditor;

static void give_credit_and_return_late(int signo) {
  (void)signo;
  LWP_QSignal(creditor);
  expect_int(write(ends[1], "x", 1), 1);
  spin((double)sleep_us / 1e6 + 0.1);
}

static void be_credited_asleep(void) {
  long forever = -1;
  returned = 0;
  signal(SIGALRM, give_credit_and_return_late);
  expect_int(pipe(ends), 0);
  signal_when_asleep(SIGALRM);
  creditor = spawn("creditor", 2, take_credit_and_note, NULL);
  reader = spawn("reader", 4, wait_for_input, &forever);
  spawn("sleeper", 3, sleep_on, NULL);
  sleep_on(NULL);
  let_the_manager_serve_the_reader();
  expect_int(LWP_DestroyProcess(creditor), LWP_SUCCESS);
}

CASE(credit_from_a_handler_is_taken_before_deadlines_and_descriptors) {
  expect_before_long("creditor sleeper:0 Main Process:0 input:1", be_credited_asleep);
}

/* Procedures that handlers have asked for run at once, each before the next begins. */
static int told, unix_signal, slept;

static void tell_and_yield(void* what) {
  note("%s", (const char*)what);
  LWP_NoYieldSignal(&told);
  LWP_DispatchProcess();
  note("end");
}

static void sleep_and_tell(void* parm) {
  sleep_and_note(parm);
  ++slept;
}

CASE(soft_signals_run_before_unix_signals_and_deadlines) {
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  spawn("sleeper", 4, sleep_and_tell, NULL);
  spawn("unix", 4, wait_and_note, &unix_signal);
  spawn("told", 2, wait_and_note, &told);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&unix_signal), 0);
  expect_int(raise(SIGUSR1), 0);
  expect_int(IOMGR_SoftSig(tell_and_yield, "a"), 0);
  expect_int(IOMGR_SoftSig(tell_and_yield, "b"), 0);
  spin(0.005);
  while (!slept) let_the_manager_run();
  expect_transcript("a end told b end unix slept");
}

static void wait_and_take(void* also) {
  char c;
  fd_set set;
  int result;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  if (also != NULL) FD_SET(*(int*)also, &set);
  result = IOMGR_Select(FD_SETSIZE, &set, NULL, NULL, NULL);
  note("%s%d", LWP_Name(), result);
  expect(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
  note(read(ends[0], &c, 1) == 1 ? "took" : "nothing");
}

CASE(all_who_wait_for_one_descriptor_are_told_though_the_first_takes_all) {
  int other[2];
  host(1);
  expect_int(IOMGR_Initialize(), 0);
  expect_int(pipe(ends), 0);
  expect_int(pipe(other), 0);
  spawn("a", 3, wait_and_take, NULL);
  spawn("b", 3, wait_and_take, NULL);
  spawn("several", 3, wait_and_take, &other[0]);
  expect_int(write(ends[1], "x", 1), 1);
  while (notes() < 4) let_the_manager_run();
  let_the_manager_run();
  expect_transcript("a1 took b1 nothing");
  expect_int(write(ends[1], "x", 1), 1);
  while (notes() < 2) let_the_manager_run();
  expect_transcript("several1 took");
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
      cmocka_unit_test(all_who_wait_for_one_descriptor_are_told_though_the_first_takes_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
