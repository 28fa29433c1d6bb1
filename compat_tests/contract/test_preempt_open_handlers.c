/* SPDX-License-Identifier: MIT */
/* test_preempt_open_handlers.c - signal handlers of the program that block no signal, not even
 * their own: they are told from LWPs all the same, and LWPs from them. */
#include <lwp/lwpx.h>
#include <preempt/testing.h>
#include <setjmp.h>

#include "handler_case.h"

/* It is interrupted by another, and has ticks again when that has ended. */
static void with_another_inside(int signo) {
  (void)signo;
  raise(SIGUSR2);
  expect_int(handled, 1);
  with_many_ticks(signo);
  handled = 1;
}

CASE_OF_OPEN_HANDLERS(tick_in_a_handler_that_blocks_nothing_does_not_move) {
  expect_to_stay(with_one_tick, SA_NODEFER);
}

CASE_OF_OPEN_HANDLERS(section_in_a_handler_that_blocks_nothing_does_not_end_in_a_switch) {
  expect_to_stay(with_an_owed_tick, SA_NODEFER);
}

CASE_OF_OPEN_HANDLERS(long_handler_that_blocks_nothing_is_not_torn_apart) {
  expect_to_stay(with_many_ticks, SA_NODEFER);
}

CASE_OF_OPEN_HANDLERS(handlers_on_top_of_each_other_are_not_torn_apart) {
  expect_to_stay(with_another_inside, SA_NODEFER);
}

CASE_OF_OPEN_HANDLERS(an_alternate_stack_that_is_not_used_makes_no_difference) {
  set_alternate_stack(memory, sizeof memory, 0);
  expect_to_stay(with_many_ticks, SA_NODEFER);
}

#if !defined(SS_AUTODISARM)
#define SS_AUTODISARM (1u << 31) /* not in all C libraries' headers */
#endif

/* While the handler runs, the kernel says that there is no alternate stack. */
CASE_OF_OPEN_HANDLERS(an_alternate_stack_that_disarms_itself_makes_no_difference) {
  set_alternate_stack(memory, sizeof memory, (int)SS_AUTODISARM);
  expect_to_stay(with_many_ticks, SA_ONSTACK | SA_NODEFER);
}

CASE_OF_OPEN_HANDLERS(an_lwp_from_before_preemption_is_told_from_its_handlers) {
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  handle(SIGUSR1, with_many_ticks, SA_NODEFER);
  PRE_PreemptMe();
  slices_by_hand();
  turns = 0;
  raise(SIGUSR1);
  expect_int(handled, 1);
}

/* That is its own will. The others are moved meanwhile, and it is not. */
static void with_a_yield(int signo) {
  const long before = turns;
  (void)signo;
  LWP_DispatchProcess();
  expect(turns > before);
  turns = 0;
  with_many_ticks(signo);
}

static void tick_and_yield(void* parm) {
  PRE_PreemptMe();
  for (;;) {
    tick_here();
    ++*(volatile long*)parm;
    LWP_DispatchProcess();
  }
}

CASE_OF_OPEN_HANDLERS(a_handler_that_yields_stays_one) {
  volatile long ticked = 0;
  start();
  handle(SIGUSR1, with_a_yield, SA_NODEFER);
  start_lwp(tick_and_yield, 2, (void*)&ticked);
  raise(SIGUSR1);
  expect_int(handled, 1);
  expect(ticked > 0);
}

static void yield_by_force(int signo) {
  (void)signo;
  LWP_NoYieldSignal((void*)&turns);
  PRE_BeginCritical();
  PRE_EndCritical();
  expect_int(turns, 0);
  ++handled;
}

CASE_OF_OPEN_HANDLERS(forced_ticks_move_no_handler_that_blocks_nothing) {
  start();
  handle(SIGUSR1, yield_by_force, SA_NODEFER);
  PRE_ForcePreemption(1, 1);
  turns = 0;
  raise(SIGUSR1);
  expect_int(handled, 1);
}

/* --- What looks like a handler and is none. */

static sigjmp_buf out;

static void jump_out(int signo) {
  (void)signo;
  siglongjmp(out, 1);
}

CASE(who_has_jumped_out_of_a_handler_is_moved_by_the_next_tick) {
  volatile int i;
  start();
  handle(SIGUSR1, jump_out, SA_NODEFER);
  for (i = 0; i < 3; ++i) {
    if (sigsetjmp(out, 1) == 0) raise(SIGUSR1);
    turns = 0;
    tick_here();
    expect_int(turns, 1);
  }
}

static void do_nothing(int signo) { (void)signo; }

/* Calls f with the frame of a handler that has ended in a part of the stack that f uses and has not
 * written to. */
static __attribute__((noinline)) void on_remains(void (*f)(void)) {
  volatile char room[1 << 16];
  room[0] = room[sizeof room - 1] = 0;
  f();
  room[0] = room[sizeof room - 1] = 0;
}

static __attribute__((noinline)) void leave_remains(void) {
  handle(SIGUSR2, do_nothing, SA_NODEFER);
  raise(SIGUSR2);
}

static void expect_one_turn(void) {
  turns = 0;
  tick_here();
  expect_int(turns, 1);
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_keep_an_lwp_from_being_moved) {
  start();
  leave_remains();
  on_remains(expect_one_turn);
}

static void expect_one_turn_on_remains(void* parm) {
  PRE_PreemptMe();
  LWP_DispatchProcess();
  leave_remains();
  on_remains(expect_one_turn);
  note("%s", (const char*)parm);
  for (;;) LWP_DispatchProcess();
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_matter_to_lwps_from_before_preemption) {
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  expect_int(LWP_CreateProcess(expect_one_turn_on_remains, 1 << 18, 2, "moved", "lwp", NULL),
             LWP_SUCCESS);
  slices_by_hand();
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("moved");
}

static void wait_and_expect_one_turn_on_remains(void* parm) {
  LWP_DispatchProcess();
  leave_remains();
  on_remains(expect_one_turn);
  note("%s", (const char*)parm);
  for (;;) LWP_DispatchProcess();
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_matter_to_lwps_preemptible_from_birth) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  wanted.flags = LWPX_PREEMPTIBLE;
  wanted.stack_size = 1 << 18;
  expect_int(LWPX_CreateProcess(&wanted, wait_and_expect_one_turn_on_remains, "moved", NULL),
             LWP_SUCCESS);
  LWP_DispatchProcess();
  slices_by_hand();
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("moved");
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_matter_to_who_has_jumped_out_before) {
  start();
  handle(SIGUSR1, jump_out, SA_NODEFER);
  if (sigsetjmp(out, 1) == 0) raise(SIGUSR1);
  expect_one_turn();
  leave_remains();
  on_remains(expect_one_turn);
}

static void owe_and_pay(void) {
  turns = 0;
  PRE_BeginCritical();
  tick_in_libc();
  PRE_EndCritical();
  expect_int(turns, 1);
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_matter_to_who_has_paid_before) {
  start();
  handle(SIGUSR1, jump_out, SA_NODEFER);
  if (sigsetjmp(out, 1) == 0) raise(SIGUSR1);
  owe_and_pay();
  leave_remains();
  on_remains(expect_one_turn);
}

/* A mask for good is no handler's, whatever lies on the stack. */
static void expect_a_turn_soon(void) {
  int i;
  turns = 0;
  for (i = 0; i < kManyTicks && turns == 0; ++i) tick_here();
  expect_int(turns, 1);
}

CASE_OF_OPEN_HANDLERS(remains_of_a_handler_do_not_matter_to_a_mask_that_stays) {
  sigset_t set;
  start();
  leave_remains();
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  on_remains(expect_a_turn_soon);
}

#if defined(__x86_64__)

CASE(who_has_reset_the_floating_point_unit_is_moved_by_the_next_tick) {
  int i;
  start();
  for (i = 0; i < 3; ++i) {
    __asm__ __volatile__("fninit");
    turns = 0;
    tick_here();
    expect_int(turns, 1);
    PRE_BeginCritical();
    __asm__ __volatile__("fninit");
    tick_in_libc();
    PRE_EndCritical();
    expect_int(turns, 2);
  }
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tick_in_a_handler_that_blocks_nothing_does_not_move),
    cmocka_unit_test(section_in_a_handler_that_blocks_nothing_does_not_end_in_a_switch),
    cmocka_unit_test(long_handler_that_blocks_nothing_is_not_torn_apart),
    cmocka_unit_test(handlers_on_top_of_each_other_are_not_torn_apart),
    cmocka_unit_test(an_alternate_stack_that_is_not_used_makes_no_difference),
    cmocka_unit_test(an_alternate_stack_that_disarms_itself_makes_no_difference),
    cmocka_unit_test(an_lwp_from_before_preemption_is_told_from_its_handlers),
    cmocka_unit_test(a_handler_that_yields_stays_one),
    cmocka_unit_test(forced_ticks_move_no_handler_that_blocks_nothing),
    cmocka_unit_test(who_has_jumped_out_of_a_handler_is_moved_by_the_next_tick),
    cmocka_unit_test(remains_of_a_handler_do_not_keep_an_lwp_from_being_moved),
    cmocka_unit_test(remains_of_a_handler_do_not_matter_to_lwps_from_before_preemption),
    cmocka_unit_test(remains_of_a_handler_do_not_matter_to_lwps_preemptible_from_birth),
    cmocka_unit_test(remains_of_a_handler_do_not_matter_to_who_has_jumped_out_before),
    cmocka_unit_test(remains_of_a_handler_do_not_matter_to_who_has_paid_before),
    cmocka_unit_test(remains_of_a_handler_do_not_matter_to_a_mask_that_stays),
#if defined(__x86_64__)
    cmocka_unit_test(who_has_reset_the_floating_point_unit_is_moved_by_the_next_tick),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
