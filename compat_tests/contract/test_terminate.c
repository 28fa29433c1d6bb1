/* SPDX-License-Identifier: MIT */
/* test_terminate.c - ceasing to be a host of LWPs, and becoming one again. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lwp_case.h"

static char event;

CASE(terminate_succeeds_once) {
  PROCESS pid;
  host(1);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_EINIT);
  expect_int(LWP_DispatchProcess(), LWP_EINIT);
#ifdef LWP_LWP_H /* Coda leaves the old handle behind. */
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
  expect(pid == NULL);
  expect(LWP_ThisProcess() == NULL);
#else
  (void)pid;
#endif
}

CASE(terminate_ends_the_others_wherever_they_are) {
  host(2);
  spawn("ready", 2, note_and_yield, NULL);
  spawn("lower", 1, note_and_end, NULL);
  spawn("waiting", 3, wait_and_note, &event);
  spawn("counting", 3, take_credit_and_note, NULL);
  expect_transcript("ready ready ready ready");
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  host(0);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  LWP_DispatchProcess();
  expect_transcript("");
}

CASE(lwps_work_as_ever_after_a_second_init) {
  int round;
  for (round = 0; round < 3; ++round) {
    host(2);
    spawn("A", 2, note_and_yield, NULL);
    spawn("W", 2, wait_and_note, &event);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_transcript("A A A W");
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
}

static void wait_with_a_buffer(void* parm) {
  char buffer[6000];
  memset(buffer, (int)strlen(strcpy(buffer, "frames with gaps")), sizeof buffer);
  LWP_WaitProcess(parm);
  expect(buffer[1] == buffer[2]);
}

/* Nothing tells an address sanitizer that there were stacks. */
CASE(memory_of_lwps_can_be_mapped_for_something_else) {
  size_t size;
  int i;
  host(2);
  for (i = 0; i < 30; ++i) spawn("waiting", 2, wait_with_a_buffer, &event);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  for (size = 65536; size <= 16777216; size *= 2) {
    void* const memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(memory != MAP_FAILED);
    memset(memory, 1, size);
  }
}

CASE(rocks_and_credits_of_the_first_lwp_do_not_survive) {
  char* value;
  char stone;
  PROCESS self = host(1);
  LWP_NewRock(7, &stone);
  LWP_QSignal(self);
  LWP_TerminateProcessSupport();
  host(1);
  expect_int(LWP_GetRock(7, &value), LWP_EBADROCK);
  spawn("A", 1, note_and_yield, NULL);
  expect_transcript("A");
  expect_int(LWP_QSignal(LWP_ThisProcess()), LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("main");
  expect_transcript("main");
}

static void terminate(void* parm) {
  (void)parm;
  LWP_TerminateProcessSupport();
  note("returned");
}

static void terminate_from_another_lwp(void) {
  host(1);
  spawn("A", 1, terminate, NULL);
}

static void terminate_by_another_lwp_ends_the_process(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(terminate_from_another_lwp, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_non_null(
      strstr(outcome.out, "***LWP Abort: Terminate_Process_Support invoked from wrong process!\n"));
  assert_string_equal(outcome.err, "");
}

#ifdef LWP_LWP_H

CASE(handles_of_the_former_host_are_refused) {
  int priority;
  PROCESS old_self = host(1);
  PROCESS old_other = spawn("A", 1, note_and_yield, NULL);
  LWP_TerminateProcessSupport();
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  expect_int(LWP_GetProcessPriority(old_self, &priority), LWP_EBADPID);
  expect_int(LWP_GetProcessPriority(old_other, &priority), LWP_EBADPID);
  expect_int(LWP_DestroyProcess(old_other), LWP_EBADPID);
  expect_int(LWP_QSignal(old_self), LWP_EBADPID);
}

CASE(terminate_gives_signals_and_their_stack_back) {
  struct sigaction action;
  stack_t stack_before, stack;
  sigaltstack(NULL, &stack_before);
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  LWP_TerminateProcessSupport();
  sigaction(SIGSEGV, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
  sigaltstack(NULL, &stack);
  expect(stack.ss_flags == stack_before.ss_flags);
  expect((stack.ss_flags & SS_DISABLE) != 0 || stack.ss_sp == stack_before.ss_sp);
}

static void on_fault(int signo) { (void)signo; }

CASE(terminate_leaves_a_handler_alone_that_the_program_has_set_meanwhile) {
  struct sigaction action;
  host(1);
  signal(SIGSEGV, on_fault);
  LWP_TerminateProcessSupport();
  sigaction(SIGSEGV, NULL, &action);
  expect(action.sa_handler == on_fault);
}

CASE(host_takes_no_other_signal) {
  int signo;
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  for (signo = 1; signo < NSIG; ++signo) {
    struct sigaction action;
    if (signo == SIGSEGV || sigaction(signo, NULL, &action) != 0) continue;
    expect(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
  }
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(terminate_succeeds_once),
      cmocka_unit_test(terminate_ends_the_others_wherever_they_are),
      cmocka_unit_test(lwps_work_as_ever_after_a_second_init),
      cmocka_unit_test(memory_of_lwps_can_be_mapped_for_something_else),
      cmocka_unit_test(rocks_and_credits_of_the_first_lwp_do_not_survive),
      cmocka_unit_test(terminate_by_another_lwp_ends_the_process),
#ifdef LWP_LWP_H
      cmocka_unit_test(handles_of_the_former_host_are_refused),
      cmocka_unit_test(terminate_gives_signals_and_their_stack_back),
      cmocka_unit_test(terminate_leaves_a_handler_alone_that_the_program_has_set_meanwhile),
      cmocka_unit_test(host_takes_no_other_signal),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
