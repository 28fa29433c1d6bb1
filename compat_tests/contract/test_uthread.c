/* SPDX-License-Identifier: MIT */
/* The threads of the course: who runs when, and when thread_start_threading returns. */
#include <lwp/dialect/uthread.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include "child_case.h"

static void count_to_three(void* name) {
  int i;
  for (i = 1; i <= 3; ++i) {
    note("%s%d", (const char*)name, i);
    thread_yield();
  }
}

static struct thread* add(void (*f)(void*), void* arg) {
  struct thread* const t = thread_create(f, arg);
  expect(t != NULL);
  thread_add_runqueue(t);
  return t;
}

CASE(threads_take_turns_in_the_order_of_the_run_queue) {
  static char a[] = "A", b[] = "B", c[] = "C";
  struct thread* const last = thread_create(count_to_three, c);
  add(count_to_three, a);
  add(count_to_three, b);
  thread_add_runqueue(last);
  note("main");
  expect_int(thread_start_threading(), LWP_SUCCESS);
  note("main");
  expect_transcript("main A1 B1 C1 A2 B2 C2 A3 B3 C3 main");
}

static void create_two_more(void* unused) {
  static char x[] = "X", y[] = "Y";
  (void)unused;
  add(count_to_three, x);
  add(count_to_three, y);
  note("creator");
  thread_yield();
  note("creator");
}

CASE(threads_add_threads_which_run_after_the_others) {
  static char a[] = "A";
  add(create_two_more, NULL);
  add(count_to_three, a);
  thread_start_threading();
  expect_transcript("creator A1 X1 Y1 creator A2 X2 Y2 A3 X3 Y3");
}

static void exit_in_the_middle(void* unused) {
  (void)unused;
  note("begins");
  thread_exit();
  note("never");
}

CASE(exit_ends_a_thread) {
  static char a[] = "A";
  add(exit_in_the_middle, NULL);
  add(count_to_three, a);
  thread_start_threading();
  expect_transcript("begins A1 A2 A3");
}

CASE(what_was_not_added_does_not_run_until_it_is) {
  static char a[] = "A", b[] = "B";
  struct thread* const later = thread_create(count_to_three, b);
  add(count_to_three, a);
  thread_start_threading();
  expect_transcript("A1 A2 A3");
  thread_add_runqueue(later);
  thread_start_threading();
  expect_transcript("B1 B2 B3");
}

CASE(nothing_to_run_is_no_error) {
  expect_int(thread_start_threading(), LWP_SUCCESS);
  expect_int(thread_yield(), LWP_EINIT);
  thread_exit();
  thread_add_runqueue(NULL);
  expect(thread_create(NULL, NULL) == NULL);
  expect(LWP_ThisProcess() == NULL);
  expect(thread_create(count_to_three, NULL) != NULL);
  expect_int(thread_start_threading(), LWP_SUCCESS);
  thread_exit(); /* the first LWP: nothing happens */
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(adding_twice_or_something_else_changes_nothing) {
  static char a[] = "A";
  struct thread* const t = add(count_to_three, a);
  thread_add_runqueue(t);
  thread_add_runqueue(NULL);
  thread_add_runqueue((struct thread*)LWP_ThisProcess());
  thread_start_threading();
  expect_transcript("A1 A2 A3");
  thread_add_runqueue(t); /* has ended */
  expect_int(thread_start_threading(), LWP_SUCCESS);
}

static void start_again(void* unused) {
  (void)unused;
  note("%d", thread_start_threading());
}

CASE(thread_can_not_wait_for_itself) {
  add(start_again, NULL);
  thread_start_threading();
  expect_transcript("-19");
}

static char event;

static void wait_for_the_event(void* unused) {
  (void)unused;
  LWP_WaitProcess(&event);
  note("woken");
}

static void signal_the_event(void* unused) {
  (void)unused;
  note("signals");
  LWP_NoYieldSignal(&event);
}

CASE(threads_may_wait) {
  add(wait_for_the_event, NULL);
  add(signal_the_event, NULL);
  thread_start_threading();
  expect_transcript("signals woken");
}

static void destroy_another(void* t) {
  thread_yield(); /* the other one suspends itself */
  expect_int(LWP_DestroyProcess((PROCESS)t), LWP_SUCCESS);
}

static void suspend_oneself(void* unused) {
  (void)unused;
  LWPX_Suspend(LWPX_Self());
  note("never");
}

CASE(threads_that_others_end_have_ended) {
  struct thread *waiting, *suspended;
  waiting = add(wait_for_the_event, NULL);
  suspended = thread_create(suspend_oneself, NULL);
  add(destroy_another, waiting);
  thread_add_runqueue(suspended);
  add(destroy_another, suspended);
  thread_start_threading();
  expect_transcript("");
}

static int counted;

static void count_and_exit(void* unused) {
  (void)unused;
  ++counted;
  thread_exit();
}

CASE(many_threads) {
  const int threads = UNLESS_UNDER_VALGRIND(10000, 1000);
  int i;
  for (i = 0; i < threads; ++i) add(count_and_exit, NULL);
  thread_start_threading();
  expect_int(counted, threads);
}

static void deadlock(void) {
  add(wait_for_the_event, NULL);
  thread_start_threading();
}

static void threads_that_wait_for_ever_end_the_process(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(deadlock, &outcome);
  assert_int_equal(outcome.exit_status, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_take_turns_in_the_order_of_the_run_queue),
      cmocka_unit_test(threads_add_threads_which_run_after_the_others),
      cmocka_unit_test(exit_ends_a_thread),
      cmocka_unit_test(what_was_not_added_does_not_run_until_it_is),
      cmocka_unit_test(nothing_to_run_is_no_error),
      cmocka_unit_test(adding_twice_or_something_else_changes_nothing),
      cmocka_unit_test(thread_can_not_wait_for_itself),
      cmocka_unit_test(threads_may_wait),
      cmocka_unit_test(threads_that_others_end_have_ended),
      cmocka_unit_test(many_threads),
      cmocka_unit_test(threads_that_wait_for_ever_end_the_process),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
