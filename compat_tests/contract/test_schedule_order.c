/* SPDX-License-Identifier: MIT */
/* test_schedule_order.c - who runs next, for every way of giving up the processor. */
#include "lwp_case.h"

enum { kPriority = 2 };
static char event;

/* main, B and C at one priority; B and C say their names and yield. C ran last, main runs. */
static void host_with_two_equals(void) {
  host(kPriority);
  spawn("B", kPriority, note_and_yield, NULL);
  spawn("C", kPriority, note_and_yield, NULL);
  expect_transcript("B B C");
}

CASE(create_at_equal_priority_runs_the_newcomer_before_it_returns) {
  host(kPriority);
  spawn("A", kPriority, note_and_yield, NULL);
  note("main");
  expect_transcript("A main");
}

CASE(newcomer_goes_last_and_its_creator_after_it) {
  host(kPriority);
  spawn("A", kPriority, note_and_yield, NULL);
  note("main");
  spawn("B", kPriority, note_and_yield, NULL);
  note("main");
  expect_transcript("A main A B main");
}

CASE(create_at_higher_priority_costs_the_creator_its_turn) {
  host_with_two_equals();
  spawn("H", kPriority + 1, note_and_end, NULL);
  note("main");
  expect_transcript("H B C main");
}

CASE(create_at_lower_priority_does_not_run_it_but_yields) {
  host_with_two_equals();
  spawn("L", kPriority - 1, note_and_end, NULL);
  note("main");
  expect_transcript("B C main");
}

CASE(created_at_lower_priority_alone_waits_until_the_creator_waits) {
  host(kPriority);
  spawn("L", kPriority - 1, note_and_end, NULL);
  note("main");
  LWP_DispatchProcess();
  note("main");
  expect_transcript("main main");
}

CASE(signal_of_a_higher_waiter_costs_the_signaller_its_turn) {
  host_with_two_equals();
  spawn("HW", kPriority + 1, wait_and_note, &event);
  expect_transcript("B C");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  note("main");
  expect_transcript("HW B C main");
}

CASE(signal_of_an_equal_waiter_puts_it_behind_its_equals) {
  host_with_two_equals();
  spawn("W", kPriority, wait_and_note, &event);
  expect_transcript("B C");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  note("main");
  expect_transcript("B C W main");
}

CASE(signal_without_yield_lets_the_signaller_go_on) {
  host_with_two_equals();
  spawn("HW", kPriority + 1, wait_and_note, &event);
  expect_transcript("B C");
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  note("main");
  LWP_DispatchProcess();
  note("main");
  expect_transcript("main HW B C main");
}

CASE(signal_yields_also_when_it_fails) {
  host_with_two_equals();
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  note("main");
  expect_int(LWP_SignalProcess(NULL), LWP_EBADEVENT);
  note("main");
  expect_transcript("B C main B C main");
}

CASE(signal_without_yield_does_not_yield_when_it_fails) {
  host_with_two_equals();
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(NULL), LWP_EBADEVENT);
  note("main");
  expect_transcript("main");
}

CASE(destroy_of_another_does_not_yield) {
  PROCESS doomed;
  host_with_two_equals();
  doomed = spawn("D", kPriority, note_and_yield, NULL);
  expect_transcript("B C D");
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  note("main");
  LWP_DispatchProcess();
  note("main");
  expect_transcript("main B C main");
}

CASE(create_at_bad_priority_does_not_yield) {
  PROCESS pid;
  host_with_two_equals();
  expect_int(LWP_CreateProcess(note_and_end, 0, LWP_MAX_PRIORITY + 1, NULL, "X", &pid),
             LWP_EBADPRI);
  note("main");
  expect_transcript("main");
}

CASE(mwait_for_nothing_yields) {
  const void* list[] = {&event, NULL};
  host_with_two_equals();
  expect_int(LWP_MwaitProcess(0, list), LWP_SUCCESS);
  note("main");
  expect_transcript("B C main");
}

CASE(qwait_with_a_credit_does_not_yield) {
  PROCESS self;
  host_with_two_equals();
  LWP_CurrentProcess(&self);
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("main");
  expect_transcript("main");
}

CASE(equals_take_turns_for_ever) {
  int i;
  host_with_two_equals();
  for (i = 0; i < 3; ++i) {
    LWP_DispatchProcess();
    note("main");
  }
  expect_transcript("B C main B C main B C main");
}

static void spawn_equal_and_lower(void* parm) {
  (void)parm;
  spawn("M", 3, note_and_end, NULL);
  spawn("L", 1, note_and_end, NULL);
  note("%s", LWP_Name());
}

CASE(the_highest_ready_priority_always_runs_first) {
  host(0);
  spawn("H", 4, spawn_equal_and_lower, NULL);
  note("main");
  /* M, L and main are all below H; they run in the order of their priorities. */
  expect_transcript("H M L main");
}

static void end_at_once(void* parm) { (void)parm; }

CASE(an_lwp_alone_gets_the_processor_back_at_once) {
  int i;
  host(kPriority);
  for (i = 0; i < 1000; ++i) expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  spawn("E", kPriority, end_at_once, NULL);
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(create_at_equal_priority_runs_the_newcomer_before_it_returns),
      cmocka_unit_test(newcomer_goes_last_and_its_creator_after_it),
      cmocka_unit_test(create_at_higher_priority_costs_the_creator_its_turn),
      cmocka_unit_test(create_at_lower_priority_does_not_run_it_but_yields),
      cmocka_unit_test(created_at_lower_priority_alone_waits_until_the_creator_waits),
      cmocka_unit_test(signal_of_a_higher_waiter_costs_the_signaller_its_turn),
      cmocka_unit_test(signal_of_an_equal_waiter_puts_it_behind_its_equals),
      cmocka_unit_test(signal_without_yield_lets_the_signaller_go_on),
      cmocka_unit_test(signal_yields_also_when_it_fails),
      cmocka_unit_test(signal_without_yield_does_not_yield_when_it_fails),
      cmocka_unit_test(destroy_of_another_does_not_yield),
      cmocka_unit_test(create_at_bad_priority_does_not_yield),
      cmocka_unit_test(mwait_for_nothing_yields),
      cmocka_unit_test(qwait_with_a_credit_does_not_yield),
      cmocka_unit_test(equals_take_turns_for_ever),
      cmocka_unit_test(the_highest_ready_priority_always_runs_first),
      cmocka_unit_test(an_lwp_alone_gets_the_processor_back_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
