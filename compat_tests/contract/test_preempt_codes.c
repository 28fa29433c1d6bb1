/* SPDX-License-Identifier: MIT */
/* test_preempt_codes.c - what PRE_InitPreempt and PRE_EndPreempt accept, return and leave behind.
 */
#include <lwp/lwp.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long alarms;

static void on_alarm(int signo) {
  (void)signo;
  ++alarms;
}

static void handle_alarm_with(void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaction(SIGALRM, &action, NULL);
}

static void expect_alarm_handler(void (*handler)(int)) {
  struct sigaction action;
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler == handler);
}

static void expect_refused(long sec, long usec) {
  struct timeval slice;
  slice.tv_sec = sec;
  slice.tv_usec = usec;
  expect_int(PRE_InitPreempt(&slice), LWP_ESYSTEM);
}

static void expect_all_bad_slices_refused(void) {
  expect_refused(0, 1);
  expect_refused(0, 19);
  expect_refused(0, -1);
  expect_refused(0, 1000000);
  expect_refused(-1, 0);
  expect_refused(-1, 500000);
  expect_refused(1, -500000);
}

static void block_alarm(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigprocmask(how, &set, NULL);
}

CASE(nothing_works_before_init_and_nothing_breaks) {
  struct timeval slice = {0, 1000};
  expect_int(PRE_InitPreempt(&slice), LWP_EINIT);
  expect_int(PRE_InitPreempt(NULL), LWP_EINIT);
  expect_int(PRE_EndPreempt(), LWP_EINIT);
  PRE_PreemptMe();
  PRE_BeginCritical();
  PRE_EndCritical();
  PRE_EndCritical();
  PRE_Concurrent(1);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
}

CASE(levels_from_before_init_do_not_count) {
  long turns = 0;
  PRE_PreemptMe();
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_by_hand();
  start_lwp(count_turns, 1, &turns);
  tick_here();
  expect_int(turns, 1);
}

CASE(nothing_works_after_terminate) {
  LWP_Init(LWP_VERSION, 1, NULL);
  expect_int(PRE_InitPreempt(NULL), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(PRE_InitPreempt(NULL), LWP_EINIT);
  expect_int(PRE_EndPreempt(), LWP_EINIT);
  expect_alarm_handler(SIG_DFL);
}

CASE(slices_in_range_are_accepted) {
  LWP_Init(LWP_VERSION, 1, NULL);
  expect_int(PRE_InitPreempt(NULL), LWP_SUCCESS);
  slices_of(0);
  slices_of(20);
  slices_of(21);
  slices_of(999999);
  slices_of(DEFAULTSLICE * 1000000L);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
}

CASE(refused_slice_leaves_the_signal_alone) {
  LWP_Init(LWP_VERSION, 1, NULL);
  handle_alarm_with(on_alarm);
  expect_all_bad_slices_refused();
  expect_alarm_handler(on_alarm);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_alarm_handler(on_alarm);
}

static void count_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) ++*count;
}

CASE(refused_slice_leaves_the_old_one_at_work) {
  volatile long count = 0;
  long last;
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_of(1000);
  expect_all_bad_slices_refused();
  start_lwp(count_for_ever, 1, (void*)&count);
  PRE_PreemptMe();
  expect_all_bad_slices_refused();
  for (last = count; count == last;) {
  }
}

CASE(slice_may_be_changed_stopped_and_taken_up_again) {
  volatile long count = 0;
  long last;
  long i;
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_of(20000);
  start_lwp(count_for_ever, 1, (void*)&count);
  PRE_PreemptMe();
  slices_of(100);
  for (i = 0; i < 10; ++i) {
    for (last = count; count == last;) {
    }
  }
  slices_of(0);
  for (last = count, i = 0; i < 20; ++i) {
    work(1000000);
    expect_int(count, last);
  }
  slices_of(300);
  for (last = count; count == last;) {
  }
}

static void stop_slices(void) { slices_of(0); }
static void end_preemption(void) { expect_int(PRE_EndPreempt(), LWP_SUCCESS); }

static void owe_a_tick_across(void (*stop)(void)) {
  long turns = 0;
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_by_hand();
  start_lwp(count_turns, 1, &turns);
  PRE_PreemptMe();
  turns = 0;
  PRE_BeginCritical();
  tick_here();
  stop();
  PRE_EndCritical();
  work(1000);
  expect_int(turns, 0);
  slices_by_hand();
  tick_here();
  expect_int(turns, 1);
}

CASE(tick_owed_when_slices_stop_does_not_give_the_processor_away) {
  owe_a_tick_across(stop_slices);
}
CASE(tick_owed_when_preemption_ends_does_not_give_the_processor_away) {
  owe_a_tick_across(end_preemption);
}

CASE(end_may_be_repeated_and_needs_no_init) {
  LWP_Init(LWP_VERSION, 1, NULL);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  slices_of(1000);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  slices_of(1000);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_alarm_handler(SIG_DFL);
}

CASE(end_puts_back_the_programs_action) {
  struct sigaction action;
  LWP_Init(LWP_VERSION, 1, NULL);
  handle_alarm_with(on_alarm);
  slices_of(1000);
  slices_of(2000);
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler != on_alarm);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler == on_alarm);
  expect((action.sa_flags & SA_RESTART) != 0 && (action.sa_flags & SA_NODEFER) == 0);
  expect_int(sigismember(&action.sa_mask, SIGUSR2), 1);
  raise(SIGALRM);
  expect_int(alarms, 1);
}

CASE(terminate_puts_back_the_programs_action) {
  LWP_Init(LWP_VERSION, 1, NULL);
  handle_alarm_with(on_alarm);
  slices_of(1000);
  LWP_TerminateProcessSupport();
  expect_alarm_handler(on_alarm);
}

CASE(end_leaves_a_handler_alone_that_was_set_meanwhile) {
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_of(1000);
  handle_alarm_with(on_alarm);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_alarm_handler(on_alarm);
}

/* SIGALRM by default ends the process. */
static void let_a_tick_wait_across(int (*end)(void)) {
  long turns = 0;
  const double until = now_seconds() + 0.05;
  LWP_Init(LWP_VERSION, 1, NULL);
  start_lwp(count_turns, 1, &turns);
  slices_of(100);
  block_alarm(SIG_BLOCK);
  while (now_seconds() < until) {
  }
  expect_int(end(), LWP_SUCCESS);
  block_alarm(SIG_UNBLOCK);
}

CASE(late_tick_does_not_kill_after_end) { let_a_tick_wait_across(PRE_EndPreempt); }
CASE(late_tick_does_not_kill_after_terminate) {
  let_a_tick_wait_across(LWP_TerminateProcessSupport);
}

CASE(programs_own_pending_alarm_survives_end) {
  LWP_Init(LWP_VERSION, 1, NULL);
  handle_alarm_with(on_alarm);
  slices_of(1000);
  block_alarm(SIG_BLOCK);
  raise(SIGALRM);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_int(alarms, 0);
  block_alarm(SIG_UNBLOCK);
  expect_int(alarms, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_works_before_init_and_nothing_breaks),
      cmocka_unit_test(levels_from_before_init_do_not_count),
      cmocka_unit_test(nothing_works_after_terminate),
      cmocka_unit_test(slices_in_range_are_accepted),
      cmocka_unit_test(refused_slice_leaves_the_signal_alone),
      cmocka_unit_test(refused_slice_leaves_the_old_one_at_work),
      cmocka_unit_test(slice_may_be_changed_stopped_and_taken_up_again),
      cmocka_unit_test(tick_owed_when_slices_stop_does_not_give_the_processor_away),
      cmocka_unit_test(tick_owed_when_preemption_ends_does_not_give_the_processor_away),
      cmocka_unit_test(end_may_be_repeated_and_needs_no_init),
      cmocka_unit_test(end_puts_back_the_programs_action),
      cmocka_unit_test(terminate_puts_back_the_programs_action),
      cmocka_unit_test(end_leaves_a_handler_alone_that_was_set_meanwhile),
      cmocka_unit_test(late_tick_does_not_kill_after_end),
      cmocka_unit_test(late_tick_does_not_kill_after_terminate),
      cmocka_unit_test(programs_own_pending_alarm_survives_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
