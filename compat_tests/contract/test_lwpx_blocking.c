/* SPDX-License-Identifier: MIT */
/* test_lwpx_blocking.c - calls that block, made on other kernel threads. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "io_case.h"

static atomic_int begun, ended;

static void* nap(void* ms) {
  ++begun;
  usleep((useconds_t)(long)ms * 1000);
  errno = (int)(long)ms;
  ++ended;
  return ms;
}

static void ask(void* ms) {
  void* result = NULL;
  errno = 0;
  expect_int(LWPX_Blocking(nap, ms, &result), LWP_SUCCESS);
  expect(result == ms);
  expect_int(errno, (long)ms);
  note("%s", LWP_Name());
}

CASE(result_and_errno_come_back) {
  expect_int(LWPX_Blocking(nap, NULL, NULL), LWP_EINIT);
  host(2);
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

CASE(others_run_meanwhile_and_calls_overlap) {
  const double begin = now_seconds();
  const long call_ms = UNLESS_UNDER_VALGRIND(200, 2000);
  int i;
  start_with_io();
  for (i = 0; i < 4; ++i) spawn("a", 3, ask, (void*)call_ms);
  spawn("other", 2, note_and_end, NULL);
  pause_ms(10);
  expect_transcript("other");
  while (ended < 4) pause_ms(5);
  pause_ms(5);
  expect_transcript("a a a a");
  expect(now_seconds() - begin < 3.5 * (double)call_ms / 1000);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(five_hundred_calls_are_all_made) {
  int i;
  start_with_io();
  for (i = 0; i < 500; ++i) spawn("a", 3, ask, (void*)1);
  for (i = 0; i < 2000 && ended < 500; ++i) pause_ms(5);
  pause_ms(5);
  expect_int(begun, 500);
  expect_int(ended, 500);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static int refused;

static void ask_and_be_refused(void* parm) {
  (void)parm;
  if (LWPX_Blocking(nap, (void*)20, NULL) == LWP_ESYSTEM) refused++;
}

CASE(callers_that_wait_for_a_place_learn_of_the_end_of_the_manager) {
  int i;
  start_with_io();
  for (i = 0; i < 64 + 6; ++i) spawn("a", 3, ask_and_be_refused, NULL);
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
  for (i = 0; i < 100 && ended < 20; ++i) pause_ms(10);
  expect_int(ended, 20);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(terminate_waits_for_what_has_begun_and_forgets_the_rest) {
  int i;
  start_with_io();
  for (i = 0; i < 30; ++i) spawn("a", 3, ask, (void*)400);
  while (begun == 0) pause_ms(1);
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

CASE(finalize_wakes_no_caller_and_calls_work_afterwards) {
  int i, before;
  start_with_io();
  for (i = 0; i < 6; ++i) spawn("a", 3, ask, (void*)400);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  before = ended; /* those that had begun */
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  for (i = 0; i < 6; ++i) spawn("b", 3, ask, (void*)2);
  while (ended < before + 6) pause_ms(5);
  pause_ms(5);
  expect_transcript("b b b b b b");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void ask_across_fork(void* parm) {
  (void)parm;
  note("%d", LWPX_Blocking(nap, (void*)300, NULL));
}

CASE(child_tells_callers_that_their_calls_are_lost_and_makes_its_own) {
  pid_t child;
  start_with_io();
  spawn("a", 3, ask_across_fork, NULL);
  pause_ms(20);
  child = fork();
  if (child == 0) {
    ask((void*)5);
    pause_ms(5);
    expect_transcript("-14 Main Process");
    expect_int(LWP_TerminateProcessSupport(), 0);
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  while (ended < 1) pause_ms(5);
  pause_ms(5);
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
      cmocka_unit_test(terminate_waits_for_what_has_begun_and_forgets_the_rest),
      cmocka_unit_test(finalize_wakes_no_caller_and_calls_work_afterwards),
      cmocka_unit_test(child_tells_callers_that_their_calls_are_lost_and_makes_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
