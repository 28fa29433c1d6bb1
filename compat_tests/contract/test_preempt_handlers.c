/* SPDX-License-Identifier: MIT */
/* test_preempt_handlers.c - an LWP is not moved while a signal handler of the program runs on its
 * stack or on the alternate one. */
#include "handler_case.h"
#include "stepper.h"

CASE(tick_in_a_handler_does_not_move) { expect_to_stay(with_one_tick, 0); }
CASE(section_in_a_handler_does_not_end_in_a_switch) { expect_to_stay(with_an_owed_tick, 0); }
CASE(long_handler_is_not_torn_apart) { expect_to_stay(with_many_ticks, 0); }

/* --- On the alternate stack. The next handler there would begin at its top, over the frames of
 * this one. */

CASE(tick_on_the_alternate_stack_does_not_move) {
  set_alternate_stack(memory, sizeof memory, 0);
  expect_to_stay(with_one_tick, SA_ONSTACK | SA_NODEFER);
}

CASE(section_on_the_alternate_stack_does_not_end_in_a_switch) {
  set_alternate_stack(memory, sizeof memory, 0);
  expect_to_stay(with_an_owed_tick, SA_ONSTACK | SA_NODEFER);
}

CASE(long_handler_on_the_alternate_stack_is_not_torn_apart) {
  set_alternate_stack(memory, sizeof memory, 0);
  expect_to_stay(with_many_ticks, SA_ONSTACK);
}

/* --- A handler that is about to return has given up its frame on the stack, but not its mask. */

static const void* volatile handler_returns_to;

static void with_steps_at_the_end(int signo) {
  (void)signo;
  handler_returns_to = __builtin_return_address(0);
  step_on();
}

static void raise_it(void* parm) {
  (void)parm;
  raise(SIGUSR1);
}

CASE_IF(STEPPER_WORKS, "no single steps here", ticks_as_a_handler_returns_do_not_end_preemption) {
  long step = 0;
  int i;
  stepper_begin();
  start();
  handle(SIGUSR1, with_steps_at_the_end, 0);
  raise(SIGUSR1);
  do ++step;
  while (step_through(raise_it, NULL, SIGALRM, step, kNoStep).where != handler_returns_to);
  for (i = 0; i < kManyTicks; ++i) step_through(raise_it, NULL, SIGALRM, step, kNoStep);
  turns = 0;
  tick_here();
  expect_int(turns, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tick_in_a_handler_does_not_move),
      cmocka_unit_test(section_in_a_handler_does_not_end_in_a_switch),
      cmocka_unit_test(long_handler_is_not_torn_apart),
      cmocka_unit_test(tick_on_the_alternate_stack_does_not_move),
      cmocka_unit_test(section_on_the_alternate_stack_does_not_end_in_a_switch),
      cmocka_unit_test(long_handler_on_the_alternate_stack_is_not_torn_apart),
      cmocka_unit_test(ticks_as_a_handler_returns_do_not_end_preemption),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
