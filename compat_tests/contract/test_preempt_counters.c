/* SPDX-License-Identifier: MIT */
/* test_preempt_counters.c - what PRE_GetCounters tells of single ticks. */
#include <lwp/lwp.h>
#include <preempt/watch.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;
static PROCESS self;
static PROCESS other;

static void start(void) {
  expect_int(LWP_Init(LWP_VERSION, 2, &self), LWP_SUCCESS);
  slices_by_hand();
  other = start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
}

static struct PRE_Counters counters_of(PROCESS pid) {
  struct PRE_Counters counters;
  memset(&counters, 0xff, sizeof counters);
  counters.size = sizeof counters;
  expect_int(PRE_GetCounters(pid, &counters), LWP_SUCCESS);
  expect_int(counters.size, sizeof counters);
  return counters;
}

/* "ticks preemptions level vetoed code mask stack no_rival" */
static void expect_counters(PROCESS pid, const char* wanted) {
  const struct PRE_Counters all = counters_of(pid);
  note("%lu %lu %lu %lu %lu %lu %lu %lu", all.ticks, all.preemptions, all.deferred_level,
       all.deferred_vetoed, all.deferred_code, all.deferred_mask, all.deferred_stack, all.no_rival);
  expect_transcript(wanted);
}

/* Of the first LWP, and of all, as nobody else has met a tick. */
static void expect_mine(const char* wanted) {
  expect_counters(self, wanted);
  expect_counters(NULL, wanted);
  expect_counters(other, "0 0 0 0 0 0 0 0");
}

CASE(tick_that_moves_is_a_preemption) {
  start();
  expect_mine("0 0 0 0 0 0 0 0");
  tick_here();
  tick_here();
  expect_mine("2 2 0 0 0 0 0 0");
}

CASE(tick_in_a_section_is_deferred_and_then_a_preemption) {
  start();
  PRE_BeginCritical();
  tick_here();
  tick_here();
  expect_mine("2 0 2 0 0 0 0 0");
  PRE_EndCritical();
  expect_mine("2 1 2 0 0 0 0 0");
}

CASE(tick_under_the_veto_is_deferred) {
  start();
  PRE_Block = 1;
  tick_here();
  expect_mine("1 0 0 1 0 0 0 0");
  PRE_BeginCritical();
  tick_here();
  PRE_EndCritical();
  expect_mine("2 0 1 2 0 0 0 0");
}

CASE(tick_in_the_c_library_is_deferred) {
  start();
  tick_in_libc();
  expect_mine("1 0 0 0 1 0 0 0");
}

CASE(tick_under_another_mask_is_deferred) {
  sigset_t set;
  start();
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  tick_here();
  expect_mine("1 0 0 0 0 1 0 0");
}

static void with_a_tick(int signo) {
  (void)signo;
  tick_here();
}

CASE(tick_on_the_alternate_stack_is_deferred) {
  start();
  handle_on_alternate_stack(SIGUSR1, with_a_tick, 0);
  raise(SIGUSR1);
  expect_mine("1 0 0 0 0 0 1 0");
}

static void end_section(int signo) {
  (void)signo;
  PRE_EndCritical();
}

CASE(so_is_an_owed_one_that_a_handler_there_would_have_to_pay) {
  start();
  handle_on_alternate_stack(SIGUSR1, end_section, 0);
  PRE_BeginCritical();
  tick_here();
  raise(SIGUSR1);
  expect_mine("1 0 1 0 0 0 1 0");
}

CASE(tick_without_a_rival_is_none) {
  LWP_Init(LWP_VERSION, 2, &self);
  slices_by_hand();
  other = start_lwp(count_turns, 1, (void*)&turns);
  PRE_PreemptMe();
  tick_here();
  PRE_BeginCritical();
  tick_here();
  PRE_EndCritical();
  expect_mine("2 0 0 0 0 0 0 2");
}

static void one_tick(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  tick_here();
}

CASE(counters_are_of_the_lwp_that_the_tick_met) {
  start();
  other = start_lwp(one_tick, 2, NULL);
  expect_counters(other, "1 1 0 0 0 0 0 0");
  expect_counters(self, "0 0 0 0 0 0 0 0");
  tick_here();
  expect_counters(self, "1 1 0 0 0 0 0 0");
  expect_counters(NULL, "2 2 0 0 0 0 0 0");
}

static void one_tick_after_another(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) tick_here();
}

CASE(ticks_by_which_two_lwps_hand_each_other_the_processor_are_all_counted) {
  int i;
  LWP_Init(LWP_VERSION, 2, &self);
  slices_by_hand();
  other = start_lwp(one_tick_after_another, 2, NULL);
  PRE_PreemptMe();
  for (i = 0; i < 3; ++i) tick_here();
  expect_counters(self, "3 3 0 0 0 0 0 0");
  expect_counters(other, "4 4 0 0 0 0 0 0");
  expect_counters(NULL, "7 7 0 0 0 0 0 0");
}

CASE(counters_of_a_new_lwp_are_zero) {
  int i;
  LWP_Init(LWP_VERSION, 2, &self);
  slices_by_hand();
  for (i = 0; i < 3; ++i) {
    PROCESS const ended = start_lwp(one_tick, 2, NULL);
    struct PRE_Counters counters;
    counters.size = sizeof counters;
    LWP_DispatchProcess();
    expect_int(PRE_GetCounters(ended, &counters), LWP_EBADPID);
    other = start_lwp(count_turns, 2, (void*)&turns);
    expect_counters(other, "0 0 0 0 0 0 0 0");
    expect_int(LWP_DestroyProcess(other), LWP_SUCCESS);
  }
  expect_int(counters_of(NULL).preemptions, 3);
}

CASE(handler_may_ask) {
  struct sigaction action;
  start();
  memset(&action, 0, sizeof action);
  action.sa_handler = with_a_tick;
  sigaction(SIGUSR1, &action, NULL);
  PRE_BeginCritical();
  raise(SIGUSR1);
  expect_mine("1 0 1 0 0 0 0 0");
}

static void expect_refused(PROCESS pid, size_t size, int code) {
  struct PRE_Counters counters;
  struct PRE_Counters before;
  memset(&counters, 0x5a, sizeof counters);
  counters.size = size;
  before = counters;
  expect_int(PRE_GetCounters(pid, &counters), code);
  expect(memcmp(&counters, &before, sizeof counters) == 0);
}

CASE(bad_arguments_are_refused) {
  expect_refused(NULL, sizeof(struct PRE_Counters), LWP_EINIT);
  start();
  expect_refused(NULL, 0, LWP_ESYSTEM);
  expect_refused(NULL, sizeof(struct PRE_Counters) - 1, LWP_ESYSTEM);
  expect_refused((PROCESS)&turns, sizeof(struct PRE_Counters), LWP_EBADPID);
}

/* A caller that was built with a later header than the library. */
CASE(larger_structure_is_filled_as_far_as_it_is_known) {
  struct {
    struct PRE_Counters known;
    unsigned long later;
  } counters;
  start();
  tick_here();
  memset(&counters, 0, sizeof counters);
  counters.known.size = sizeof counters;
  counters.later = 42;
  expect_int(PRE_GetCounters(NULL, &counters.known), LWP_SUCCESS);
  expect_int(counters.known.size, sizeof counters);
  expect_int(counters.known.preemptions, 1);
  expect_int(counters.later, 42);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tick_that_moves_is_a_preemption),
      cmocka_unit_test(tick_in_a_section_is_deferred_and_then_a_preemption),
      cmocka_unit_test(tick_under_the_veto_is_deferred),
      cmocka_unit_test(tick_in_the_c_library_is_deferred),
      cmocka_unit_test(tick_under_another_mask_is_deferred),
      cmocka_unit_test(tick_on_the_alternate_stack_is_deferred),
      cmocka_unit_test(so_is_an_owed_one_that_a_handler_there_would_have_to_pay),
      cmocka_unit_test(tick_without_a_rival_is_none),
      cmocka_unit_test(counters_are_of_the_lwp_that_the_tick_met),
      cmocka_unit_test(ticks_by_which_two_lwps_hand_each_other_the_processor_are_all_counted),
      cmocka_unit_test(counters_of_a_new_lwp_are_zero),
      cmocka_unit_test(handler_may_ask),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(larger_structure_is_filled_as_far_as_it_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
