/* SPDX-License-Identifier: MIT */
/* test_many.c - very many LWPs at once. */
#include <stdint.h>

#include "lwp_case.h"

#ifdef LWP_LWP_H
enum { kMost = sizeof(void*) == 8 ? 100000 : 20000 }; /* or there are not enough addresses */
#else
enum { kMost = 10000 }; /* two mappings each; the system allows some 65000 */
#endif

/* With a sanitizer each takes three times the memory, a gigabyte and more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static int lwps(void) { return kMost / 5; }
#else
static int lwps(void) { return UNLESS_UNDER_VALGRIND(kMost, kMost / 20); }
#endif

static int runs;
static unsigned char ran[kMost];
static PROCESS pids[kMost];
static char event;

static void run_once(void* parm) {
  const intptr_t number = (intptr_t)parm;
  expect_int(number, runs); /* in the order of their creation */
  ++runs;
  ++ran[number];
}

static void wake(void* pid) { LWP_QSignal(pid); }

CASE(a_hundred_thousand_are_created_and_each_runs_once) {
  const int count = lwps();
  intptr_t i;
  PROCESS self = host(2);
  for (i = 0; i < count; ++i) pids[i] = spawn("one of many", 1, run_once, (void*)i);
  expect_int(runs, 0);
  spawn("waker", 0, wake, self);
  LWP_QWait();
  expect_int(runs, count);
  for (i = 0; i < count; ++i) expect_int(ran[i], 1);
  expect_int(LWP_HighestIndex(), count + 1);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void wait_and_run(void* parm) {
  LWP_WaitProcess(&event);
  run_once(parm);
}

CASE(one_signal_wakes_them_all_in_order) {
  const int waiters = lwps() / 5;
  intptr_t i;
  host(1);
  for (i = 0; i < waiters; ++i) pids[i] = spawn("one of many", 1, wait_and_run, (void*)i);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_int(runs, waiters);
}

CASE(any_of_them_can_be_destroyed) {
  const int sleepers = lwps() / 5;
  intptr_t i;
  host(1);
  for (i = 0; i < sleepers; ++i) pids[i] = spawn("one of many", 1, wait_and_note, &event);
  /* Every other one; 7919 is a prime and mixes the order. */
  for (i = 0; i < sleepers; ++i) {
    const intptr_t number = i * 7919 % sleepers;
    if (number % 2 == 0) expect_int(LWP_DestroyProcess(pids[number]), LWP_SUCCESS);
  }
  for (i = 1; i < sleepers; i += 2) expect_int(LWP_DestroyProcess(pids[i]), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  expect_transcript("");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_hundred_thousand_are_created_and_each_runs_once),
      cmocka_unit_test(one_signal_wakes_them_all_in_order),
      cmocka_unit_test(any_of_them_can_be_destroyed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
