/* SPDX-License-Identifier: MIT */
/* test_events.c - waiting for events and signalling them. */
#include <stdio.h>
#include <stdlib.h>

#include "lwp_case.h"

static char e[256];

/* An LWP that waits for `wcount` of the list. */
struct wait {
  int wcount;
  const void** list;
};

static void mwait_and_note(void* parm) {
  const struct wait* const wait = parm;
  expect_int(LWP_MwaitProcess(wait->wcount, wait->list), LWP_SUCCESS);
  note("%s", LWP_Name());
}

CASE(wait_refuses_null) {
  host(1);
  spawn("B", 1, note_and_yield, NULL);
  expect_int(LWP_WaitProcess(NULL), LWP_EBADEVENT);
  note("main");
  expect_transcript("B main"); /* without yielding */
}

CASE(mwait_refuses_counts_that_make_no_sense_without_yielding) {
  const void* empty[] = {NULL};
  const void* two[] = {&e[0], &e[1], NULL};
  host(1);
  spawn("B", 1, note_and_yield, NULL);
  expect_int(LWP_MwaitProcess(1, NULL), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(0, NULL), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(0, empty), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(3, two), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(-1, two), LWP_EBADCOUNT);
  note("main");
  expect_transcript("B main");
}

CASE(signal_codes) {
  host(1);
  expect_int(LWP_SignalProcess(NULL), LWP_EBADEVENT);
  expect_int(LWP_NoYieldSignal(NULL), LWP_EBADEVENT);
  expect_int(LWP_SignalProcess(&e[0]), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&e[0]), LWP_ENOWAIT);
  spawn("W", 1, wait_and_note, &e[0]);
  expect_int(LWP_NoYieldSignal(&e[1]), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&e[0]), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&e[0]), LWP_ENOWAIT);
}

CASE(any_yield_but_zero_yields) {
  host(1);
  spawn("B", 1, note_and_yield, NULL);
  LWP_INTERNALSIGNAL(&e[0], -1);
  LWP_INTERNALSIGNAL(&e[0], 256);
  LWP_INTERNALSIGNAL(&e[0], 0);
  expect_transcript("B B B");
}

CASE(signals_are_not_remembered) {
  host(1);
  expect_int(LWP_SignalProcess(&e[0]), LWP_ENOWAIT);
  spawn("W", 1, wait_and_note, &e[0]);
  LWP_DispatchProcess();
  expect_transcript("");
}

CASE(signal_wakes_all_waiters_in_the_order_in_which_they_came) {
  host(1);
  spawn("1", 1, wait_and_note, &e[0]);
  spawn("2", 1, wait_and_note, &e[0]);
  spawn("x", 1, wait_and_note, &e[1]);
  spawn("3", 1, wait_and_note, &e[0]);
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  note("main");
  expect_transcript("1 2 3 main");
  expect_int(LWP_SignalProcess(&e[1]), LWP_SUCCESS);
  expect_transcript("x");
}

CASE(the_awakened_run_by_priority_first) {
  host(1);
  spawn("1a", 1, wait_and_note, &e[0]);
  spawn("3a", 3, wait_and_note, &e[0]);
  spawn("1b", 1, wait_and_note, &e[0]);
  spawn("3b", 3, wait_and_note, &e[0]);
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("3a 3b 1a 1b");
}

static void wake_main(void* parm) { expect_int(LWP_SignalProcess(parm), LWP_SUCCESS); }

CASE(an_event_is_its_address_and_nothing_is_stored_there) {
  host(1);
  spawn("W", 1, wait_and_note, (void*)1);
  spawn("V", 1, wait_and_note, (void*)(~(uintptr_t)0));
  expect_int(LWP_SignalProcess((void*)2), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess((void*)1), LWP_SUCCESS);
  expect_int(LWP_SignalProcess((void*)(~(uintptr_t)0)), LWP_SUCCESS);
  expect_transcript("W V");
}

CASE(main_waits_like_any_other) {
  host(1);
  spawn("S", 0, wake_main, &e[3]);
  expect_int(LWP_WaitProcess(&e[3]), LWP_SUCCESS);
}

CASE(mwait_for_some_of_many) {
  const void* list[] = {&e[0], &e[1], &e[2], NULL};
  struct wait wait = {2, list};
  host(1);
  spawn("W", 1, mwait_and_note, &wait);
  expect_int(LWP_SignalProcess(&e[2]), LWP_SUCCESS); /* counts, though it wakes nobody */
  expect_transcript("");
  expect_int(LWP_SignalProcess(&e[2]), LWP_ENOWAIT); /* each place counts once */
  expect_transcript("");
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("W");
  expect_int(LWP_SignalProcess(&e[1]), LWP_ENOWAIT); /* the rest of the list is forgotten */
}

CASE(mwait_for_all) {
  const void* list[] = {&e[0], &e[1], NULL};
  struct wait wait = {2, list};
  host(1);
  spawn("W", 1, mwait_and_note, &wait);
  expect_int(LWP_SignalProcess(&e[1]), LWP_SUCCESS);
  expect_transcript("");
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("W");
}

CASE(an_event_that_stands_twice_counts_twice) {
  const void* list[] = {&e[0], &e[0], NULL};
  struct wait two = {2, list};
  struct wait one = {1, list};
  host(1);
  spawn("2", 1, mwait_and_note, &two);
  spawn("1", 1, mwait_and_note, &one);
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("2 1");
  expect_int(LWP_SignalProcess(&e[0]), LWP_ENOWAIT);
}

CASE(the_list_is_copied) {
  const void* list[] = {&e[0], NULL};
  const void* two[] = {&e[1], &e[2], NULL};
  struct wait wait_one = {1, list};
  struct wait wait_two = {2, two};
  host(1);
  spawn("1", 1, mwait_and_note, &wait_one);
  spawn("2", 1, mwait_and_note, &wait_two);
  list[0] = two[0] = two[1] = &e[7];
  expect_int(LWP_SignalProcess(&e[7]), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&e[1]), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&e[2]), LWP_SUCCESS);
  expect_transcript("1 2");
}

CASE(lists_may_be_long) {
  const void* list[200];
  struct wait wait = {199, list};
  int i;
  for (i = 0; i < 199; ++i) list[i] = &e[i];
  list[199] = NULL;
  host(1);
  spawn("W", 1, mwait_and_note, &wait);
  for (i = 198; i > 0; --i) expect_int(LWP_NoYieldSignal(&e[i]), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("W");
}

static void wait_for_longer_and_longer_lists(void* parm) {
  const void* list[130];
  int length;
  (void)parm;
  for (length = 1; length < 130; ++length) {
    list[length - 1] = &e[length - 1];
    list[length] = NULL;
    expect_int(LWP_MwaitProcess(1, list), LWP_SUCCESS);
  }
  note("done");
}

CASE(one_lwp_waits_for_longer_and_longer_lists) {
  int length;
  host(1);
  spawn("W", 1, wait_for_longer_and_longer_lists, NULL);
  for (length = 1; length < 130; ++length) {
    expect_int(LWP_SignalProcess(&e[length - 1]), LWP_SUCCESS);
  }
  expect_transcript("done");
}

/* Wakes in the middle of the list of waiters of an event, with other waits in the same list. */
CASE(a_signal_that_ends_one_wait_and_advances_another_does_both) {
  const void* both[] = {&e[0], &e[1], NULL};
  struct wait one = {1, both};
  struct wait two = {2, both};
  host(1);
  spawn("1a", 1, mwait_and_note, &one);
  spawn("2a", 1, mwait_and_note, &two);
  spawn("1b", 1, mwait_and_note, &one);
  spawn("2b", 1, mwait_and_note, &two);
  expect_int(LWP_SignalProcess(&e[1]), LWP_SUCCESS);
  expect_transcript("1a 1b");
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("2a 2b");
}

static void wait_again_and_again(void* event) {
  for (;;) {
    LWP_WaitProcess(event);
    note("%s", LWP_Name());
  }
}

CASE(who_waits_again_goes_to_the_end) {
  host(1);
  spawn("1", 1, wait_again_and_again, &e[0]);
  spawn("2", 1, wait_again_and_again, &e[0]);
  LWP_SignalProcess(&e[0]);
  spawn("3", 1, wait_again_and_again, &e[0]);
  LWP_SignalProcess(&e[0]);
  expect_transcript("1 2 1 2 3");
}

CASE(an_lwp_above_wakes_and_signals_before_its_signaller_goes_on) {
  const void* list[] = {&e[4], NULL};
  struct wait wait = {1, list};
  host(1);
  spawn("M", 2, mwait_and_note, &wait);
  spawn("H", 3, wait_and_note, &e[5]);
  expect_int(LWP_NoYieldSignal(&e[4]), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&e[5]), LWP_SUCCESS);
  expect_transcript("");
  LWP_DispatchProcess();
  expect_transcript("H M");
}

CASE(thousands_wait_for_one_event_and_for_their_own) {
  enum { kWaiters = 3000 };
  static char own[kWaiters];
  int i;
  host(1);
  for (i = 0; i < kWaiters; ++i) {
    static const void* lists[kWaiters][3];
    static struct wait waits[kWaiters];
    lists[i][0] = &own[i];
    lists[i][1] = &e[0];
    waits[i].wcount = 2;
    waits[i].list = lists[i];
    spawn("w", 1, mwait_and_note, &waits[i]);
  }
  expect_int(LWP_SignalProcess(&e[0]), LWP_SUCCESS);
  expect_transcript("");
  for (i = kWaiters - 1; i >= 0; --i) {
    expect_int(LWP_SignalProcess(&own[i]), LWP_SUCCESS);
    expect_transcript("w");
  }
}

/* So many, here and there, that some must share a place of any table. */
CASE(a_signal_finds_who_waits_among_hundreds_that_wait_for_others) {
  enum { kEvents = 200, kStep = 77 }; /* without a common divisor */
  static char memory[kEvents][1000];
  char* own[kEvents];
  static char names[kEvents][2][8];
  int i;
  srand(1);
  for (i = 0; i < kEvents; ++i) own[i] = &memory[i][rand() % 1000];
  host(1);
  for (i = 0; i < 2 * kEvents; ++i) {
    const int event = i % kEvents;
    char* const name = names[event][i / kEvents];
    sprintf(name, "%d%c", event, "ab"[i / kEvents]);
    if (i < kEvents || event % 3 == 0) spawn(name, 1, wait_and_note, own[event]);
  }
  for (i = 0; i < kEvents; ++i) {
    const int event = i * kStep % kEvents;
    char both[16];
    sprintf(both, event % 3 == 0 ? "%da %db" : "%da", event, event);
    expect_int(LWP_NoYieldSignal(own[event]), LWP_SUCCESS);
    expect_int(LWP_NoYieldSignal(own[event]), LWP_ENOWAIT);
    LWP_DispatchProcess();
    expect_transcript(both);
  }
}

#ifdef LWP_LWP_H

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        without_memory_a_long_list_is_refused_and_a_single_event_is_not) {
  const void* list[] = {&e[0], &e[1], NULL};
  const void* one[] = {&e[2], NULL};
  host(2);
  spawn("B", 2, note_and_yield, NULL);
  expect_transcript("B");
  exhaust_memory();
  expect_int(LWP_MwaitProcess(1, list), LWP_ENOMEM);
  note("main");
  expect_transcript("main"); /* without yielding */
  expect_int(LWP_NoYieldSignal(&e[0]), LWP_ENOWAIT);
  expect_int(LWP_MwaitProcess(0, list), LWP_SUCCESS);
  spawn("1", 3, wait_and_note, &e[4]);
  expect_int(LWP_SignalProcess(&e[4]), LWP_SUCCESS);
  expect_int(LWP_MwaitProcess(0, one), LWP_SUCCESS);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wait_refuses_null),
      cmocka_unit_test(mwait_refuses_counts_that_make_no_sense_without_yielding),
      cmocka_unit_test(signal_codes),
      cmocka_unit_test(any_yield_but_zero_yields),
      cmocka_unit_test(signals_are_not_remembered),
      cmocka_unit_test(signal_wakes_all_waiters_in_the_order_in_which_they_came),
      cmocka_unit_test(the_awakened_run_by_priority_first),
      cmocka_unit_test(an_event_is_its_address_and_nothing_is_stored_there),
      cmocka_unit_test(main_waits_like_any_other),
      cmocka_unit_test(mwait_for_some_of_many),
      cmocka_unit_test(mwait_for_all),
      cmocka_unit_test(an_event_that_stands_twice_counts_twice),
      cmocka_unit_test(the_list_is_copied),
      cmocka_unit_test(lists_may_be_long),
      cmocka_unit_test(one_lwp_waits_for_longer_and_longer_lists),
      cmocka_unit_test(a_signal_that_ends_one_wait_and_advances_another_does_both),
      cmocka_unit_test(who_waits_again_goes_to_the_end),
      cmocka_unit_test(an_lwp_above_wakes_and_signals_before_its_signaller_goes_on),
      cmocka_unit_test(thousands_wait_for_one_event_and_for_their_own),
      cmocka_unit_test(a_signal_finds_who_waits_among_hundreds_that_wait_for_others),
#ifdef LWP_LWP_H
      cmocka_unit_test(without_memory_a_long_list_is_refused_and_a_single_event_is_not),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
