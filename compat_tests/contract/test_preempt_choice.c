/* SPDX-License-Identifier: MIT */
/* test_preempt_choice.c - ticks by another signal than SIGALRM. */
#include <lwp/lwp.h>
#include <preempt/policy.h>
#include <pthread.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;

static void host_with_a_rival(void) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
}

static volatile int alarms;
static void count_alarm(int signo) {
  (void)signo;
  ++alarms;
}

static void expect_ticks_by(int signo) {
  long last;
  int i;
  struct sigaction action;
  host_with_a_rival();
  signal(SIGALRM, count_alarm);
  expect_int(PRE_SetSignal(signo), LWP_SUCCESS);
  slices_of(100);
  for (i = 0; i < 10; ++i) {
    for (last = turns; turns == last;) {
    }
  }
  tick_here(); /* SIGALRM is the program's own */
  expect_int(alarms, 1);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  sigaction(signo, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
  tick_here();
  expect_int(alarms, 2);
}

CASE(ticks_come_by_a_classic_signal) { expect_ticks_by(SIGUSR2); }
CASE(ticks_come_by_a_real_time_signal) { expect_ticks_by(SIGRTMIN + 3); }

CASE(blocking_the_signal_holds_ticks_off) {
  sigset_t set;
  long last;
  host_with_a_rival();
  expect_int(PRE_SetSignal(SIGVTALRM), LWP_SUCCESS);
  slices_of(100);
  sigemptyset(&set);
  sigaddset(&set, SIGVTALRM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  last = turns;
  work(10000000);
  expect_int(turns, last);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  sigprocmask(SIG_UNBLOCK, &set, NULL); /* no late tick ends the process */
}

CASE(bad_signals_are_refused) {
  const int bad[] = {-1,     0,       SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                     SIGILL, SIGABRT, SIGTRAP, SIGSYS,  32,      33,     SIGRTMAX + 1};
  unsigned i;
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  for (i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
    if (bad[i] != SIGRTMIN) expect_int(PRE_SetSignal(bad[i]), LWP_EBADSIG);
  }
}

CASE(the_signal_stays_while_preemption_is_on) {
  host_with_a_rival();
  slices_by_hand();
  expect_int(PRE_SetSignal(SIGUSR2), LWP_ESYSTEM);
  expect_int(PRE_SetSignal(0), LWP_EBADSIG);
  turns = 0;
  tick_here();
  expect_int(turns, 1);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_int(PRE_SetSignal(SIGUSR2), LWP_SUCCESS);
}

static void* preempt_by_another(void* parm) {
  (void)parm;
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  expect_int(PRE_SetSignal(SIGUSR2), LWP_SUCCESS);
  expect_int(PRE_InitPreempt(NULL), LWP_ESYSTEM);
  expect_int(PRE_SetSignal(SIGALRM), LWP_SUCCESS);
  expect_int(PRE_InitPreempt(NULL), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return NULL;
}

CASE(all_kernel_threads_use_one_signal) {
  pthread_t thread;
  host_with_a_rival();
  slices_by_hand();
  expect_int(pthread_create(&thread, NULL, preempt_by_another, NULL), 0);
  expect_int(pthread_join(thread, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_come_by_a_classic_signal),
      cmocka_unit_test(ticks_come_by_a_real_time_signal),
      cmocka_unit_test(blocking_the_signal_holds_ticks_off),
      cmocka_unit_test(bad_signals_are_refused),
      cmocka_unit_test(the_signal_stays_while_preemption_is_on),
      cmocka_unit_test(all_kernel_threads_use_one_signal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
