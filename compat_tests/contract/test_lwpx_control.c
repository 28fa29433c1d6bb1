/* SPDX-License-Identifier: MIT */
/* test_lwpx_control.c - priorities that change, and LWPs that are suspended. */
#include "io_case.h"
#include "ticks.h"

static char event;

CASE(codes) {
  PROCESS self, pid;
  expect_int(LWPX_SetPriority(NULL, 0), LWP_EINIT);
  expect_int(LWPX_Suspend(NULL), LWP_EINIT);
  expect_int(LWPX_Ready(NULL), LWP_EINIT);
  self = host(1);
  expect_int(LWPX_SetPriority(NULL, 0), LWP_EBADPID);
  expect_int(LWPX_SetPriority(NULL, 9), LWP_EBADPID);
  expect_int(LWPX_SetPriority(self, -1), LWP_EBADPRI);
  expect_int(LWPX_SetPriority(self, LWP_MAX_PRIORITY + 1), LWP_EBADPRI);
  expect_int(LWPX_Suspend((PROCESS)(void*)&event), LWP_EBADPID);
  expect_int(LWPX_Ready((PROCESS)(void*)&event), LWP_EBADPID);
  expect_int(LWPX_Ready(self), LWP_ENOWAIT);
  pid = spawn("W", 1, wait_and_note, &event);
  expect_int(LWPX_Ready(pid), LWP_ENOWAIT); /* it waits for something else */
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(LWPX_SetPriority(io_manager(), 4), LWP_EBADPID);
  expect_int(LWPX_Suspend(io_manager()), LWP_EBADPID);
}

CASE(the_io_manager_is_not_destroyed) {
  start_with_io();
  expect_int(LWP_DestroyProcess(io_manager()), LWP_EBADPID);
  select_ms(1);
}

/* --- priorities */

static void dispatch(int times) {
  while (times-- > 0) LWP_DispatchProcess();
}

CASE(a_ready_lwp_goes_to_the_end_of_its_new_ring) {
  PROCESS a;
  host(1);
  a = spawn("A", 1, note_and_yield, NULL);
  spawn("B", 1, note_and_yield, NULL);
  spawn("C", 1, note_and_yield, NULL);
  expect_transcript("A A B A B C");
  expect_int(LWPX_SetPriority(a, 1), LWP_SUCCESS); /* no change */
  dispatch(1);
  expect_transcript("A B C");
  expect_int(LWPX_SetPriority(a, 0), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("B C B C");
  expect_int(LWPX_SetPriority(a, 1), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("B C A B C A");
}

CASE(a_waiting_lwp_wakes_at_its_new_priority) {
  PROCESS low;
  host(1);
  low = spawn("L", 1, wait_and_note, &event);
  spawn("M", 1, wait_and_note, &event);
  expect_int(LWPX_SetPriority(low, 4), LWP_SUCCESS);
  spawn("H", 3, wait_and_note, &event);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("L H M");
}

CASE(the_caller_keeps_the_processor_and_yields_from_its_new_place) {
  PROCESS self = host(3);
  int priority;
  spawn("A", 2, note_and_yield, NULL);
  spawn("B", 2, note_and_yield, NULL);
  expect_int(LWPX_SetPriority(self, 2), LWP_SUCCESS);
  expect_int(LWP_GetProcessPriority(self, &priority), LWP_SUCCESS);
  expect_int(priority, 2);
  spawn("C", 2, note_and_end, NULL);
  expect_transcript("A B C");
  dispatch(1);
  expect_transcript("A B");
  expect_int(LWPX_SetPriority(self, 3), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("");
}

static void lower_self(void* parm) {
  (void)parm;
  expect_int(LWPX_SetPriority(LWPX_Self(), 0), LWP_SUCCESS);
  note("lowered");
  LWP_DispatchProcess();
  note("low");
}

CASE(whoever_lowers_itself_runs_on_until_it_yields) {
  host(1);
  spawn("L", 3, lower_self, NULL);
  note("main");
  LWP_QSignal(LWPX_Self());
  expect_transcript("lowered main");
  expect_int(LWPX_SetPriority(LWPX_Self(), 0), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("low");
}

static volatile int stop;

static void raise_when_it_runs(void* parm) {
  (void)parm;
  stop = 1;
}

/* Ticks were off, as nobody could have used them. */
CASE(a_new_rival_turns_the_ticks_on_again) {
  PROCESS pid;
  host(2);
  slices_of(1000);
  PRE_PreemptMe();
  pid = spawn("R", 1, raise_when_it_runs, NULL);
  work(20000000);
  expect_int(stop, 0);
  expect_int(LWPX_SetPriority(pid, 2), LWP_SUCCESS);
  while (!stop) work(1000);
  stop = 0;
  spawn("R", 1, raise_when_it_runs, NULL);
  work(20000000);
  expect_int(stop, 0);
  expect_int(LWPX_SetPriority(LWPX_Self(), 1), LWP_SUCCESS);
  while (!stop) work(1000);
}

/* --- suspension */

CASE(a_ready_lwp_leaves_the_ring_and_comes_back_at_its_end) {
  PROCESS a;
  host(1);
  a = spawn("A", 1, note_and_yield, NULL);
  spawn("B", 1, note_and_yield, NULL);
  expect_transcript("A A B");
  expect_int(LWPX_Suspend(a), LWP_SUCCESS);
  expect_int(LWPX_Suspend(a), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("B B");
  expect_int(LWPX_Ready(a), LWP_SUCCESS);
  expect_int(LWPX_Ready(a), LWP_ENOWAIT);
  dispatch(2);
  expect_transcript("B A B A");
}

static void suspend_self(void* parm) {
  (void)parm;
  note("%s1", LWP_Name());
  expect_int(LWPX_Suspend(LWPX_Self()), LWP_SUCCESS);
  note("%s2", LWP_Name());
}

CASE(the_caller_stops_at_once) {
  PROCESS pid;
  host(1);
  pid = spawn("S", 1, suspend_self, NULL);
  dispatch(3);
  expect_transcript("S1");
  expect_int(LWPX_Ready(pid), LWP_SUCCESS);
  dispatch(1);
  expect_transcript("S2");
}

CASE(an_event_that_comes_is_kept_for_the_suspended) {
  PROCESS pid;
  host(1);
  pid = spawn("W", 1, wait_and_note, &event);
  expect_int(LWPX_Suspend(pid), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  dispatch(2);
  expect_transcript("");
  expect_int(LWPX_Ready(pid), LWP_SUCCESS);
  dispatch(1);
  expect_transcript("W");
}

CASE(a_wait_goes_on_when_suspension_ends_first) {
  PROCESS pid;
  host(1);
  pid = spawn("W", 1, wait_and_note, &event);
  expect_int(LWPX_Suspend(pid), LWP_SUCCESS);
  expect_int(LWPX_Ready(pid), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("W");
}

static void select_briefly(void* parm) {
  (void)parm;
  select_ms(10);
}

CASE(credits_and_deadlines_are_kept_for_the_suspended) {
  PROCESS credit, sleeper;
  start_with_io();
  credit = spawn("Q", 3, take_credit_and_note, NULL);
  sleeper = spawn("T", 3, select_briefly, NULL);
  LWP_DispatchProcess();
  expect_int(LWPX_Suspend(credit), LWP_SUCCESS);
  expect_int(LWPX_Suspend(sleeper), LWP_SUCCESS);
  expect_int(LWP_QSignal(credit), LWP_SUCCESS);
  expect_int(LWP_QSignal(credit), LWP_ENOWAIT);
  pause_ms(30);
  expect_transcript("");
  expect_int(IOMGR_Cancel(sleeper), -1); /* its time has come already */
  expect_int(LWPX_Ready(credit), LWP_SUCCESS);
  expect_int(LWPX_Ready(sleeper), LWP_SUCCESS);
  dispatch(1);
  expect_transcript("Q Q");
  expect_int(LWP_DestroyProcess(sleeper), LWP_EBADPID);
}

CASE(the_suspended_can_be_destroyed) {
  PROCESS ready, waiting;
  host(1);
  ready = spawn("A", 1, note_and_yield, NULL);
  waiting = spawn("W", 1, wait_and_note, &event);
  expect_transcript("A A");
  expect_int(LWPX_Suspend(ready), LWP_SUCCESS);
  expect_int(LWPX_Suspend(waiting), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(ready), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(waiting), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  spawn("N", 1, note_and_end, NULL); /* in the same block, and not suspended */
  spawn("M", 1, note_and_end, NULL);
  expect_transcript("N M");
}

static void clean(void* parm) {
  (void)parm;
  note("clean");
}

static void push_and_suspend(void* event_or_null) {
  struct LWPX_Cleanup place;
  LWPX_PushCleanup(&place, clean, NULL);
  if (event_or_null != NULL) LWP_WaitProcess(event_or_null);
  LWPX_Suspend(LWPX_Self());
  note("back");
}

CASE(cancellation_waits_for_the_suspended) {
  PROCESS self_suspended, waiting;
  host(1);
  self_suspended = spawn("S", 1, push_and_suspend, NULL);
  waiting = spawn("W", 1, push_and_suspend, &event);
  expect_int(LWPX_Suspend(waiting), LWP_SUCCESS);
  expect_int(LWPX_Cancel(self_suspended), LWP_SUCCESS);
  expect_int(LWPX_Cancel(waiting), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("");
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  expect_int(LWPX_Ready(self_suspended), LWP_SUCCESS);
  expect_int(LWPX_Ready(waiting), LWP_SUCCESS);
  dispatch(1);
  expect_transcript("clean clean");
}

CASE(a_suspended_lwp_changes_priority) {
  PROCESS pid;
  host(1);
  pid = spawn("S", 1, suspend_self, NULL);
  expect_int(LWPX_SetPriority(pid, 0), LWP_SUCCESS);
  expect_int(LWPX_Ready(pid), LWP_SUCCESS);
  dispatch(2);
  expect_transcript("S1");
  expect_int(LWPX_SetPriority(pid, 2), LWP_SUCCESS);
  dispatch(1);
  expect_transcript("S2");
}

static void suspend_the_only_one(void) {
  host(1);
  LWPX_Suspend(LWPX_Self());
}

static void everybody_suspended_is_a_deadlock(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(suspend_the_only_one, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_non_null(strstr(outcome.out, "no runnable threads"));
  assert_non_null(strstr(outcome.err, "\"Main Process\""));
  assert_non_null(strstr(outcome.err, "waits for LWPX_Ready"));
}

static void print_suspended(void) {
  PROCESS pid;
  host(1);
  pid = spawn("S", 1, suspend_self, NULL);
  LWP_SetLog(stdout, 0);
  LWP_Print_Processes();
  (void)pid;
}

static void the_process_table_says_so(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(print_suspended, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_non_null(strstr(outcome.out, "status: SUSPENDED"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes),
      cmocka_unit_test(the_io_manager_is_not_destroyed),
      cmocka_unit_test(a_ready_lwp_goes_to_the_end_of_its_new_ring),
      cmocka_unit_test(a_waiting_lwp_wakes_at_its_new_priority),
      cmocka_unit_test(the_caller_keeps_the_processor_and_yields_from_its_new_place),
      cmocka_unit_test(whoever_lowers_itself_runs_on_until_it_yields),
      cmocka_unit_test(a_new_rival_turns_the_ticks_on_again),
      cmocka_unit_test(a_ready_lwp_leaves_the_ring_and_comes_back_at_its_end),
      cmocka_unit_test(the_caller_stops_at_once),
      cmocka_unit_test(an_event_that_comes_is_kept_for_the_suspended),
      cmocka_unit_test(a_wait_goes_on_when_suspension_ends_first),
      cmocka_unit_test(credits_and_deadlines_are_kept_for_the_suspended),
      cmocka_unit_test(the_suspended_can_be_destroyed),
      cmocka_unit_test(cancellation_waits_for_the_suspended),
      cmocka_unit_test(a_suspended_lwp_changes_priority),
      cmocka_unit_test(everybody_suspended_is_a_deadlock),
      cmocka_unit_test(the_process_table_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
