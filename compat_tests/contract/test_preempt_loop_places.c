/* SPDX-License-Identifier: MIT */
/* test_preempt_loop_places.c - loops that are asked where ticks move nobody: in shared objects, in
 * callbacks of the C library, in several kernel threads, by handlers of the program. */
#include <errno.h>
#include <preempt/loop.h>
#include <preempt/policy.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lwp_case.h"
#include "plain_library.h"
#include "ticks.h"

enum { kLwps = 6 };

static volatile long rounds[kLwps];
static volatile int stop;
static char gate;

static void spin_in_loop(void* parm) {
  LWP_WaitProcess(&gate);
  PRE_PreemptMe();
  spin_until_cancelled(parm);
}

static void spin_in_nested_loops(void* parm) {
  LWP_WaitProcess(&gate);
  PRE_PreemptMe();
  spin_nested_until_cancelled(parm);
}

static void spin_past_checkpoints(void* parm) {
  LWP_WaitProcess(&gate);
  PRE_PreemptMe();
  spin_with_checkpoints(parm, &stop);
}

static int everybody_has_advanced(const long* last) {
  int i;
  for (i = 0; i < kLwps; ++i) {
    if (rounds[i] == last[i]) return 0;
  }
  return 1;
}

/* The caller's own share comes out of a loop in the shared object, too. */
static void share(int policy) {
  void (*const bodies[])(void*) = {spin_in_loop, spin_in_nested_loops, spin_past_checkpoints};
  const unsigned long sum = checksum(20000);
  long last[kLwps];
  int round, i;
  host(2);
  expect_int(PRE_SetPolicy(policy), LWP_SUCCESS);
  slices_of(100);
  for (i = 0; i < kLwps; ++i) start_lwp(bodies[i % 3], 2, (void*)&rounds[i]);
  expect_int(LWP_NoYieldSignal(&gate), LWP_SUCCESS);
  PRE_PreemptMe();
  for (round = 0; round < 20; ++round) {
    for (i = 0; i < kLwps; ++i) last[i] = rounds[i];
    while (!everybody_has_advanced(last)) expect(checksum_in_loop(20000) == sum);
  }
}

CASE(endless_loops_in_a_shared_object_share) { share(PRE_POLICY_SAFE); }
CASE(endless_loops_share_where_ticks_move_nobody) { share(PRE_POLICY_OFF); }

static volatile long turns;

/* stdio holds the lock of a stream while it calls back. The program has chosen that others run
 * here; those who need the stream would have to wait. */
static ssize_t write_in_loop(void* cookie, const char* text, size_t size) {
  size_t i;
  PRE_LOOP(loop);
  (void)text;
  PRE_FOR_UP(loop, i, 0, size, 1) tick_in_libc();
  *(size_t*)cookie += size;
  return (ssize_t)size;
}

CASE(a_loop_in_a_callback_of_the_c_library_is_asked) {
  cookie_io_functions_t functions;
  size_t written = 0;
  FILE* stream;
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
  memset(&functions, 0, sizeof functions);
  functions.write = write_in_loop;
  stream = fopencookie(&written, "w", functions);
  expect(stream != NULL);
  fputs("0123456789", stream);
  fflush(stream);
  expect_int(written, 10);
  expect_int(turns, 9);
  fclose(stream);
}

/* A handler has interrupted something that may be half done. */
static volatile long iterations;

static void loop_in_handler(int signo) {
  int i;
  PRE_LOOP(loop);
  (void)signo;
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    ++iterations;
    tick_in_libc();
    PRE_Checkpoint();
  }
}

CASE(a_loop_in_a_handler_keeps_the_processor) {
  struct sigaction action;
  int i;
  PRE_LOOP(loop);
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = loop_in_handler;
  sigaction(SIGUSR1, &action, NULL);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    raise(SIGUSR1);
    expect_int(turns, 0);
    expect_int(iterations, 10 * (i + 1));
  }
}

/* Handlers of the program that ask, and no PRE_InitPreempt. */
static void ask(int signo, siginfo_t* info, void* context) {
  const int keep_errno = errno;
  (void)signo;
  (void)info;
  PRE_AskLoops(context);
  errno = keep_errno;
}

static void install_ask(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = ask;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGUSR2, &action, NULL);
}

CASE(a_handler_of_the_program_asks_without_slices) {
  int i;
  PRE_LOOP(loop);
  host(2);
  install_ask();
  start_lwp(count_turns, 2, (void*)&turns);
  turns = 0;
  PRE_FOR_UP(loop, i, 0, 5, 1) raise(SIGUSR2);
  expect_int(turns, 0);
  PRE_PreemptMe();
  expect_int(turns, 1); /* owed */
  PRE_FOR_UP(loop, i, 0, 5, 1) raise(SIGUSR2);
  expect_int(turns, 5);
  PRE_Checkpoint();
  expect_int(turns, 6);
  expect_int(PRE_AskLoops(NULL), LWP_SUCCESS);
  PRE_Checkpoint();
  expect_int(turns, 7);
}

/* Kernel threads with LWPs of their own, preempted by one that has none. */
enum { kThreads = 3 };

static struct host {
  pthread_t thread;
  volatile long rounds[2];
  volatile int done;
} hosts[kThreads];

static void* be_host(void* parm) {
  struct host* const self = parm;
  PROCESS first, second;
  int round;
  host(2);
  first = start_lwp(spin_in_loop, 2, (void*)&self->rounds[0]);
  second = start_lwp(spin_in_nested_loops, 2, (void*)&self->rounds[1]);
  LWP_SignalProcess(&gate);
  for (round = 0; round < 50; ++round) {
    const long last[] = {self->rounds[0], self->rounds[1]};
    while (self->rounds[0] == last[0] || self->rounds[1] == last[1]) LWP_DispatchProcess();
  }
  expect_int(PRE_CancelLoops(first), LWP_SUCCESS);
  expect_int(PRE_CancelLoops(second), LWP_SUCCESS);
  while (PRE_CancelLoops(first) != LWP_EBADPID || PRE_CancelLoops(second) != LWP_EBADPID)
    LWP_DispatchProcess();
  self->done = 1;
  return NULL;
}

CASE(another_kernel_thread_asks_by_signals) {
  int i, left;
  install_ask();
  for (i = 0; i < kThreads; ++i)
    expect_int(pthread_create(&hosts[i].thread, NULL, be_host, &hosts[i]), 0);
  do {
    left = 0;
    for (i = 0; i < kThreads; ++i) {
      if (hosts[i].done) continue;
      ++left;
      pthread_kill(hosts[i].thread, SIGUSR2);
    }
    usleep(200);
  } while (left > 0);
  for (i = 0; i < kThreads; ++i) pthread_join(hosts[i].thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(endless_loops_in_a_shared_object_share),
      cmocka_unit_test(endless_loops_share_where_ticks_move_nobody),
      cmocka_unit_test(a_loop_in_a_callback_of_the_c_library_is_asked),
      cmocka_unit_test(a_loop_in_a_handler_keeps_the_processor),
      cmocka_unit_test(a_handler_of_the_program_asks_without_slices),
      cmocka_unit_test(another_kernel_thread_asks_by_signals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
