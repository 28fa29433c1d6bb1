/* SPDX-License-Identifier: MIT */
/* test_stack_overflow.c - what happens to an LWP that runs off its stack, and to other faults. */
#include "lwp_case.h"

#ifdef LWP_LWP_H /* Coda does not notice. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alternate_stack.h"

static struct outcome outcome;

static __attribute__((noinline)) int recurse(volatile int* depth) {
  volatile char frame[512];
  memset((void*)frame, *depth, sizeof frame);
  if (++*depth == -1) return 0;
  return recurse(depth) + frame[17];
}

static void overflow(void* parm) {
  volatile int depth = 0;
  (void)parm;
  recurse(&depth);
}

static void overflow_in_spender(void) {
  host(1);
  spawn("before", 1, note_and_yield, NULL);
  spawn("spender", 1, overflow, NULL);
}

static void abort_on_overflow(void) { overflow_in_spender(); }

static void message_on_overflow(void) {
  lwp_overflowAction = LWP_SOMESSAGE;
  overflow_in_spender();
}

static void quiet_on_overflow(void) {
  lwp_overflowAction = LWP_SOQUIET;
  overflow_in_spender();
}

static void overflow_action_abort_is_the_default(void** state) {
  (void)state;
  child_case_observe(abort_on_overflow, &outcome);
  assert_string_equal(outcome.err, "LWP: stack overflow in process spender!\n");
  assert_int_equal(outcome.signal, SIGABRT);
}

static void overflow_action_message_is_the_fault_with_a_message(void** state) {
  (void)state;
  child_case_observe(message_on_overflow, &outcome);
  assert_string_equal(outcome.err, "LWP: stack overflow in process spender!\n");
  assert_int_equal(outcome.signal, SIGSEGV);
}

static void overflow_action_quiet_is_the_fault_alone(void** state) {
  (void)state;
  child_case_observe(quiet_on_overflow, &outcome);
  assert_string_equal(outcome.err, "");
  assert_int_equal(outcome.signal, SIGSEGV);
}

static char long_name[3000];

static void overflow_under_a_long_name(void) {
  memset(long_name, 'n', sizeof long_name - 1);
  host(1);
  spawn(long_name, 1, overflow, NULL);
}

static void a_long_name_is_told_in_full(void** state) {
  (void)state;
  child_case_observe(overflow_under_a_long_name, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_int_equal(strlen(outcome.err), strlen("LWP: stack overflow in process !\n") + 2999);
}

static void overflow_on_a_large_recycled_stack(void) {
  PROCESS pid;
  int i;
  host(1);
  for (i = 0; i < 3; ++i) LWP_CreateProcess(note_and_end, 1 << 20, 1, NULL, "E", &pid);
  LWP_CreateProcess(overflow, 1 << 20, 1, NULL, "large", &pid);
}

static void large_and_recycled_stacks_are_guarded_too(void** state) {
  (void)state;
  child_case_observe(overflow_on_a_large_recycled_stack, &outcome);
  assert_string_equal(outcome.err, "LWP: stack overflow in process large!\n");
  assert_int_equal(outcome.signal, SIGABRT);
}

static char event;

static void overflow_after_others_have_run(void) {
  host(1);
  spawn("W", 1, wait_and_note, &event);
  spawn("Y", 1, note_and_yield, NULL);
  LWP_SignalProcess(&event);
  LWP_TerminateProcessSupport();
  host(2);
  spawn("second life", 2, overflow, NULL);
}

static void a_second_host_is_guarded_too(void** state) {
  (void)state;
  child_case_observe(overflow_after_others_have_run, &outcome);
  assert_string_equal(outcome.err, "LWP: stack overflow in process second life!\n");
}

/* A handler of the program's own, on a signal stack of its own. */

static void say_and_leave(int signo) {
  (void)signo;
  if (write(STDERR_FILENO, "own handler\n", 12) != 12) _exit(8);
  _exit(9);
}

static void take_faults(void) {
  static char memory[65536];
  struct sigaction action = {0};
  set_alternate_stack(memory, sizeof memory, 0);
  action.sa_handler = say_and_leave;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, NULL);
}

static void overflow_with_handler_set_before(void) {
  take_faults();
  overflow_in_spender();
}

static void overflow_with_handler_set_after(void) {
  host(1);
  take_faults();
  overflow_in_spender();
}

static void a_handler_of_the_program_comes_first(void** state) {
  (void)state;
  child_case_observe(overflow_with_handler_set_before, &outcome);
  assert_string_equal(outcome.err, "own handler\n");
  assert_int_equal(outcome.exit_status, 9);
  child_case_observe(overflow_with_handler_set_after, &outcome);
  assert_string_equal(outcome.err, "own handler\n");
  assert_int_equal(outcome.exit_status, 9);
}

/* Faults that have nothing to do with a stack. */

static __attribute__((noinline)) void write_to(void* address) { *(volatile int*)address = 1; }

static void fault_in_an_lwp(void) {
  host(1);
  spawn("F", 1, write_to, (void*)16);
}

static void fault_in_the_first_lwp(void) {
  host(1);
  spawn("B", 1, note_and_yield, NULL);
  write_to((void*)16);
}

static void send_a_fault(void* parm) {
  (void)parm;
  kill(getpid(), SIGSEGV);
}

static void fault_sent_to_an_lwp(void) {
  host(1);
  spawn("K", 1, send_a_fault, NULL);
}

static void other_faults_end_the_process_as_ever(void** state) {
  void (*const bodies[])(void) = {fault_in_an_lwp, fault_in_the_first_lwp, fault_sent_to_an_lwp};
  int i;
  (void)state;
  for (i = 0; i < 3; ++i) {
    child_case_observe(bodies[i], &outcome);
    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.signal, SIGSEGV);
  }
}

static void overflow_of_the_first_lwp(void) {
  host(1);
  overflow(NULL);
}

static void the_first_lwp_has_the_stack_of_the_kernel_thread(void** state) {
  (void)state;
  child_case_observe(overflow_of_the_first_lwp, &outcome);
  assert_string_equal(outcome.err, "");
  assert_int_equal(outcome.signal, SIGSEGV);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(overflow_action_abort_is_the_default),
      cmocka_unit_test(overflow_action_message_is_the_fault_with_a_message),
      cmocka_unit_test(overflow_action_quiet_is_the_fault_alone),
      cmocka_unit_test(a_long_name_is_told_in_full),
      cmocka_unit_test(large_and_recycled_stacks_are_guarded_too),
      cmocka_unit_test(a_second_host_is_guarded_too),
      cmocka_unit_test(a_handler_of_the_program_comes_first),
      cmocka_unit_test(other_faults_end_the_process_as_ever),
      cmocka_unit_test(the_first_lwp_has_the_stack_of_the_kernel_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
