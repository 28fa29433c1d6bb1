/* SPDX-License-Identifier: MIT */
/* test_deadlock.c - nobody is ready any more: a report, and an orderly end of the process. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lwp_case.h"

static const char kMessage[] =
    "***LWP Abort: LWP_DispatchProcess: Possible deadlock, no runnable threads found\n\n";

static struct outcome outcome;
static char event;

static void main_waits_for_ever(void) {
  host(1);
  LWP_WaitProcess(&event);
}

static void the_process_ends_with_a_message_on_stdout(void** state) {
  (void)state;
  child_case_observe(main_waits_for_ever, &outcome);
  assert_int_equal(outcome.signal, 0);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, kMessage);
}

static void main_waits_for_a_credit(void) {
  host(1);
  LWP_QWait();
}

static void main_destroys_itself(void) {
  PROCESS self = host(1);
  spawn("W", 1, wait_and_note, &event);
  LWP_DestroyProcess(self);
}

static void last_ready_lwp_ends(void) {
  host(2);
  spawn("L", 1, note_and_end, NULL);
  LWP_WaitProcess(&event);
}

static void every_way_to_stop_leads_there(void** state) {
  void (*const bodies[])(void) = {main_waits_for_a_credit, main_destroys_itself,
                                  last_ready_lwp_ends};
  int i;
  (void)state;
  for (i = 0; i < 3; ++i) {
    child_case_observe(bodies[i], &outcome);
    assert_int_equal(outcome.exit_status, 1);
    assert_string_equal(outcome.out, kMessage);
  }
}

static void say_farewell(void) { puts("farewell"); }

static void wait_with_output_and_exit_handler(void) {
  printf("said before, not flushed\n");
  atexit(say_farewell);
  host(1);
  LWP_WaitProcess(&event);
}

static void exit_handlers_run_and_no_output_is_lost(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(wait_with_output_and_exit_handler, &outcome);
  snprintf(wanted, sizeof wanted, "said before, not flushed\n%sfarewell\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void look_at_the_world(void) {
  struct sigaction action;
  PROCESS self;
  sigset_t mask;
  sigaction(SIGTERM, NULL, &action);
  if (action.sa_handler != SIG_IGN) puts("signal action changed");
  sigprocmask(SIG_BLOCK, NULL, &mask);
  if (!sigismember(&mask, SIGUSR2) || sigismember(&mask, SIGUSR1)) puts("signal mask changed");
  if (fcntl(STDIN_FILENO, F_GETFD) < 0) puts("descriptor closed");
  if (LWP_CurrentProcess(&self) == LWP_SUCCESS && LWP_HighestIndex() == 1) puts("as ever");
}

static void wait_in_a_known_world(void) {
  sigset_t mask;
  signal(SIGTERM, SIG_IGN);
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  atexit(look_at_the_world);
  host(1);
  spawn("W", 1, wait_and_note, &event);
  LWP_WaitProcess(&event);
}

static void nothing_else_has_changed_for_exit_handlers(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(wait_in_a_known_world, &outcome);
  snprintf(wanted, sizeof wanted, "%sas ever\n", kMessage);
  assert_string_equal(outcome.out, wanted);
}

#ifdef LWP_LWP_H

#include <lwp/lwpx.h>

static char other_event;

static void wait_in_exit_handler(void) {
  puts("handler");
  fflush(stdout);
  LWP_WaitProcess(&event);
  puts("never");
}

static void wait_then_wait_in_exit_handler(void) {
  atexit(wait_in_exit_handler);
  host(1);
  LWP_WaitProcess(&event);
}

static void an_exit_handler_that_waits_ends_the_process_for_good(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(wait_then_wait_in_exit_handler, &outcome);
  snprintf(wanted, sizeof wanted, "%shandler\n", kMessage);
  assert_int_equal(outcome.timed_out, 0);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void wake_and_yield_in_exit_handler(void) {
  LWP_SignalProcess(&event);
  puts("main again");
}

static void say_name(void* parm) {
  LWP_WaitProcess(parm);
  puts(LWP_Name());
}

static void wait_then_wake_others_in_exit_handler(void) {
  atexit(wake_and_yield_in_exit_handler);
  host(1);
  spawn("W", 1, say_name, &event);
  LWP_QWait();
}

static void an_exit_handler_can_wake_others_and_goes_on(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(wait_then_wake_others_in_exit_handler, &outcome);
  snprintf(wanted, sizeof wanted, "%sW\nmain again\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void suspend_then_wake_others_in_exit_handler(void) {
  PROCESS self = host(1);
  atexit(wake_and_yield_in_exit_handler);
  spawn("W", 1, say_name, &event);
  LWPX_Suspend(self);
}

static void an_exit_handler_on_an_lwp_that_has_suspended_itself_is_let_run_again(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(suspend_then_wake_others_in_exit_handler, &outcome);
  snprintf(wanted, sizeof wanted, "%sW\nmain again\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void wait_and_cancel(void* parm) {
  LWP_WaitProcess(&event);
  printf("cancels: %d\n", LWPX_Cancel(*(PROCESS*)parm));
}

static void be_cancelled_in_exit_handler(void) {
  LWP_SignalProcess(&event);
  LWPX_TestCancel();
  puts("main again");
}

static void wait_then_be_cancelled_in_exit_handler(void) {
  static PROCESS self;
  atexit(be_cancelled_in_exit_handler);
  self = host(1);
  spawn("C", 1, wait_and_cancel, &self);
  LWP_QWait();
}

static void an_exit_handler_is_not_cut_off_by_a_cancellation(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(wait_then_be_cancelled_in_exit_handler, &outcome);
  snprintf(wanted, sizeof wanted, "%scancels: 0\nmain again\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void create_in_exit_handler(void) {
  PROCESS pid;
  if (LWP_CreateProcess(say_name, 0, 1, &event, "N", &pid) == LWP_EINIT) puts("refused");
}

static void last_lwp_ends_then_exit_handler_creates(void) {
  PROCESS self = host(1);
  atexit(create_in_exit_handler);
  spawn("L", 0, note_and_end, NULL);
  LWP_DestroyProcess(self);
}

static void an_exit_handler_on_the_stack_of_a_dead_lwp_can_create_none(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(last_lwp_ends_then_exit_handler_creates, &outcome);
  snprintf(wanted, sizeof wanted, "%srefused\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void joinable_lwp_ends_last_then_exit_handler_creates(void) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  PROCESS self = host(1);
  atexit(create_in_exit_handler);
  wanted.priority = 0;
  wanted.flags = LWPX_JOINABLE;
  expect_int(LWPX_CreateProcess(&wanted, note_and_end, NULL, NULL), LWP_SUCCESS);
  LWP_DestroyProcess(self);
}

static void nor_on_the_stack_of_one_that_could_be_joined(void** state) {
  char wanted[256];
  (void)state;
  child_case_observe(joinable_lwp_ends_last_then_exit_handler_creates, &outcome);
  snprintf(wanted, sizeof wanted, "%srefused\n", kMessage);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.out, wanted);
}

static void ask_in_exit_handler(void) {
  if (LWP_NoYieldSignal(&event) == LWP_ENOWAIT) puts("no event");
  if (LWP_QSignal(LWP_ThisProcess()) == LWP_ENOWAIT && LWP_QWait() == LWP_SUCCESS) puts("credit");
}

static void wait_then_ask_in_exit_handler(void) {
  atexit(ask_in_exit_handler);
  host(1);
  LWP_WaitProcess(&event);
}

static void lack_a_credit_then_ask_in_exit_handler(void) {
  atexit(ask_in_exit_handler);
  host(1);
  LWP_QWait();
}

static void in_an_exit_handler_the_wait_is_over(void** state) {
  void (*const bodies[])(void) = {wait_then_ask_in_exit_handler,
                                  lack_a_credit_then_ask_in_exit_handler};
  char wanted[256];
  int i;
  (void)state;
  for (i = 0; i < 2; ++i) {
    child_case_observe(bodies[i], &outcome);
    snprintf(wanted, sizeof wanted, "%sno event\ncredit\n", kMessage);
    assert_int_equal(outcome.exit_status, 1);
    assert_string_equal(outcome.out, wanted);
  }
}

static void wait_for_both(void* parm) {
  const void* list[] = {&event, &other_event, NULL};
  LWP_MwaitProcess(2, list);
  (void)parm;
}

static void several_wait(void) {
  PROCESS main_pid = host(1);
  PROCESS one = spawn("one", 1, wait_and_note, &event);
  PROCESS two = spawn("two", 1, wait_for_both, NULL);
  PROCESS three = spawn("three", 1, take_credit_and_note, NULL);
  fprintf(stderr, "LWP: \"Main Process\" (%p) waits for 1 of %p\n", (void*)main_pid,
          (void*)&other_event);
  fprintf(stderr, "LWP: \"one\" (%p) waits for 1 of %p\n", (void*)one, (void*)&event);
  fprintf(stderr, "LWP: \"two\" (%p) waits for 2 of %p %p\n", (void*)two, (void*)&event,
          (void*)&other_event);
  fprintf(stderr, "LWP: \"three\" (%p) waits for LWP_QSignal\n", (void*)three);
  LWP_WaitProcess(&other_event);
}

static void who_waits_for_what_is_told_on_stderr(void** state) {
  const char* half;
  (void)state;
  child_case_observe(several_wait, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  /* The case has written what it expects; the library has said the same after it. */
  half = outcome.err + strlen(outcome.err) / 2;
  assert_true(strlen(half) > 100);
  assert_int_equal(strncmp(outcome.err, half, strlen(half)), 0);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_process_ends_with_a_message_on_stdout),
      cmocka_unit_test(every_way_to_stop_leads_there),
      cmocka_unit_test(exit_handlers_run_and_no_output_is_lost),
      cmocka_unit_test(nothing_else_has_changed_for_exit_handlers),
#ifdef LWP_LWP_H
      cmocka_unit_test(an_exit_handler_that_waits_ends_the_process_for_good),
      cmocka_unit_test(an_exit_handler_can_wake_others_and_goes_on),
      cmocka_unit_test(an_exit_handler_on_an_lwp_that_has_suspended_itself_is_let_run_again),
      cmocka_unit_test(an_exit_handler_is_not_cut_off_by_a_cancellation),
      cmocka_unit_test(an_exit_handler_on_the_stack_of_a_dead_lwp_can_create_none),
      cmocka_unit_test(nor_on_the_stack_of_one_that_could_be_joined),
      cmocka_unit_test(in_an_exit_handler_the_wait_is_over),
      cmocka_unit_test(who_waits_for_what_is_told_on_stderr),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
