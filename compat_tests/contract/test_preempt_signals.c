/* SPDX-License-Identifier: MIT */
/* test_preempt_signals.c - ticks beside the program's own signals and handlers. */
#include <errno.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <string.h>
#include <sys/time.h>

#include "child_case.h"
#include "ticks.h"

/* More ticks under one mask than it takes to be taken for the program's new normal. */
enum { kManyTicks = 100 };

static volatile long turns;

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

static void handle(int signo, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigaction(signo, &action, NULL);
}

static void spoil_errno(void* parm) {
  (void)parm;
  for (;;) {
    errno = ERANGE;
    LWP_DispatchProcess();
  }
}

CASE(errno_survives_a_tick) {
  start();
  start_lwp(spoil_errno, 2, NULL);
  errno = EDOM;
  tick_here();
  expect_int(errno, EDOM);
  tick_in_libc();
  expect_int(errno, EDOM);
}

static void once_per_call(int signo) {
  (void)signo;
  tick_here();
  expect_int(turns, 0);
}

CASE(many_short_handlers_are_not_taken_for_a_new_mask) {
  int i;
  start();
  handle(SIGUSR1, once_per_call);
  for (i = 0; i < kManyTicks; ++i) {
    raise(SIGUSR1);
    tick_in_libc();
  }
}

static volatile PROCESS high;

static void wait_for_credits(void* parm) {
  volatile long* const woken = (volatile long*)parm;
  for (;;) {
    LWP_QWait();
    ++*woken;
  }
}

static void wake_high(int signo) {
  (void)signo;
  LWP_QSignal(high);
}

CASE(handler_wakes_a_higher_lwp_that_then_runs_by_a_tick) {
  volatile long woken = 0;
  struct itimerval storm = {{0, 2000}, {0, 2000}};
  LWP_Init(LWP_VERSION, 1, NULL);
  high = start_lwp(wait_for_credits, 3, (void*)&woken);
  handle(SIGVTALRM, wake_high);
  slices_of(500);
  PRE_PreemptMe();
  setitimer(ITIMER_VIRTUAL, &storm, NULL);
  while (woken < 20) {
  }
}

CASE(read_is_not_interrupted) {
  int pipes[2];
  char byte;
  volatile pid_t child;
  expect_int(pipe(pipes), 0);
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  child = fork();
  if (child == 0) {
    usleep(100000);
    _exit(write(pipes[1], "x", 1) == 1 ? 0 : 1);
  }
  slices_of(200);
  PRE_PreemptMe();
  expect_int(read(pipes[0], &byte, 1), 1);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
}

/* It does not wait, but the system ends it for a signal that is pending. */
CASE(poll_that_only_looks_is_not_interrupted) {
  const struct timespec at_once = {0, 0};
  struct pollfd look;
  int pipes[2];
  volatile int i;
  expect_int(pipe(pipes), 0);
  start();
  slices_of(20);
  look.fd = pipes[0];
  look.events = POLLIN;
  for (i = 0; i < 30000; ++i) expect_int(LWPX_Poll(&look, 1, &at_once), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errno_survives_a_tick),
      cmocka_unit_test(many_short_handlers_are_not_taken_for_a_new_mask),
      cmocka_unit_test(handler_wakes_a_higher_lwp_that_then_runs_by_a_tick),
      cmocka_unit_test(read_is_not_interrupted),
      cmocka_unit_test(poll_that_only_looks_is_not_interrupted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
