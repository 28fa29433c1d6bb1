/* SPDX-License-Identifier: MIT */
/* test_processor_state.c - what of the processor each LWP has for itself. */
#include <fenv.h>
#include <setjmp.h>
#include <signal.h>

#include "lwp_case.h"

#ifdef LWP_LWP_H /* In Coda the kernel thread has one rounding mode, and a new LWP resets it. */

static volatile double one = 1.0, three = 3.0;

static void round_upward(void* parm) {
  (void)parm;
  expect_int(fegetround(), FE_TONEAREST);
  fesetround(FE_UPWARD);
  LWP_DispatchProcess();
  expect_int(fegetround(), FE_UPWARD);
  note("%s", LWP_Name());
}

CASE(rounding_mode_belongs_to_the_lwp) {
  volatile double nearest = one / three, again; /* no more bits than a double has */
  host(1);
  spawn("A", 1, round_upward, NULL);
  expect_int(fegetround(), FE_TONEAREST);
  again = one / three;
  expect(again == nearest);
  LWP_DispatchProcess();
  expect_int(fegetround(), FE_TONEAREST);
  expect_transcript("A");
}

static void note_rounding(void* parm) {
  (void)parm;
  note(fegetround() == FE_DOWNWARD ? "down" : "other");
}

CASE(a_new_lwp_begins_with_the_rounding_mode_of_its_creator) {
  host(1);
  fesetround(FE_DOWNWARD);
  spawn("A", 1, note_rounding, NULL);
  spawn("B", 1, note_rounding, NULL); /* on the stack of A */
  expect_transcript("down down");
}

static void note_rounding_and_change_it(void* mode) {
  note_rounding(NULL);
  fesetround(*(int*)mode);
}

static void wake(void* event) { LWP_NoYieldSignal(event); }

CASE(a_new_lwp_begins_so_whoever_has_ended_just_before) {
  int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TONEAREST, FE_DOWNWARD, FE_DOWNWARD, FE_UPWARD};
  size_t i;
  int round;
  host(1);
  for (round = 0; round < 3; ++round) { /* on fresh stacks, and on stacks of those that ended */
    for (i = 0; i < sizeof modes / sizeof modes[0]; ++i) {
      fesetround(i % 2 == 0 ? FE_DOWNWARD : FE_TONEAREST);
      spawn("L", 0, note_rounding_and_change_it, &modes[i]);
    }
    spawn("last", 0, wake, &modes);
    LWP_WaitProcess(&modes);
    expect_transcript("down other down other down other");
  }
}

/* Creates such LWPs, one after the other, and lets them run without any other between them. */
static void run_next_to_each_other(void (*first)(void*), void (*then)(void*)) {
  int round;
  for (round = 0; round < 3; ++round) { /* on fresh stacks, and on stacks of those that ended */
    spawn("first", 0, first, NULL);
    spawn("then", 0, then, NULL);
    spawn("last", 0, wake, &round);
    LWP_WaitProcess(&round);
  }
}

#if defined(__x86_64__)

static unsigned short x87_control(void) {
  unsigned short control;
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  return control;
}

enum { kPrecision = 0x300 }; /* of the x87 unit: these bits are all 0 for that of a float */

static void compute_like_floats(void* parm) {
  const unsigned short control = x87_control() & ~kPrecision;
  (void)parm;
  __asm__ __volatile__("fldcw %0" : : "m"(control));
}

static void note_precision(void* parm) {
  (void)parm;
  note((x87_control() & kPrecision) == kPrecision ? "full" : "less");
}

CASE_IF(!under_valgrind(), "the x87 unit has one precision here",
        the_precision_of_who_has_ended_is_not_that_of_a_new_lwp) {
  host(1);
  run_next_to_each_other(compute_like_floats, note_precision);
  expect_transcript("full full full");
}

static void forget_exceptions(void* parm) {
  (void)parm;
  feclearexcept(FE_ALL_EXCEPT);
}

static void note_exceptions(void* parm) {
  (void)parm;
  note(fetestexcept(FE_DIVBYZERO) != 0 ? "raised" : "lost");
}

CASE_IF(!under_valgrind(), "floating-point exceptions leave no flags here",
        an_exception_flag_of_its_creator_is_not_lost_on_a_new_lwp) {
  host(1);
  feraiseexcept(FE_DIVBYZERO);
  run_next_to_each_other(forget_exceptions, note_exceptions);
  expect_transcript("raised raised raised");
}

#endif

#endif

/* Values that a compiler likes to keep in registers over calls. */
static void juggle(void* parm) {
  const long seed = *(long*)parm;
  long a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4, f = seed + 5;
  double x = (double)seed, y = x + 1, z = x + 2;
  int i;
  for (i = 0; i < 1000; ++i) {
    LWP_DispatchProcess();
    a += 1, b += 2, c += 3, d += 4, e += 5, f += 6;
    x += 1, y += 2, z += 3;
  }
  expect_int(a, seed + 1000);
  expect_int(b, seed + 1 + 2000);
  expect_int(c, seed + 2 + 3000);
  expect_int(d, seed + 3 + 4000);
  expect_int(e, seed + 4 + 5000);
  expect_int(f, seed + 5 + 6000);
  expect(x == (double)(seed + 1000) && y == (double)(seed + 2001) && z == (double)(seed + 3002));
  note("%s", LWP_Name());
}

CASE(registers_survive_a_dispatch) {
  long seeds[] = {1000000, 2000000, 3000000};
  host(1);
  spawn("A", 1, juggle, &seeds[0]);
  spawn("B", 1, juggle, &seeds[1]);
  juggle(&seeds[2]);
  LWP_DispatchProcess();
  expect_transcript("A B Main Process");
}

static void jump_on_own_stack(void* parm) {
  jmp_buf place;
  volatile int jumps = 0;
  (void)parm;
  if (setjmp(place) < 5) {
    LWP_DispatchProcess();
    longjmp(place, ++jumps);
  }
  note("%s%d", LWP_Name(), jumps);
}

CASE(longjmp_works_within_an_lwp) {
  int i;
  host(1);
  spawn("A", 1, jump_on_own_stack, NULL);
  spawn("B", 1, jump_on_own_stack, NULL);
  for (i = 0; i < 6; ++i) LWP_DispatchProcess();
  expect_transcript("A5 B5");
}

static void block_a_signal(void* parm) {
  sigset_t set;
  (void)parm;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  LWP_DispatchProcess();
}

CASE(signal_mask_belongs_to_the_kernel_thread) {
  sigset_t set;
  host(1);
  spawn("A", 1, block_a_signal, NULL);
  sigprocmask(SIG_BLOCK, NULL, &set);
  expect(sigismember(&set, SIGUSR2));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#ifdef LWP_LWP_H
    cmocka_unit_test(rounding_mode_belongs_to_the_lwp),
    cmocka_unit_test(a_new_lwp_begins_with_the_rounding_mode_of_its_creator),
    cmocka_unit_test(a_new_lwp_begins_so_whoever_has_ended_just_before),
#if defined(__x86_64__)
    cmocka_unit_test(the_precision_of_who_has_ended_is_not_that_of_a_new_lwp),
    cmocka_unit_test(an_exception_flag_of_its_creator_is_not_lost_on_a_new_lwp),
#endif
#endif
    cmocka_unit_test(registers_survive_a_dispatch),
    cmocka_unit_test(longjmp_works_within_an_lwp),
    cmocka_unit_test(signal_mask_belongs_to_the_kernel_thread),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
