/* SPDX-License-Identifier: MIT */
/* test_two_runtimes.c - several kernel threads, each with LWPs of its own. */
#include "lwp_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { kThreads = 4 };

static char event;
static pthread_barrier_t barrier;

static void run_threads(void* (*body)(void*)) {
  pthread_t threads[kThreads];
  intptr_t i;
  pthread_barrier_init(&barrier, NULL, kThreads);
  for (i = 0; i < kThreads; ++i) {
    expect_int(pthread_create(&threads[i], NULL, body, (void*)i), 0);
  }
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
}

struct counts {
  pthread_t thread;
  int turns[2];
};

static void count_first(void* parm) {
  struct counts* const counts = parm;
  for (;;) {
    ++counts->turns[0];
    expect(pthread_equal(counts->thread, pthread_self()));
    LWP_DispatchProcess();
  }
}

static void count_second(void* parm) {
  struct counts* const counts = parm;
  for (;;) {
    LWP_WaitProcess(counts);
    ++counts->turns[1];
    expect(pthread_equal(counts->thread, pthread_self()));
  }
}

static void* play(void* parm) {
  enum { kTurns = 20000 };
  struct counts counts = {pthread_self(), {0, 0}};
  PROCESS self = host(1);
  int i;
  expect(strcmp(LWP_Name(), "Main Process") == 0);
  spawn("first", 1, count_first, &counts);
  spawn("second", 1, count_second, &counts);
  pthread_barrier_wait(&barrier);
  for (i = 0; i < kTurns; ++i) expect_int(LWP_SignalProcess(&counts), LWP_SUCCESS);
  expect(counts.turns[0] >= kTurns);
  expect_int(counts.turns[1], kTurns);
  expect(LWP_ThisProcess() == self);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return parm;
}

CASE(each_kernel_thread_schedules_its_own) { run_threads(play); }

static void* live_short_lives(void* parm) {
  int i;
  for (i = 0; i < 100; ++i) {
    host(1);
    spawn("W", 1, wait_and_note, &event);
    spawn("L", 0, wait_and_note, &event);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  return parm;
}

CASE(hosts_start_and_end_side_by_side) { run_threads(live_short_lives); }

static void* call_without_init(void* parm) {
  PROCESS pid;
  expect(LWP_ThisProcess() == NULL);
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
  expect_int(LWP_DispatchProcess(), LWP_EINIT);
  expect_int(LWP_SignalProcess(&event), LWP_EINIT);
  expect_int(LWP_QSignal(*(PROCESS*)parm), LWP_EINIT);
  expect_int(LWP_DestroyProcess(*(PROCESS*)parm), LWP_EINIT);
  expect_int(LWP_TerminateProcessSupport(), LWP_EINIT);
  return NULL;
}

CASE(a_kernel_thread_without_init_is_no_host) {
  pthread_t thread;
  PROCESS self = host(1);
  pthread_create(&thread, NULL, call_without_init, &self);
  pthread_join(thread, NULL);
  expect(LWP_ThisProcess() == self);
}

static void* try_to_reach(void* parm) {
  host(1);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  expect_int(LWP_QSignal(*(PROCESS*)parm), LWP_EBADPID);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return NULL;
}

CASE(events_and_credits_do_not_reach_other_kernel_threads) {
  pthread_t thread;
  PROCESS waiter;
  host(1);
  waiter = spawn("W", 1, wait_and_note, &event);
  pthread_create(&thread, NULL, try_to_reach, &waiter);
  pthread_join(thread, NULL);
  expect_transcript("");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("W");
}

static void* host_and_vanish(void* parm) {
  host(1);
  spawn("W", 1, wait_and_note, &event);
  spawn("Y", 1, note_and_yield, NULL);
  return parm;
}

CASE(a_kernel_thread_may_end_without_terminate) {
  pthread_t thread;
  host(1);
  pthread_create(&thread, NULL, host_and_vanish, NULL);
  pthread_join(thread, NULL);
  expect_transcript("Y");
  spawn("A", 1, note_and_end, NULL);
  LWP_DispatchProcess();
  expect_transcript("A");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static void* index_of_thread(void* parm) {
  host(1);
  spawn("A", 1, note_and_end, NULL);
  expect_int(LWP_HighestIndex(), 1);
  LWP_TerminateProcessSupport();
  host(1);
  *(int*)parm = LWP_Index();
  LWP_TerminateProcessSupport();
  return NULL;
}

CASE(numbers_are_counted_per_kernel_thread) {
  pthread_t thread;
  int index = -1;
  host(1);
  spawn("A", 1, note_and_end, NULL);
  pthread_create(&thread, NULL, index_of_thread, &index);
  pthread_join(thread, NULL);
  expect_int(index, 0);
  expect_int(LWP_HighestIndex(), 1);
  LWP_TerminateProcessSupport();
  host(1);
  expect_int(LWP_Index(), 2);
}

/* --- ends of the process, brought about by the second kernel thread */

static struct outcome outcome;

static void* wait_for_ever(void* parm) {
  host(1);
  LWP_WaitProcess(&event);
  return parm;
}

static void deadlock_in_second_thread(void) {
  pthread_t thread;
  host(1);
  pthread_create(&thread, NULL, wait_for_ever, NULL);
  pthread_join(thread, NULL);
}

static __attribute__((noinline)) int recurse(volatile int* depth) {
  volatile char frame[512];
  memset((void*)frame, *depth, sizeof frame);
  if (++*depth == -1) return 0;
  return recurse(depth) + frame[17];
}

static void overflow(void* parm) {
  volatile int depth = 0;
  (void)parm;
  recurse(&depth);
}

static void* overflow_a_stack(void* parm) {
  host(1);
  spawn("spender", 1, overflow, NULL);
  return parm;
}

static void overflow_in_second_thread(void) {
  pthread_t thread;
  host(1);
  spawn("innocent", 1, note_and_yield, NULL);
  pthread_create(&thread, NULL, overflow_a_stack, NULL);
  pthread_join(thread, NULL);
}

static void a_deadlock_in_one_ends_the_process(void** state) {
  (void)state;
  child_case_observe(deadlock_in_second_thread, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_non_null(strstr(outcome.out, "Possible deadlock"));
}

static void a_stack_overflow_is_reported_in_any(void** state) {
  (void)state;
  child_case_observe(overflow_in_second_thread, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_string_equal(outcome.err, "LWP: stack overflow in process spender!\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kernel_thread_schedules_its_own),
      cmocka_unit_test(hosts_start_and_end_side_by_side),
      cmocka_unit_test(a_kernel_thread_without_init_is_no_host),
      cmocka_unit_test(events_and_credits_do_not_reach_other_kernel_threads),
      cmocka_unit_test(a_kernel_thread_may_end_without_terminate),
      cmocka_unit_test(numbers_are_counted_per_kernel_thread),
      cmocka_unit_test(a_deadlock_in_one_ends_the_process),
      cmocka_unit_test(a_stack_overflow_is_reported_in_any),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
