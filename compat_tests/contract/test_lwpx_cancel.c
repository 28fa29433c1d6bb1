/* SPDX-License-Identifier: MIT */
/* test_lwpx_cancel.c - how an LWP ends by itself or is cancelled, and what is done then. */
#include "asleep.h"
#include "io_case.h"
#include "ticks.h"

static char event, other_event;

static void cleanup(void* name) { note("clean-%s", (const char*)name); }

static int gone(PROCESS pid) {
  int priority;
  return LWP_GetProcessPriority(pid, &priority) == LWP_EBADPID;
}

CASE(codes_before_init) {
  struct LWPX_Cleanup place;
  expect(LWPX_Self() == NULL);
  expect_int(LWPX_Exit(NULL), LWP_EINIT);
  expect_int(LWPX_Cancel(NULL), LWP_EINIT);
  expect_int(LWPX_TestCancel(), LWP_EINIT);
  expect_int(LWPX_SetCancelState(LWPX_CANCEL_ENABLE, NULL), LWP_EINIT);
  expect_int(LWPX_PushCleanup(&place, cleanup, NULL), LWP_EINIT);
  expect_int(LWPX_PopCleanup(0), LWP_EINIT);
}

CASE(codes_for_bad_arguments) {
  struct LWPX_Cleanup place;
  PROCESS self = host(1), pid;
  int state = -5;
  expect(LWPX_Self() == self);
  expect_int(LWPX_Cancel(NULL), LWP_EBADPID);
  pid = spawn("A", 1, note_and_end, NULL);
  LWP_DispatchProcess();
  expect_int(LWPX_Cancel(pid), LWP_EBADPID);
  expect_int(LWPX_SetCancelState(2, &state), LWP_ESYSTEM);
  expect_int(LWPX_SetCancelState(-1, &state), LWP_ESYSTEM);
  expect_int(state, -5);
  expect_int(LWPX_PushCleanup(NULL, cleanup, NULL), LWP_ESYSTEM);
  expect_int(LWPX_PushCleanup(&place, NULL, NULL), LWP_ESYSTEM);
  expect_int(LWPX_PopCleanup(1), LWP_EBADCOUNT);
}

static int codes[6];

static void call_all(int signo) {
  struct LWPX_Cleanup place;
  (void)signo;
  codes[0] = LWPX_Exit(NULL);
  codes[1] = LWPX_Cancel(LWPX_Self());
  codes[2] = LWPX_TestCancel();
  codes[3] = LWPX_SetCancelState(LWPX_CANCEL_DISABLE, NULL);
  codes[4] = LWPX_PushCleanup(&place, cleanup, NULL);
  codes[5] = LWPX_PopCleanup(0);
}

/* The library is at work while all wait. */
CASE(a_handler_that_interrupts_the_library_is_refused) {
  const struct timespec long_time = us_timespec(1000000);
  struct sigaction action;
  int i;
  memset(&action, 0, sizeof action);
  action.sa_handler = call_all;
  sigaction(SIGUSR1, &action, NULL);
  signal_when_asleep(SIGUSR1);
  start_with_io();
  while (codes[0] == 0) expect_int(LWPX_Sleep(&long_time), LWP_SUCCESS);
  for (i = 0; i < 6; ++i) expect_int(codes[i], LWP_EBLOCKED);
}

static void exit_inside(void* parm) {
  struct LWPX_Cleanup one, two, three;
  (void)parm;
  expect_int(LWPX_PushCleanup(&one, cleanup, "1"), LWP_SUCCESS);
  expect_int(LWPX_PushCleanup(&two, cleanup, "2"), LWP_SUCCESS);
  expect_int(LWPX_PushCleanup(&three, cleanup, "3"), LWP_SUCCESS);
  expect_int(LWPX_PopCleanup(0), LWP_SUCCESS);
  expect_int(LWPX_PushCleanup(&three, cleanup, "4"), LWP_SUCCESS);
  expect_int(LWPX_PopCleanup(1), LWP_SUCCESS);
  note("exit");
  LWPX_Exit(NULL);
  note("after");
}

CASE(exit_runs_what_was_pushed_last_first) {
  PROCESS pid;
  host(1);
  pid = spawn("A", 1, exit_inside, NULL);
  LWP_DispatchProcess();
  expect_transcript("clean-4 exit clean-2 clean-1");
  expect(gone(pid));
}

static void push_and_return(void* parm) {
  struct LWPX_Cleanup place;
  (void)parm;
  LWPX_PushCleanup(&place, cleanup, "X");
  note("return");
}

CASE(returning_and_being_destroyed_run_nothing) {
  PROCESS pid;
  host(1);
  spawn("A", 1, push_and_return, NULL);
  pid = spawn("B", 1, exit_inside, NULL);
  expect_int(LWP_DestroyProcess(pid), LWP_EBADPID);
  expect_transcript("return clean-4 exit clean-2 clean-1");
  /* and the next owner of the block has none of it */
  spawn("C", 1, note_and_end, NULL);
  expect_transcript("C");
}

static void exit_in_handler(void* name) {
  note("in-%s", (const char*)name);
  LWPX_Exit(NULL);
}

static void push_exits(void* parm) {
  struct LWPX_Cleanup one, two;
  (void)parm;
  LWPX_PushCleanup(&one, cleanup, "1");
  LWPX_PushCleanup(&two, exit_in_handler, "2");
  LWPX_Exit(NULL);
}

CASE(exit_in_a_handler_goes_on_with_the_rest) {
  host(1);
  spawn("A", 1, push_exits, NULL);
  expect_transcript("in-2 clean-1");
}

static void wait_disabled(void* wait) {
  int before = -1;
  expect_int(LWPX_SetCancelState(LWPX_CANCEL_DISABLE, &before), LWP_SUCCESS);
  expect_int(before, LWPX_CANCEL_ENABLE);
  LWP_WaitProcess(wait);
  note("woken");
  expect_int(LWPX_TestCancel(), LWP_SUCCESS);
  expect_int(LWPX_SetCancelState(LWPX_CANCEL_ENABLE, &before), LWP_SUCCESS);
  expect_int(before, LWPX_CANCEL_DISABLE);
  note("enabled");
  LWP_DispatchProcess();
  note("yielded");
  LWPX_TestCancel();
  note("after");
}

CASE(while_disabled_it_waits_for_the_next_point) {
  PROCESS pid;
  host(1);
  pid = spawn("W", 1, wait_disabled, &event);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("woken enabled yielded");
  expect(gone(pid));
}

static void wait_in_handler(void* name) {
  note("begin-%s", (const char*)name);
  expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
  note("end-%s", (const char*)name);
}

static void push_waiting_handler(void* parm) {
  struct LWPX_Cleanup one, two;
  (void)parm;
  LWPX_PushCleanup(&one, cleanup, "1");
  LWPX_PushCleanup(&two, wait_in_handler, "2");
  LWP_WaitProcess(&other_event);
  note("back");
}

CASE(handlers_may_wait_and_are_not_cancelled_again) {
  PROCESS pid;
  host(1);
  pid = spawn("A", 1, push_waiting_handler, NULL);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("begin-2");
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("end-2 clean-1");
  expect(gone(pid));
}

static void cancel_and_yield(void* parm) {
  struct LWPX_Cleanup place;
  (void)parm;
  LWPX_PushCleanup(&place, cleanup, "M");
  expect_int(LWPX_Cancel(LWPX_Self()), LWP_SUCCESS);
  LWP_DispatchProcess();
  note("on");
  LWPX_TestCancel();
  note("back");
}

CASE(cancelling_oneself_acts_at_the_next_point) {
  host(1);
  spawn("A", 1, cancel_and_yield, NULL);
  LWP_DispatchProcess();
  expect_transcript("on clean-M");
}

static void wait_then_note(void* parm) {
  LWP_QWait();
  wait_and_note(parm);
}

CASE(a_cancelled_block_is_clean_for_the_next_lwp) {
  PROCESS pid;
  host(1);
  pid = spawn("A", 1, wait_then_note, &event);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect(gone(pid));
  pid = spawn("B", 1, wait_then_note, &event);
  expect_int(LWP_QSignal(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("B");
}

static void spin(void* parm) {
  PRE_PreemptMe();
  for (;;) {
    work(1000);
    if (*(volatile int*)parm != 0) LWPX_TestCancel();
  }
}

CASE(a_preempted_lwp_ends_at_its_point_and_not_before) {
  static volatile int may_test;
  PROCESS pid;
  int i;
  host(1);
  slices_of(1000);
  pid = spawn("S", 1, spin, (void*)&may_test);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  for (i = 0; i < 20; ++i) LWP_DispatchProcess();
  expect(!gone(pid));
  may_test = 1;
  while (!gone(pid)) LWP_DispatchProcess();
}

static void cancel_main(void* parm) {
  expect_int(LWPX_Cancel(parm), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect(gone(parm));
  expect_transcript("clean-main");
  spawn("later", 0, note_and_end, NULL); /* its stack is not for others */
  LWP_DispatchProcess();
  expect_transcript("later");
  exit(0);
}

CASE(the_first_lwp_can_be_cancelled_too) {
  struct LWPX_Cleanup place;
  PROCESS self = host(1);
  LWPX_PushCleanup(&place, cleanup, "main");
  expect_int(LWP_CreateProcess(cancel_main, 0, 0, self, "C", NULL), LWP_SUCCESS);
  LWP_WaitProcess(&event);
  expect(0);
}

CASE(garbage_and_the_io_managers_lwp_are_refused) {
  const struct timespec little = us_timespec(1000);
  start_with_io();
  expect_int(LWPX_Cancel((PROCESS)(void*)&event), LWP_EBADPID);
  expect_int(LWPX_Cancel(io_manager()), LWP_EBADPID);
  expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_before_init),
      cmocka_unit_test(codes_for_bad_arguments),
      cmocka_unit_test(a_handler_that_interrupts_the_library_is_refused),
      cmocka_unit_test(exit_runs_what_was_pushed_last_first),
      cmocka_unit_test(returning_and_being_destroyed_run_nothing),
      cmocka_unit_test(exit_in_a_handler_goes_on_with_the_rest),
      cmocka_unit_test(while_disabled_it_waits_for_the_next_point),
      cmocka_unit_test(handlers_may_wait_and_are_not_cancelled_again),
      cmocka_unit_test(cancelling_oneself_acts_at_the_next_point),
      cmocka_unit_test(a_cancelled_block_is_clean_for_the_next_lwp),
      cmocka_unit_test(a_preempted_lwp_ends_at_its_point_and_not_before),
      cmocka_unit_test(the_first_lwp_can_be_cancelled_too),
      cmocka_unit_test(garbage_and_the_io_managers_lwp_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
