/* SPDX-License-Identifier: MIT */
/* test_credits.c - LWP_QWait and LWP_QSignal: credits of one LWP. */
#include "lwp_case.h"

static char event;

CASE(qsignal_wakes_who_waits) {
  PROCESS pid;
  host(1);
  pid = spawn("Q", 1, take_credit_and_note, NULL);
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
  note("main");
  LWP_DispatchProcess();
  expect_transcript("main Q"); /* QSignal itself does not switch */
}

CASE(qsignal_does_not_switch_to_a_higher_priority_either) {
  PROCESS pid;
  host(1);
  pid = spawn("Q", 3, take_credit_and_note, NULL);
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
  note("main");
  LWP_DispatchProcess();
  expect_transcript("main Q");
}

CASE(credits_add_up) {
  PROCESS pid;
  host(1);
  pid = spawn("Q", 1, take_credit_and_note, NULL);
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
  expect_int(LWP_QSignal(pid), LWP_ENOWAIT); /* awake already; kept */
  expect_int(LWP_QSignal(pid), LWP_ENOWAIT);
  LWP_DispatchProcess();
  expect_transcript("Q Q Q");
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("Q");
}

CASE(credits_can_be_given_to_oneself) {
  PROCESS self = host(1);
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_int(LWP_QWait(), LWP_SUCCESS);
}

static void signal_parm_twice(void* parm) {
  note("S");
  LWP_QSignal(parm);
  LWP_DispatchProcess();
  note("S");
  LWP_QSignal(parm);
}

CASE(qwait_without_a_credit_waits_for_the_next) {
  PROCESS self = host(2);
  spawn("S", 1, signal_parm_twice, self);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("main");
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("main");
  expect_transcript("S main S main");
}

static void wait_then_take_credit(void* parm) {
  LWP_WaitProcess(parm);
  note("event");
  LWP_QWait();
  note("credit");
}

CASE(qsignal_does_not_wake_from_an_event_but_the_credit_is_kept) {
  PROCESS pid;
  host(1);
  pid = spawn("W", 1, wait_then_take_credit, &event);
  expect_int(LWP_QSignal(pid), LWP_ENOWAIT);
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("event credit");
}

CASE(signals_do_not_wake_from_qwait) {
  PROCESS pid;
  host(1);
  pid = spawn("Q", 1, take_credit_and_note, NULL);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess(pid), LWP_ENOWAIT);
  expect_transcript("");
}

CASE(credits_belong_to_one_lwp) {
  PROCESS one, two;
  host(1);
  one = spawn("1", 1, take_credit_and_note, NULL);
  two = spawn("2", 1, take_credit_and_note, NULL);
  expect_int(LWP_QSignal(two), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("2");
  expect_int(LWP_QSignal(two), LWP_SUCCESS);
  expect_int(LWP_QSignal(one), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("2 1"); /* in the order in which they became ready */
}

CASE(credits_are_not_inherited_by_the_next_lwp_on_the_same_stack) {
  PROCESS pid;
  host(2);
  pid = spawn("old", 1, note_and_end, NULL);
  LWP_QSignal(pid);
  LWP_QSignal(pid);
  LWP_DestroyProcess(pid);
  pid = spawn("new", 2, take_credit_and_note, NULL);
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
}

static void count_credits(void* parm) {
  for (;;) {
    LWP_QWait();
    ++*(int*)parm;
  }
}

CASE(no_credit_of_very_many_is_lost) {
  enum { kCredits = 100000 };
  int taken = 0;
  int i;
  PROCESS pid;
  host(1);
  pid = spawn("Q", 1, count_credits, &taken);
  for (i = 0; i < kCredits; ++i) {
    LWP_QSignal(pid);
    if (i % 7 == 0) LWP_DispatchProcess();
  }
  LWP_DispatchProcess();
  expect_int(taken, kCredits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(qsignal_wakes_who_waits),
      cmocka_unit_test(qsignal_does_not_switch_to_a_higher_priority_either),
      cmocka_unit_test(credits_add_up),
      cmocka_unit_test(credits_can_be_given_to_oneself),
      cmocka_unit_test(qwait_without_a_credit_waits_for_the_next),
      cmocka_unit_test(qsignal_does_not_wake_from_an_event_but_the_credit_is_kept),
      cmocka_unit_test(signals_do_not_wake_from_qwait),
      cmocka_unit_test(credits_belong_to_one_lwp),
      cmocka_unit_test(credits_are_not_inherited_by_the_next_lwp_on_the_same_stack),
      cmocka_unit_test(no_credit_of_very_many_is_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
