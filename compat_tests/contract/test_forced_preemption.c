/* SPDX-License-Identifier: MIT */
/* test_forced_preemption.c - ticks where a seed says: which places, and the same ones each time. */
#include <lwp/lock.h>
#include <lwp/lwp.h>
#include <preempt/testing.h>
#include <preempt/watch.h>
#include <string.h>

#include "child_case.h"
#include "counters.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(count_turns, 2, (void*)&turns);
  expect_int(turns, 1);
}

CASE(it_needs_an_initialised_library) { expect_int(PRE_ForcePreemption(1, 1), LWP_EINIT); }

CASE(every_way_out_of_the_library_is_a_tick_without_a_timer) {
  struct Lock lock;
  Lock_Init(&lock);
  start();
  PRE_PreemptMe();
  EXPECT_MOVED(expect_int(PRE_ForcePreemption(1, 1), LWP_SUCCESS));
  EXPECT_MOVED(LWP_NoYieldSignal((void*)&lock));
  EXPECT_MOVED(LWP_QSignal(LWP_ThisProcess()));
  EXPECT_MOVED(LWP_QWait());
  EXPECT_MOVED(ObtainWriteLock(&lock));
  EXPECT_MOVED(ReleaseWriteLock(&lock));
  EXPECT_MOVED((PRE_BeginCritical(), PRE_EndCritical()));
  EXPECT_MOVED(PRE_PreemptMe());
  EXPECT_NOT_MOVED(LWP_Name());
  EXPECT_NOT_MOVED(LWP_ThisProcess());
}

/* By its own will, and then by the tick at its end. */
CASE(a_yield_that_ends_in_a_tick_yields_twice) {
  start();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 1);
  turns = 0;
  LWP_DispatchProcess();
  expect_int(turns, 2);
}

CASE(lwps_at_other_levels_stay_and_pay_later) {
  start();
  expect_int(PRE_ForcePreemption(1, 1), LWP_SUCCESS);
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_MOVED(PRE_PreemptMe());
  PRE_BeginCritical();
  PRE_BeginCritical();
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_NOT_MOVED(PRE_EndCritical());
  EXPECT_MOVED(PRE_EndCritical());
  PRE_EndCritical();
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
}

CASE(none_come_after_the_end) {
  long i;
  start();
  PRE_PreemptMe();
  expect_int(PRE_ForcePreemption(1, 1), LWP_SUCCESS);
  expect_int(PRE_ForcePreemption(1, 0), LWP_SUCCESS);
  for (i = 0; i < 100; ++i) {
    EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
    EXPECT_NOT_MOVED((PRE_BeginCritical(), PRE_EndCritical()));
    LWP_DispatchProcess();
  }
}

CASE(none_come_after_the_library_has_ended) {
  start();
  PRE_PreemptMe();
  expect_int(PRE_ForcePreemption(1, 1), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  turns = 0;
  start();
  PRE_PreemptMe();
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
}

CASE(block_vetoes_forced_ticks_too) {
  start();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 1);
  PRE_Block = 1;
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_NOT_MOVED((PRE_BeginCritical(), PRE_EndCritical()));
  PRE_Block = 0;
  EXPECT_MOVED(LWP_NoYieldSignal((void*)&turns));
}

static void call_the_library(int signo) {
  (void)signo;
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_NOT_MOVED((PRE_BeginCritical(), PRE_EndCritical()));
}

CASE(handlers_are_not_moved) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = call_the_library;
  sigaction(SIGUSR1, &action, NULL);
  start();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 1);
  raise(SIGUSR1);
  EXPECT_MOVED(LWP_NoYieldSignal((void*)&turns));
}

CASE(one_of_so_many_places_has_a_tick) {
  long i;
  start();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 10);
  turns = 0;
  for (i = 0; i < 10000; ++i) LWP_NoYieldSignal((void*)&turns);
  expect(turns > 800 && turns < 1200);
}

CASE(they_count_as_preemptions) {
  struct PRE_Counters counters;
  long i;
  start();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 1);
  for (i = 0; i < 10; ++i) LWP_NoYieldSignal((void*)&turns);
  counters = counters_of_all();
  expect_int(counters.preemptions, 11);
  expect_int(counters.ticks, 0);
}

/* --- The same seed, the same places. */

enum { kSteps = 200 };

static char history[3 * kSteps + 1];
static volatile int length;

static void write_history(void* parm) {
  int i;
  PRE_PreemptMe();
  for (i = 0; i < kSteps; ++i) {
    history[length++] = *(const char*)parm;
    LWP_NoYieldSignal(parm);
  }
}

static void record(unsigned long seed, char* ret_history) {
  length = 0;
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  PRE_ForcePreemption(seed, 3);
  PRE_BeginCritical();
  start_lwp(write_history, 1, "A");
  start_lwp(write_history, 1, "B");
  start_lwp(write_history, 1, "C");
  while (length < 3 * kSteps) LWP_DispatchProcess();
  history[length] = '\0';
  strcpy(ret_history, history);
  LWP_DispatchProcess();
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(a_seed_repeats_what_happened) { expect_seed_to_repeat(record, sizeof history); }

/* Reads, is moved at the wrong moment, and writes: what a test of a program is to find. */
static volatile long balance;

static void deposit(void* parm) {
  int i;
  PRE_PreemptMe();
  for (i = 0; i < 10; ++i) {
    const long read = balance;
    LWP_NoYieldSignal(parm);
    balance = read + 1;
  }
}

static long balance_with(unsigned long seed) {
  int i;
  balance = 0;
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  PRE_ForcePreemption(seed, 5);
  start_lwp(deposit, 1, (void*)&turns);
  start_lwp(deposit, 1, (void*)&turns);
  for (i = 0; i < 50; ++i) LWP_DispatchProcess();
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return balance;
}

CASE(a_lost_update_is_found_and_comes_back_with_its_seed) {
  unsigned long seed = 0;
  long found;
  do found = balance_with(++seed);
  while (found == 20 && seed < 100);
  expect(found < 20);
  expect_int(balance_with(seed), found);
}

/* --- Beside a timer's ticks. */

static volatile long sum;

static void add_in_sections(void* parm) {
  int i;
  PRE_PreemptMe();
  for (i = 0; i < 100000; ++i) {
    PRE_BeginCritical();
    ++sum;
    PRE_EndCritical();
  }
  ++*(volatile int*)parm;
}

CASE(both_kinds_come) {
  volatile int ended = 0;
  LWP_Init(LWP_VERSION, 1, NULL);
  slices_of(50);
  PRE_ForcePreemption(5, 7);
  start_lwp(add_in_sections, 1, (void*)&ended);
  start_lwp(add_in_sections, 1, (void*)&ended);
  while (ended < 2) LWP_DispatchProcess();
  expect_int(sum, 200000);
}

CASE(leaving_the_library_after_a_turn_by_a_tick_is_a_place_too) {
  start();
  slices_by_hand();
  PRE_PreemptMe();
  PRE_ForcePreemption(1, 1);
  turns = 0;
  tick_here();
  expect_int(turns, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_needs_an_initialised_library),
      cmocka_unit_test(every_way_out_of_the_library_is_a_tick_without_a_timer),
      cmocka_unit_test(a_yield_that_ends_in_a_tick_yields_twice),
      cmocka_unit_test(lwps_at_other_levels_stay_and_pay_later),
      cmocka_unit_test(none_come_after_the_end),
      cmocka_unit_test(none_come_after_the_library_has_ended),
      cmocka_unit_test(block_vetoes_forced_ticks_too),
      cmocka_unit_test(handlers_are_not_moved),
      cmocka_unit_test(one_of_so_many_places_has_a_tick),
      cmocka_unit_test(they_count_as_preemptions),
      cmocka_unit_test(a_seed_repeats_what_happened),
      cmocka_unit_test(a_lost_update_is_found_and_comes_back_with_its_seed),
      cmocka_unit_test(both_kinds_come),
      cmocka_unit_test(leaving_the_library_after_a_turn_by_a_tick_is_a_place_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
