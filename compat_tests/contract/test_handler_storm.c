/* SPDX-License-Identifier: MIT */
/* test_handler_storm.c - a fast timer's handler calls the library at arbitrary instants. */
#include "lwp_case.h"

#ifdef LWP_LWP_H /* No call of Coda's is meant for handlers. */

#include <signal.h>
#include <time.h>

enum { kIntervalUs = 20 };

static int enough_signals(void) { return UNLESS_UNDER_VALGRIND(10000, 400); }

static char event, own_event;
static PROCESS target;
static timer_t timer;
static volatile sig_atomic_t signals, granted, refused;

static void start_storm(void (*handler)(int)) {
  const long us = affordable_us() > kIntervalUs ? affordable_us() : kIntervalUs;
  const struct itimerspec interval = {{0, us * 1000}, {0, us * 1000}};
  struct sigevent notify = {0};
  struct sigaction action = {0};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  expect_int(sigaction(SIGUSR1, &action, NULL), 0);
  notify.sigev_notify = SIGEV_SIGNAL;
  notify.sigev_signo = SIGUSR1;
  expect_int(timer_create(CLOCK_MONOTONIC, &notify, &timer), 0);
  expect_int(timer_settime(timer, 0, &interval, NULL), 0);
}

static void stop_storm(void) {
  timer_delete(timer);
  signal(SIGUSR1, SIG_IGN);
}

static void end_at_once(void* parm) { (void)parm; }

static void wait_for_own_event(void* parm) {
  (void)parm;
  for (;;) LWP_WaitProcess(&own_event);
}

/* Every kind of work that the library does, once. */
static void work(void) {
  const void* list[] = {&own_event, &event, &list, NULL};
  char* value;
  int max, used;
  PROCESS pid = spawn("W", 1, wait_for_own_event, NULL);
  spawn("E", 1, end_at_once, NULL);
  expect_int(LWP_NoYieldSignal(&own_event), LWP_SUCCESS);
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&own_event), LWP_SUCCESS);
  expect_int(LWP_MwaitProcess(0, list), LWP_SUCCESS);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect_int(LWP_GetRock(1, &value), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&own_event), LWP_ENOWAIT);
}

static void work_through_storm(void (*handler)(int)) {
  static char stone;
  LWP_NewRock(1, &stone);
  start_storm(handler);
  while (signals < enough_signals()) work();
  stop_storm();
  LWP_DispatchProcess();
}

static void give_credit(int signo) {
  const int rc = LWP_QSignal(target);
  (void)signo;
  if (rc != LWP_SUCCESS && rc != LWP_ENOWAIT) expect_int(rc, LWP_SUCCESS);
  ++signals;
}

static void count_credits(void* parm) {
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    ++*(int*)parm;
  }
}

CASE(no_credit_is_lost_or_invented) {
  int taken = 0;
  host(1);
  target = spawn("Q", 1, count_credits, &taken);
  work_through_storm(give_credit);
  expect_int(taken, signals);
}

static void give_one_more(void* parm) {
  note("giver");
  expect_int(LWP_QSignal(parm), LWP_SUCCESS);
}

CASE(credits_of_the_first_lwp_are_kept_too) {
  int taken = 0;
  target = host(1);
  work_through_storm(give_credit);
  for (; taken < signals; ++taken) expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_transcript("");
  spawn("giver", 0, give_one_more, target);
  expect_int(LWP_QWait(), LWP_SUCCESS); /* there was not one too many */
  expect_transcript("giver");
}

static void signal_event(int signo) {
  const int rc = LWP_NoYieldSignal(&event);
  (void)signo;
  if (rc != LWP_SUCCESS && rc != LWP_ENOWAIT) expect_int(rc, LWP_SUCCESS);
  ++signals;
}

static void count_events(void* parm) {
  for (;;) {
    expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
    ++*(int*)parm;
  }
}

CASE(events_arrive) {
  int woken = 0;
  host(1);
  spawn("W", 1, count_events, &woken);
  work_through_storm(signal_event);
  expect(woken > 0 && woken <= signals);
}

static void yield(int signo) {
  (void)signo;
  ++signals;
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
}

static void count_turns(void* parm) {
  for (;;) {
    ++*(int*)parm;
    LWP_DispatchProcess();
  }
}

CASE(dispatches_work) {
  int turns[2] = {0, 0};
  host(1);
  spawn("A", 1, count_turns, &turns[0]);
  spawn("B", 1, count_turns, &turns[1]);
  spawn("W", 1, wait_for_own_event, NULL);
  start_storm(yield);
  /* Nobody is destroyed: in a handler that has yielded, it would leave the signal blocked. */
  while (signals < enough_signals()) {
    spawn("E", 1, end_at_once, NULL);
    (void)LWP_SignalProcess(&own_event);
  }
  stop_storm();
  expect(turns[0] > 0 && turns[1] > 0);
}

static void make_other_calls(int signo) {
  char* value;
  const int rc = LWP_GetRock(1, &value);
  int highest;
  (void)signo;
  if (rc == LWP_EBLOCKED) {
    expect_int(LWP_StackUsed(target, &highest, &highest), LWP_EBLOCKED);
    expect_int(LWP_DestroyProcess(target), LWP_EBLOCKED);
    ++refused;
  } else if (rc != LWP_EBADROCK) { /* the others have no rocks */
    expect_int(rc, LWP_SUCCESS);
    ++granted;
  }
  ++signals;
}

CASE(other_calls_are_granted_or_blocked) {
  host(1);
  target = spawn("A", 0, end_at_once, NULL);
  do {
    signals = 0;
    work_through_storm(make_other_calls);
  } while (granted == 0 || refused == 0);
}

static void signal_target_of_many(int signo) {
  (void)signo;
  /* The target may have ended, and its host with it. */
  const int rc = LWP_QSignal(target);
  if (rc != LWP_SUCCESS && rc != LWP_ENOWAIT && rc != LWP_EBADPID) expect_int(rc, LWP_EINIT);
  ++signals;
}

static void take_one(void* parm) {
  (void)parm;
  LWP_QWait();
}

CASE(targets_may_end_meanwhile) {
  static char stone;
  host(1);
  LWP_NewRock(1, &stone);
  start_storm(signal_target_of_many);
  while (signals < enough_signals()) {
    PROCESS pid = spawn("T", 1, take_one, NULL);
    target = pid;
    work();
    (void)LWP_DestroyProcess(pid);
  }
  stop_storm();
  expect_int(LWP_QSignal(target), LWP_EBADPID);
}

CASE(handles_are_found_while_their_number_grows) {
  const int lwps = UNLESS_UNDER_VALGRIND(20000, 1000);
  int taken = 0;
  int i;
  host(1);
  target = spawn("Q", 1, count_credits, &taken);
  start_storm(give_credit);
  for (i = 0; i < lwps || signals < enough_signals() / 10; ++i) spawn("N", 0, end_at_once, NULL);
  stop_storm();
  LWP_DispatchProcess();
  expect_int(taken, signals);
}

CASE(starting_and_ending_the_host_is_safe_too) {
  int rounds = 0;
  start_storm(signal_target_of_many);
  for (; signals < enough_signals() / 4; ++rounds) {
    target = host(1);
    spawn("E", 1, end_at_once, NULL);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  stop_storm();
  expect(rounds > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_credit_is_lost_or_invented),
      cmocka_unit_test(credits_of_the_first_lwp_are_kept_too),
      cmocka_unit_test(events_arrive),
      cmocka_unit_test(dispatches_work),
      cmocka_unit_test(other_calls_are_granted_or_blocked),
      cmocka_unit_test(targets_may_end_meanwhile),
      cmocka_unit_test(handles_are_found_while_their_number_grows),
      cmocka_unit_test(starting_and_ending_the_host_is_safe_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
