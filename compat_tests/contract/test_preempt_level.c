/* SPDX-License-Identifier: MIT */
/* test_preempt_level.c - which LWPs a tick moves: levels, sections, owed ticks, PRE_Block. */
#include <lwp/lwp.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  expect_int(turns, 1);
}

CASE(lwps_start_out_not_preemptible) {
  start();
  EXPECT_NOT_MOVED(tick_here());
}

CASE(preempt_me_lets_a_tick_move_the_caller) {
  start();
  PRE_PreemptMe();
  EXPECT_MOVED(tick_here());
  EXPECT_MOVED(tick_here());
}

CASE(preempt_me_pays_a_tick_from_before) {
  start();
  tick_here();
  EXPECT_MOVED(PRE_PreemptMe());
}

CASE(tick_in_the_c_library_does_not_move) {
  start();
  PRE_PreemptMe();
  EXPECT_NOT_MOVED(tick_in_libc());
}

CASE(tick_in_a_section_is_paid_at_its_end) {
  start();
  PRE_PreemptMe();
  PRE_BeginCritical();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(PRE_EndCritical());
  EXPECT_NOT_MOVED((PRE_BeginCritical(), PRE_EndCritical()));
}

CASE(many_ticks_in_a_section_are_paid_once) {
  int i;
  start();
  PRE_PreemptMe();
  PRE_BeginCritical();
  for (i = 0; i < 100; ++i) EXPECT_NOT_MOVED(tick_in_libc());
  EXPECT_MOVED(PRE_EndCritical());
}

CASE(sections_nest) {
  int i;
  start();
  PRE_PreemptMe();
  for (i = 0; i < 1000; ++i) PRE_BeginCritical();
  EXPECT_NOT_MOVED(tick_here());
  for (i = 0; i < 999; ++i) EXPECT_NOT_MOVED(PRE_EndCritical());
  EXPECT_MOVED(PRE_EndCritical());
}

CASE(functions_do_what_the_inline_forms_do) {
  void (*volatile begin)(void) = &PRE_BeginCritical;
  void (*volatile end)(void) = &PRE_EndCritical;
  start();
  PRE_PreemptMe();
  begin();
  PRE_BeginCritical();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_NOT_MOVED(end());
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(PRE_EndCritical());
  PRE_BeginCritical();
  tick_here();
  EXPECT_MOVED(end());
  EXPECT_MOVED(tick_here());
}

CASE(an_end_too_many_makes_not_preemptible) {
  start();
  PRE_PreemptMe();
  PRE_EndCritical();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_NOT_MOVED(PRE_EndCritical());
  EXPECT_NOT_MOVED(PRE_BeginCritical());
  PRE_BeginCritical();
  EXPECT_MOVED(tick_here());
}

CASE(preempt_me_in_a_section_cancels_the_nesting) {
  start();
  PRE_BeginCritical();
  PRE_BeginCritical();
  PRE_PreemptMe();
  EXPECT_MOVED(tick_here());
  PRE_EndCritical();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(PRE_PreemptMe());
}

static void preemptible(void* parm) {
  PRE_PreemptMe();
  tick_here();
  note("other%s", (const char*)parm);
  LWP_WaitProcess(parm);
}

CASE(level_belongs_to_the_lwp) {
  start();
  PRE_PreemptMe();
  PRE_BeginCritical();
  start_lwp(preemptible, 2, "1"); /* its tick comes back here */
  note("main");
  EXPECT_NOT_MOVED(tick_here());
  LWP_DispatchProcess();
  note("main");
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(PRE_EndCritical());
  expect_transcript("main other1 main");
}

CASE(library_calls_keep_the_level) {
  int i;
  start();
  for (i = 0; i < 3; ++i) {
    LWP_NoYieldSignal((void*)&turns);
    LWP_QSignal(LWP_ThisProcess());
    LWP_QWait();
    LWP_DispatchProcess();
    EXPECT_NOT_MOVED(tick_here());
    LWP_DispatchProcess();
  }
  PRE_PreemptMe();
  LWP_NoYieldSignal((void*)&turns);
  LWP_DispatchProcess();
  EXPECT_MOVED(tick_here());
}

CASE(owed_tick_is_paid_by_any_dispatch) {
  start();
  PRE_PreemptMe();
  PRE_BeginCritical();
  tick_here();
  LWP_DispatchProcess();
  EXPECT_NOT_MOVED(PRE_EndCritical());
}

CASE(block_vetoes) {
  start();
  PRE_PreemptMe();
  PRE_Block = 1;
  EXPECT_NOT_MOVED(tick_here());
  PRE_Block = 0;
  EXPECT_MOVED(tick_here());
}

CASE(block_vetoes_the_payment_of_an_owed_tick) {
  start();
  PRE_PreemptMe();
  PRE_Block = 1;
  PRE_BeginCritical();
  tick_here();
  EXPECT_NOT_MOVED(PRE_EndCritical());
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  PRE_Block = 0;
  EXPECT_MOVED(tick_here());
}

CASE(tick_without_slices_is_ignored) {
  start();
  PRE_PreemptMe();
  slices_of(0);
  EXPECT_NOT_MOVED(tick_here());
  PRE_BeginCritical();
  tick_here();
  EXPECT_NOT_MOVED(PRE_EndCritical());
  slices_by_hand();
  EXPECT_MOVED(tick_here());
}

static void note_a_turn(void* parm) {
  for (;;) {
    note("%s", (const char*)parm);
    LWP_WaitProcess(parm);
  }
}

CASE(tick_lets_equals_and_higher_run_but_never_lower) {
  char low[] = "low";
  char high[] = "high";
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(note_a_turn, 1, low);
  tick_here();
  expect_transcript("");
  start_lwp(note_a_turn, 4, high);
  start_lwp(count_turns, 2, (void*)&turns);
  expect_transcript("high");
  LWP_NoYieldSignal(high);
  expect_transcript("");
  EXPECT_MOVED(tick_here());
  expect_transcript("high");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lwps_start_out_not_preemptible),
      cmocka_unit_test(preempt_me_lets_a_tick_move_the_caller),
      cmocka_unit_test(preempt_me_pays_a_tick_from_before),
      cmocka_unit_test(tick_in_the_c_library_does_not_move),
      cmocka_unit_test(tick_in_a_section_is_paid_at_its_end),
      cmocka_unit_test(many_ticks_in_a_section_are_paid_once),
      cmocka_unit_test(sections_nest),
      cmocka_unit_test(functions_do_what_the_inline_forms_do),
      cmocka_unit_test(an_end_too_many_makes_not_preemptible),
      cmocka_unit_test(preempt_me_in_a_section_cancels_the_nesting),
      cmocka_unit_test(level_belongs_to_the_lwp),
      cmocka_unit_test(library_calls_keep_the_level),
      cmocka_unit_test(owed_tick_is_paid_by_any_dispatch),
      cmocka_unit_test(block_vetoes),
      cmocka_unit_test(block_vetoes_the_payment_of_an_owed_tick),
      cmocka_unit_test(tick_without_slices_is_ignored),
      cmocka_unit_test(tick_lets_equals_and_higher_run_but_never_lower),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
