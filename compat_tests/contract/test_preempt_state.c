/* SPDX-License-Identifier: MIT */
/* test_preempt_state.c - what a tick, and a switch, leave as each LWP had it. */
#include <fenv.h>
#include <lwp/lwp.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
}

/* --- Floating point. In SSE arithmetic, as feraiseexcept may use another unit. */

static volatile double zero = 0.0, one = 1.0, three = 3.0;
static volatile double result;

static void raise_divbyzero(void) { result = one / zero; }
static void raise_inexact(void) { result = one / three; }
static void raise_invalid(void) { result = zero / zero; }

#define CASE_WITH_FLAGS(name) \
  CASE_IF(!under_valgrind(), "Valgrind keeps no floating-point exception flags", name)

static int raised(void) { return fetestexcept(FE_DIVBYZERO | FE_INEXACT | FE_INVALID); }

static void tick_and_yield(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) {
    tick_here();
    LWP_DispatchProcess();
  }
}

CASE_WITH_FLAGS(exception_flags_survive_a_yield_to_an_lwp_that_is_preempted) {
  int i;
  start();
  start_lwp(tick_and_yield, 2, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  raise_divbyzero();
  for (i = 0; i < 5; ++i) {
    LWP_DispatchProcess();
    expect(fetestexcept(FE_DIVBYZERO));
  }
}

static void raise_all_and_yield(void* parm) {
  (void)parm;
  for (;;) {
    raise_divbyzero();
    raise_invalid();
    raise_inexact();
    LWP_DispatchProcess();
  }
}

CASE_WITH_FLAGS(a_tick_adds_no_exception_flags_of_others) {
  start();
  start_lwp(raise_all_and_yield, 2, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  tick_here();
  expect_int(raised(), 0);
  raise_inexact();
  tick_here();
  expect_int(raised(), FE_INEXACT);
}

static void clear_and_yield(void* parm) {
  (void)parm;
  for (;;) {
    feclearexcept(FE_ALL_EXCEPT);
    LWP_DispatchProcess();
  }
}

CASE_WITH_FLAGS(a_tick_takes_no_exception_flags_away) {
  start();
  start_lwp(clear_and_yield, 2, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  raise_invalid();
  tick_here();
  expect_int(raised(), FE_INVALID);
}

CASE_WITH_FLAGS(a_yield_takes_no_exception_flags_away) {
  start();
  start_lwp(clear_and_yield, 2, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  raise_invalid();
  LWP_DispatchProcess();
  expect(fetestexcept(FE_INVALID));
}

static void round_down_and_note(void* parm) {
  (void)parm;
  fesetround(FE_DOWNWARD);
  for (;;) {
    LWP_DispatchProcess();
    note(fegetround() == FE_DOWNWARD ? "down" : "other");
  }
}

CASE(a_tick_gives_each_lwp_its_own_rounding) {
  start();
  fesetround(FE_UPWARD);
  start_lwp(round_down_and_note, 2, NULL);
  expect_int(fegetround(), FE_UPWARD);
  tick_here();
  expect_int(fegetround(), FE_UPWARD);
  tick_here();
  expect_transcript("down down");
}

static void yield_and_tick(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) {
    LWP_DispatchProcess();
    tick_here();
  }
}

static void note_rounding(void* parm) {
  (void)parm;
  note(fegetround() == FE_UPWARD ? "up" : "other");
}

/* It begins in a signal handler, where the modes are the system's. */
CASE(an_lwp_that_begins_by_a_tick_has_the_rounding_of_its_creator) {
  start();
  start_lwp(yield_and_tick, 2, NULL);
  fesetround(FE_UPWARD);
  start_lwp(note_rounding, 2, NULL); /* behind the other, whose tick lets it run */
  expect_transcript("up");
}

/* --- What belongs to the kernel thread: what another LWP has changed stays changed. */

static char first_stack[1 << 16], second_stack[1 << 16];

static void change_alternate_stack(void* parm) {
  (void)parm;
  for (;;) {
    LWP_DispatchProcess();
    set_alternate_stack(second_stack, sizeof second_stack, 0);
  }
}

CASE(alternate_stack_set_while_an_lwp_was_preempted_stays) {
  stack_t present;
  start();
  set_alternate_stack(first_stack, sizeof first_stack, 0);
  start_lwp(change_alternate_stack, 2, NULL);
  tick_here();
  expect_int(sigaltstack(NULL, &present), 0);
  expect(present.ss_sp == (void*)second_stack);
}

static void change_alternate_stack_and_tick(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) {
    tick_here();
    set_alternate_stack(second_stack, sizeof second_stack, 0);
  }
}

CASE(alternate_stack_goes_from_one_preempted_lwp_to_the_next) {
  stack_t present;
  volatile int i;
  start();
  set_alternate_stack(first_stack, sizeof first_stack, 0);
  start_lwp(change_alternate_stack_and_tick, 2, NULL);
  for (i = 0; i < 3; ++i) {
    tick_here();
    expect_int(sigaltstack(NULL, &present), 0);
    expect(present.ss_sp == (void*)second_stack);
    expect_int(present.ss_size, sizeof second_stack);
    set_alternate_stack(first_stack, sizeof first_stack, 0);
  }
}

#if !defined(SS_AUTODISARM)
#define SS_AUTODISARM (1u << 31) /* not in all C libraries' headers */
#endif

static void expect_armed(void* parm) {
  (void)parm;
  for (;;) {
    stack_t present;
    expect_int(sigaltstack(NULL, &present), 0);
    expect(present.ss_sp == (void*)first_stack);
    expect_int(present.ss_flags, (int)SS_AUTODISARM);
    LWP_DispatchProcess();
  }
}

/* For the handler of a tick the kernel disarms it too. */
CASE_IF(!under_valgrind(), "Valgrind knows no such stacks",
        alternate_stack_that_disarms_itself_stays_over_a_tick) {
  stack_t stack;
  start();
  set_alternate_stack(first_stack, sizeof first_stack, (int)SS_AUTODISARM);
  start_lwp(expect_armed, 2, NULL);
  tick_here();
  expect_int(sigaltstack(NULL, &stack), 0);
  expect_int(stack.ss_flags, (int)SS_AUTODISARM);
}

static __thread long thread_local_value;

static void set_thread_local(void* parm) {
  (void)parm;
  for (;;) {
    LWP_DispatchProcess();
    ++thread_local_value;
  }
}

CASE(thread_local_variables_belong_to_the_kernel_thread) {
  volatile long before;
  start();
  start_lwp(set_thread_local, 2, NULL);
  before = thread_local_value;
  tick_here();
  expect_int(thread_local_value, before + 1);
  LWP_DispatchProcess();
  expect_int(thread_local_value, before + 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exception_flags_survive_a_yield_to_an_lwp_that_is_preempted),
      cmocka_unit_test(a_tick_adds_no_exception_flags_of_others),
      cmocka_unit_test(a_tick_takes_no_exception_flags_away),
      cmocka_unit_test(a_yield_takes_no_exception_flags_away),
      cmocka_unit_test(a_tick_gives_each_lwp_its_own_rounding),
      cmocka_unit_test(an_lwp_that_begins_by_a_tick_has_the_rounding_of_its_creator),
      cmocka_unit_test(alternate_stack_set_while_an_lwp_was_preempted_stays),
      cmocka_unit_test(alternate_stack_goes_from_one_preempted_lwp_to_the_next),
      cmocka_unit_test(alternate_stack_that_disarms_itself_stays_over_a_tick),
      cmocka_unit_test(thread_local_variables_belong_to_the_kernel_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
