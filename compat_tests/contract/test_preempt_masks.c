/* SPDX-License-Identifier: MIT */
/* test_preempt_masks.c - ticks beside signal masks that the program changes. */
#include <lwp/lwp.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

static void change_mask(int how, int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  sigprocmask(how, &set, NULL);
}

static int is_blocked(int signo) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, NULL, &set);
  return sigismember(&set, signo);
}

CASE(blocked_alarm_holds_ticks_off) {
  start();
  change_mask(SIG_BLOCK, SIGALRM);
  tick_here();
  work(1000);
  expect_int(turns, 0);
  change_mask(SIG_UNBLOCK, SIGALRM); /* the tick finds sigprocmask */
  tick_here();
  expect_int(turns, 1);
}

CASE(mask_from_before_the_slices_holds_no_tick_off) {
  LWP_Init(LWP_VERSION, 2, NULL);
  change_mask(SIG_BLOCK, SIGUSR2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
  tick_here();
  expect_int(turns, 1);
}

/* One tick more, and a mask that stays is the program's. */
static void expect_fifteen_ticks_held_off_by_a_mask(void) {
  int i;
  change_mask(SIG_BLOCK, SIGUSR2);
  for (i = 0; i < 15; ++i) tick_here();
  expect_int(turns, 0);
  change_mask(SIG_UNBLOCK, SIGUSR2);
}

CASE(ticks_that_met_a_mask_do_not_count_when_slices_begin_anew) {
  start();
  expect_fifteen_ticks_held_off_by_a_mask();
  slices_by_hand();
  expect_fifteen_ticks_held_off_by_a_mask();
}

static void expect_other_blocked_and_block_one_more(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  expect(is_blocked(SIGUSR2));
  change_mask(SIG_BLOCK, SIGWINCH);
  note("other");
  for (;;) LWP_DispatchProcess();
}

CASE(mask_changed_by_one_lwp_stays_for_all) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(50);
  PRE_PreemptMe();
  change_mask(SIG_BLOCK, SIGUSR2);
  start_lwp(expect_other_blocked_and_block_one_more, 2, NULL);
  expect_transcript("other");
  expect(is_blocked(SIGUSR2));
  expect(is_blocked(SIGWINCH));
}

static volatile int told;

static void change_mask_when_told(void* parm) {
  (void)parm;
  for (;;) {
    told = 1;
    change_mask(SIG_BLOCK, SIGWINCH);
    LWP_DispatchProcess();
    told = 2;
    change_mask(SIG_UNBLOCK, SIGWINCH);
    LWP_DispatchProcess();
  }
}

/* Valgrind resumes with the mask that it has saved itself. */
#define CASE_OF_ADOPTED_MASKS(name)                                               \
  CASE_IF(TELLS_HANDLERS && !under_valgrind(),                                    \
          TELLS_HANDLERS ? "Valgrind does not look at the mask in a signal frame" \
                         : "a mask may be that of a handler here",                \
          name)

CASE_OF_ADOPTED_MASKS(mask_changed_while_an_lwp_was_preempted_is_not_undone) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(change_mask_when_told, 2, NULL);
  expect_int(told, 1);
  expect_int(is_blocked(SIGWINCH), 1);
  /* A mask that no dispatch has shown to the library is at first taken for a handler's. */
  while (told == 1) tick_here();
  expect_int(is_blocked(SIGWINCH), 0);
  tick_here();
  expect_int(told, 1);
  expect_int(is_blocked(SIGWINCH), 1);
  tick_here();
  expect_int(told, 2);
  expect_int(is_blocked(SIGWINCH), 0);
}

static void change_mask_between_ticks(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  tick_here();
  change_mask(SIG_BLOCK, SIGWINCH);
  for (;;) tick_here();
}

CASE_OF_ADOPTED_MASKS(mask_goes_from_one_preempted_lwp_to_the_next) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(change_mask_between_ticks, 2, NULL);
  tick_here(); /* lets the other go on from its tick, and it comes back by a tick */
  expect_int(is_blocked(SIGWINCH), 1);
}

static void expect_open_to_ticks(void* parm) {
  (void)parm;
  expect_int(is_blocked(SIGALRM), 0);
  expect_int(is_blocked(SIGUSR1), 0);
  note("open");
  LWP_DestroyProcess(LWP_ThisProcess());
}

/* Those that tick_for_ever wait in handlers, where signals are blocked; who is started after them
 * begins by the tick of the last. */
CASE(lwp_that_runs_after_a_tick_is_open_to_signals) {
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(tick_for_ever, 2, (void*)&turns);
  start_lwp(tick_for_ever, 2, (void*)&turns);
  for (i = 0; i < 5; ++i) tick_here();
  expect(turns >= 10);
  start_lwp(expect_open_to_ticks, 2, NULL);
  expect_transcript("open");
  expect_int(is_blocked(SIGALRM), 0);
  LWP_DispatchProcess(); /* to one that a tick has suspended */
  expect_int(is_blocked(SIGALRM), 0);
}

CASE(lwp_in_the_place_of_a_preempted_one_is_open_to_signals) {
  PROCESS pid;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(tick_for_ever, 2, (void*)&turns);
  pid = start_lwp(tick_for_ever, 2, (void*)&turns);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  start_lwp(expect_open_to_ticks, 2, NULL);
  expect_transcript("open");
}

CASE_IF(TELLS_HANDLERS, "a mask may be that of a handler here",
        mask_that_stays_does_not_end_preemption) {
  volatile long rounds;
  start();
  slices_of(1000);
  change_mask(SIG_BLOCK, SIGUSR2);
  for (rounds = 0; turns == 0; ++rounds) {
  }
  expect(is_blocked(SIGUSR2));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocked_alarm_holds_ticks_off),
      cmocka_unit_test(mask_from_before_the_slices_holds_no_tick_off),
      cmocka_unit_test(ticks_that_met_a_mask_do_not_count_when_slices_begin_anew),
      cmocka_unit_test(mask_changed_by_one_lwp_stays_for_all),
      cmocka_unit_test(mask_changed_while_an_lwp_was_preempted_is_not_undone),
      cmocka_unit_test(mask_goes_from_one_preempted_lwp_to_the_next),
      cmocka_unit_test(lwp_that_runs_after_a_tick_is_open_to_signals),
      cmocka_unit_test(lwp_in_the_place_of_a_preempted_one_is_open_to_signals),
      cmocka_unit_test(mask_that_stays_does_not_end_preemption),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
