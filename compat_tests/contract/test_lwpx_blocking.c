/* SPDX-License-Identifier: MIT */
/* test_lwpx_blocking.c - calls that block, made on other kernel threads. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "asleep.h"
#include "io_case.h"

static atomic_int begun, ended; /* calls */
static int answered;            /* LWPs that came back from theirs */

static void* nap(void* ms) {
  ++begun;
  usleep((useconds_t)(long)ms * 1000);
  errno = (int)(long)ms;
  ++ended;
  return ms;
}

static void ask_for(void* (*call)(void*), void* argument) {
  void* result = NULL;
  errno = 0;
  expect_int(LWPX_Blocking(call, argument, &result), LWP_SUCCESS);
  expect(result == argument);
  expect_int(errno, (long)argument);
  note("%s", LWP_Name());
  ++answered;
}

static void ask(void* ms) { ask_for(nap, ms); }

/* A call that goes on until it is let go, and until so many have begun. */
static atomic_int let_go;
static int at_once = 1;

static void* wait_to_be_let_go(void* code) {
  ++begun;
  while (!let_go || begun < at_once) usleep(500);
  errno = (int)(long)code;
  ++ended;
  return code;
}

static void ask_until_let_go(void* code) { ask_for(wait_to_be_let_go, code); }

static void wait_for_answers(int count) {
  while (answered < count) pause_ms(1);
}

CASE(result_and_errno_come_back) {
  expect_int(LWPX_Blocking(nap, NULL, NULL), LWP_EINIT);
  host(2);
  expect_int(LWPX_Blocking(NULL, NULL, NULL), LWP_ESYSTEM);
  ask((void*)12);
  expect_int(LWPX_Blocking(nap, NULL, NULL), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void* where_am_i(void* parm) {
  sigset_t mask;
  (void)parm;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  expect(sigismember(&mask, SIGUSR1) == 1 && sigismember(&mask, SIGALRM) == 1);
  expect(LWP_ThisProcess() == NULL);
  return (void*)(long)gettid();
}

CASE(call_runs_on_another_kernel_thread_that_is_no_host_and_takes_no_signals) {
  void* thread = NULL;
  start_with_io();
  expect_int(LWPX_Blocking(where_am_i, NULL, &thread), LWP_SUCCESS);
  expect((long)thread != gettid());
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

/* None of the calls ends before all have begun. */
CASE(others_run_meanwhile_and_calls_overlap) {
  int i;
  start_with_io();
  at_once = 4;
  for (i = 0; i < 4; ++i) spawn("a", 3, ask_until_let_go, (void*)1);
  spawn("other", 2, note_and_end, NULL);
  wait_for_notes(1);
  expect_transcript("other");
  let_go = 1;
  wait_for_answers(4);
  expect_transcript("a a a a");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(five_hundred_calls_are_all_made) {
  int i;
  start_with_io();
  for (i = 0; i < 500; ++i) spawn("a", 3, ask, (void*)1);
  wait_for_answers(500);
  expect_int(begun, 500);
  expect_int(ended, 500);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static int refused;

static void ask_and_be_refused(void* parm) {
  (void)parm;
  if (LWPX_Blocking(wait_to_be_let_go, (void*)20, NULL) == LWP_ESYSTEM) refused++;
}

/* The end waits for calls that have begun, so another kernel thread lets them go: a while after the
 * LWPs' own has begun to wait. */
static void* let_go_when_asleep(void* unused) {
  wait_until_asleep(getpid());
  let_go = 1;
  return unused;
}

static void let_go_at_the_end(void) {
  pthread_t thread;
  expect_int(pthread_create(&thread, NULL, let_go_when_asleep, NULL), 0);
}

CASE(callers_that_wait_for_a_place_learn_of_the_end_of_the_manager) {
  int i;
  start_with_io();
  for (i = 0; i < 64 + 6; ++i) spawn("a", 3, ask_and_be_refused, NULL);
  let_go_at_the_end();
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(refused, 6);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(destroyed_callers_leave_their_calls_behind) {
  PROCESS pids[20];
  int i;
  start_with_io();
  for (i = 0; i < 20; ++i) pids[i] = spawn("a", 3, ask, (void*)20);
  for (i = 0; i < 20; ++i) expect_int(LWP_DestroyProcess(pids[i]), 0);
  for (i = 0; i < 20; ++i) spawn("b", 3, note_and_end, NULL);
  while (ended < 20) pause_ms(10);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(terminate_waits_for_what_has_begun_and_forgets_the_rest) {
  int i;
  start_with_io();
  for (i = 0; i < 30; ++i) spawn("a", 3, ask_until_let_go, (void*)1);
  while (begun == 0) pause_ms(1);
  let_go_at_the_end();
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(ended, begun);
  expect(begun >= 1 && begun <= 8);
  expect_transcript("");
  ended = 0;
  host(2);
  ask((void*)1);
  expect_int(ended, 1);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void wait_on(void* event) {
  expect_int(LWP_WaitProcess(event), LWP_SUCCESS);
  note("seen");
}

static void be_cancelled_and_wait(void* parm) {
  struct LWPX_Cleanup place;
  (void)parm;
  expect_int(LWPX_PushCleanup(&place, wait_on, &answered), LWP_SUCCESS);
  ask_until_let_go(NULL);
}

CASE(handler_of_a_cancelled_caller_still_sees_its_event_after_finalize) {
  PROCESS caller;
  start_with_io();
  caller = spawn("c", 4, be_cancelled_and_wait, NULL);
  expect_int(LWPX_Cancel(caller), LWP_SUCCESS);
  LWP_DispatchProcess(); /* its call is still under way */
  let_go = 1;
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&answered), LWP_SUCCESS);
  expect_transcript("seen");
}

CASE(finalize_wakes_no_caller_and_calls_work_afterwards) {
  int i;
  start_with_io();
  for (i = 0; i < 6; ++i) spawn("a", 3, ask_until_let_go, (void*)1);
  let_go_at_the_end();
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(ended, begun);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  for (i = 0; i < 6; ++i) spawn("b", 3, ask, (void*)2);
  wait_for_answers(6);
  pause_ms(5);
  expect_transcript("b b b b b b");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void ask_across_fork(void* parm) {
  (void)parm;
  note("%d", LWPX_Blocking(wait_to_be_let_go, (void*)1, NULL));
}

CASE(child_tells_callers_that_their_calls_are_lost_and_makes_its_own) {
  pid_t child;
  start_with_io();
  spawn("a", 3, ask_across_fork, NULL);
  while (begun == 0) pause_ms(1);
  child = fork();
  if (child == 0) {
    ask((void*)5);
    pause_ms(5);
    expect_transcript("-14 Main Process");
    expect_int(LWP_TerminateProcessSupport(), 0);
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  let_go = 1;
  wait_for_notes(1);
  expect_transcript("0");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(result_and_errno_come_back),
      cmocka_unit_test(call_runs_on_another_kernel_thread_that_is_no_host_and_takes_no_signals),
      cmocka_unit_test(others_run_meanwhile_and_calls_overlap),
      cmocka_unit_test(five_hundred_calls_are_all_made),
      cmocka_unit_test(callers_that_wait_for_a_place_learn_of_the_end_of_the_manager),
      cmocka_unit_test(destroyed_callers_leave_their_calls_behind),
      cmocka_unit_test(handler_of_a_cancelled_caller_still_sees_its_event_after_finalize),
      cmocka_unit_test(terminate_waits_for_what_has_begun_and_forgets_the_rest),
      cmocka_unit_test(finalize_wakes_no_caller_and_calls_work_afterwards),
      cmocka_unit_test(child_tells_callers_that_their_calls_are_lost_and_makes_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
