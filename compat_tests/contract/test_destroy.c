/* SPDX-License-Identifier: MIT */
/* test_destroy.c - the end of an LWP: by itself, by another, and with the process. */
#include <stdlib.h>

#include "lwp_case.h"

static char event, other_event;

CASE(returning_from_the_entry_ends_the_lwp) {
  host(1);
  spawn("A", 1, note_and_end, NULL);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("A");
}

static void destroy_self(void* parm) {
  PROCESS self;
  (void)parm;
  LWP_CurrentProcess(&self);
  note("before");
  LWP_DestroyProcess(self);
  note("after");
}

CASE(destroying_oneself_does_not_return) {
  host(1);
  spawn("A", 1, destroy_self, NULL);
  note("main");
  LWP_DispatchProcess();
  expect_transcript("before main");
}

CASE(a_destroyed_ready_lwp_never_runs_again) {
  PROCESS doomed;
  host(1);
  doomed = spawn("D", 1, note_and_yield, NULL);
  spawn("B", 1, note_and_yield, NULL);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("D D B B B");
}

static void check_and_exit(void* parm) {
  (void)parm;
  expect_transcript("L");
  exit(0);
}

CASE(a_destroyed_lwp_that_never_ran_never_does) {
  PROCESS doomed;
  host(2);
  doomed = spawn("D", 1, note_and_end, NULL);
  spawn("L", 1, note_and_end, NULL);
  spawn("end", 0, check_and_exit, NULL);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  LWP_WaitProcess(&event);
  expect(0);
}

CASE(a_destroyed_waiter_no_longer_waits) {
  PROCESS doomed;
  host(1);
  doomed = spawn("D", 1, wait_and_note, &event);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  doomed = spawn("D", 1, wait_and_note, &event);
  spawn("W", 1, wait_and_note, &event);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("W");
}

static void wait_for_both(void* parm) {
  const void* list[] = {&event, &other_event, NULL};
  (void)parm;
  LWP_MwaitProcess(2, list);
  note("%s", LWP_Name());
}

CASE(a_destroyed_waiter_for_many_no_longer_waits_for_any) {
  PROCESS doomed;
  host(1);
  doomed = spawn("D", 1, wait_for_both, NULL);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&other_event), LWP_ENOWAIT);
}

CASE(a_destroyed_waiter_for_credits_never_runs_again) {
  PROCESS doomed;
  host(1);
  doomed = spawn("D", 1, take_credit_and_note, NULL);
  expect_int(LWP_DestroyProcess(doomed), LWP_SUCCESS);
  LWP_DispatchProcess();
  spawn("N", 1, note_and_end, NULL);
  LWP_DispatchProcess();
  expect_transcript("N");
}

static void destroy_other(void* parm) {
  expect_int(LWP_DestroyProcess(parm), LWP_SUCCESS);
  note("%s", LWP_Name());
}

CASE(an_lwp_can_destroy_another_that_is_not_its_child) {
  PROCESS victim;
  host(1);
  victim = spawn("V", 1, note_and_yield, NULL);
  spawn("K", 1, destroy_other, victim);
  LWP_DispatchProcess();
  expect_transcript("V V K");
}

static void exit_with_parm(void* parm) { exit(*(int*)parm); }

static void main_destroys_itself(void) {
  static int status = 5;
  PROCESS self = host(1);
  spawn("E", 0, exit_with_parm, &status);
  LWP_DestroyProcess(self);
  exit(6);
}

static void destroy_parm_and_exit(void* parm) {
  LWP_DestroyProcess(parm);
  LWP_DispatchProcess();
  exit(4);
}

static void main_is_destroyed(void) {
  PROCESS self = host(1);
  spawn("K", 1, destroy_parm_and_exit, self);
  exit(6);
}

static void make_others_and_exit(void* parm) {
  int i;
  (void)parm;
  for (i = 0; i < 3; ++i) spawn("O", 1, wait_and_note, &event);
  for (i = 0; i < 3; ++i) spawn("N", 1, note_and_end, NULL);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("N N N O O O");
  exit(8);
}

static void main_is_gone_when_others_are_made(void) {
  PROCESS self = host(1);
  spawn("M", 0, make_others_and_exit, NULL);
  LWP_DestroyProcess(self);
}

static void main_returns_with_lwps_alive(void) {
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  spawn("W", 1, wait_and_note, &event);
  exit(7);
}

static int status_of(void (*body)(void)) {
  static struct outcome outcome;
  child_case_observe(body, &outcome);
  assert_int_equal(outcome.signal, 0);
  return outcome.exit_status;
}

static void the_others_go_on_without_the_first_lwp(void** state) {
  (void)state;
  assert_int_equal(status_of(main_destroys_itself), 5);
  assert_int_equal(status_of(main_is_destroyed), 4);
  assert_int_equal(status_of(main_is_gone_when_others_are_made), 8);
}

static void the_process_ends_with_main_whatever_lwps_there_are(void** state) {
  (void)state;
  assert_int_equal(status_of(main_returns_with_lwps_alive), 7);
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here", memory_of_the_dead_is_used_again) {
  int i;
  PROCESS pid;
  host(2);
  limit_address_space((rlim_t)256 << 20);
  for (i = 0; i < 20000; ++i) {
    expect_int(LWP_CreateProcess(note_and_end, 1 << 16, 1, NULL, "D", &pid), LWP_SUCCESS);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
    expect_int(LWP_CreateProcess(note_and_end, 1 << 16, 2, NULL, "", &pid), LWP_SUCCESS);
    expect_transcript("");
  }
}

#ifdef LWP_LWP_H

CASE(no_one_can_be_destroyed_twice) {
  PROCESS pid;
  host(1);
  pid = spawn("A", 1, note_and_yield, NULL);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(pid), LWP_EBADPID);
  pid = spawn("E", 1, note_and_end, NULL);
  expect_int(LWP_DestroyProcess(pid), LWP_EBADPID);
  expect_int(LWP_DestroyProcess(NULL), LWP_EBADPID);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(returning_from_the_entry_ends_the_lwp),
      cmocka_unit_test(destroying_oneself_does_not_return),
      cmocka_unit_test(a_destroyed_ready_lwp_never_runs_again),
      cmocka_unit_test(a_destroyed_lwp_that_never_ran_never_does),
      cmocka_unit_test(a_destroyed_waiter_no_longer_waits),
      cmocka_unit_test(a_destroyed_waiter_for_many_no_longer_waits_for_any),
      cmocka_unit_test(a_destroyed_waiter_for_credits_never_runs_again),
      cmocka_unit_test(an_lwp_can_destroy_another_that_is_not_its_child),
      cmocka_unit_test(the_others_go_on_without_the_first_lwp),
      cmocka_unit_test(the_process_ends_with_main_whatever_lwps_there_are),
      cmocka_unit_test(memory_of_the_dead_is_used_again),
#ifdef LWP_LWP_H
      cmocka_unit_test(no_one_can_be_destroyed_twice),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
