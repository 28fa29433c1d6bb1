/* SPDX-License-Identifier: MIT */
/* The AFS-3 dialect's processes and events, where they differ from Coda's: who runs when, codes. */
#include <lwp.h>
#include <preempt.h>
#include <signal.h>
#include <string.h>

#include "afs3_case.h"

static char event;

CASE(constants_are_those_of_afs3) {
  expect_int(LWP_MAX_PRIORITY, 4);
  expect_int(LWP_NORMAL_PRIORITY, 2);
  expect_int(EVINITSIZE, 5);
  expect_int(DEFAULTSLICE, 10);
}

CASE(initialising_tells_what_was_wrong) {
  PROCESS self = NULL;
  expect_int(LWP_InitializeProcessSupport(5, &self), LWP_EBADPRI);
  expect_int(LWP_InitializeProcessSupport(-1, &self), LWP_EBADPRI);
  expect(self == NULL);
  expect_int(LWP_InitializeProcessSupport(0, NULL), LWP_SUCCESS);
  expect_int(LWP_InitializeProcessSupport(99, &self), LWP_SUCCESS);
  expect(self == NULL); /* the second time nothing is stored */
  expect_int(LWP_CurrentProcess(&self), LWP_SUCCESS);
  expect(self == LWP_ActiveProcess && self == LWP_ThreadId() && self == lwp_cpptr);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_EINIT);
}

CASE(calls_before_initialising_are_refused) {
  char* list[] = {&event, NULL};
  PROCESS pid = NULL;
  expect_int(LWP_CreateProcess(wait_and_note, 0, 2, NULL, "", &pid), LWP_EINIT);
  expect_int(LWP_DestroyProcess(pid), LWP_EINIT);
  expect_int(LWP_DispatchProcess(), LWP_EINIT);
  expect_int(LWP_MwaitProcess(1, list), LWP_EINIT);
  expect_int(LWP_MwaitProcess(1, NULL), LWP_EBADCOUNT);
  expect_int(LWP_QWait(), LWP_EINIT);
  expect_int(LWP_QSignal(pid), LWP_EINIT);
  expect_int(LWP_SignalProcess(&event), LWP_EINIT);
  expect(LWP_ThreadId() == NULL);
}

CASE(bad_handles_are_refused) {
  PROCESS gone;
  host(2);
  gone = spawn("gone", 2, wait_and_note, &event);
  expect_int(LWP_DestroyProcess(gone), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(gone), LWP_EBADPID);
  expect_int(LWP_DestroyProcess(NULL), LWP_EBADPID);
  expect_int(LWP_QSignal(gone), LWP_EBADPID);
  expect_int(LWP_QSignal(NULL), LWP_EBADPID);
}

static void* note_h_and_wait(void* unused) {
  note("H");
  LWP_WaitProcess(&event);
  return unused;
}

CASE(newcomer_of_higher_priority_runs_and_the_creator_goes_behind_its_equals) {
  host(2);
  start_b_and_c(2);
  spawn("H", 3, note_h_and_wait, NULL);
  note("main");
  expect_transcript("H B C main");
}

CASE(newcomer_of_lower_priority_does_not_run) {
  static char low[] = "L";
  host(2);
  spawn(low, 1, note_and_yield, low);
  note("main");
  expect_transcript("main");
}

static char named_event[4];

static void* wait_for_one(void* event_of_own) {
  LWP_WaitProcess(event_of_own);
  note("W%d", (int)((char*)event_of_own - named_event));
  return NULL;
}

static void* wake_all(void* unused) {
  int i;
  for (i = 0; i < 3; ++i) LWP_NoYieldSignal(&named_event[i]);
  note("H");
  return unused;
}

/* The creator keeps its place until the newcomer lets it run, and passes it only then; in Coda it
 * has passed it before, and would run before those that the newcomer woke. */
CASE(those_whom_a_higher_newcomer_wakes_run_before_the_creator) {
  static char ready[] = "R";
  int i;
  host(2);
  for (i = 0; i < 3; ++i) spawn("waiter", 2, wait_for_one, &named_event[i]);
  spawn(ready, 2, note_and_yield, ready);
  expect_transcript("R");
  spawn("H", 3, wake_all, NULL);
  note("main");
  expect_transcript("H R W0 W1 W2 main");
}

CASE(creation_with_a_bad_priority_yields) {
  PROCESS pid = NULL;
  host(2);
  start_b_and_c(2);
  expect_int(LWP_CreateProcess(wait_and_note, 0, 5, NULL, "", &pid), LWP_EBADPRI);
  expect(pid == NULL);
  note("main");
  expect_int(LWP_CreateProcess(wait_and_note, 0, -1, NULL, "", NULL), LWP_EBADPRI);
  expect_transcript("B C main B C");
}

CASE(destroying_another_yields) {
  PROCESS victim;
  host(2);
  victim = spawn("victim", 2, wait_and_note, &event);
  start_b_and_c(2);
  expect_int(LWP_DestroyProcess(victim), LWP_SUCCESS);
  note("main");
  expect_transcript("B C main");
}

CASE(bad_counts_of_events_yield) {
  char* list[] = {&event, &named_event[0], NULL};
  char* none[] = {NULL};
  host(2);
  start_b_and_c(2);
  expect_int(LWP_MwaitProcess(1, NULL), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(1, none), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(3, list), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(-1, list), LWP_EBADCOUNT);
  expect_transcript("B C B C B C B C");
  expect_int(LWP_WaitProcess(NULL), LWP_EBADEVENT);
  expect_transcript("");
  expect_int(LWP_MwaitProcess(0, list), LWP_SUCCESS);
  expect_transcript("B C");
}

CASE(signals_yield_even_if_nobody_waits) {
  host(2);
  start_b_and_c(2);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess(NULL), LWP_EBADEVENT);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  expect_transcript("B C B C");
}

CASE(qsignal_has_no_memory) {
  static char name[] = "Q";
  PROCESS self = host(2), waiter;
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  waiter = spawn(name, 2, take_signals_and_note, name);
  expect_int(LWP_QSignal(waiter), LWP_SUCCESS);
  expect_int(LWP_QSignal(waiter), LWP_ENOWAIT); /* woken already: lost */
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("Q");
  expect_int(LWP_QSignal(waiter), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("Q");
}

static PROCESS first;

static void* qsignal_first(void* unused) {
  note("%d", LWP_QSignal(first));
  return unused;
}

CASE(qwait_waits_though_it_was_signalled_before) {
  first = host(2);
  expect_int(LWP_QSignal(first), LWP_ENOWAIT);
  spawn("low", 1, qsignal_first, NULL);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("main");
  expect_transcript("0 main");
}

CASE(qsignal_wakes_nobody_who_waits_for_an_event) {
  PROCESS waiter;
  host(2);
  waiter = spawn("waiter", 2, wait_and_note, &event);
  expect_int(LWP_QSignal(waiter), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_transcript("woken");
}

CASE(stacks_have_at_least_192_kib) {
  int max = 0, used;
  PROCESS pid;
  host(2);
  pid = spawn("small", 2, wait_and_note, &event);
  LWP_StackUsed(pid, &max, &used);
  expect_int(max, AFS_LWP_MINSTACKSIZE);
  expect_int(AFS_LWP_MINSTACKSIZE, 192 * 1024);
  expect_int(LWP_CreateProcess(wait_and_note, 1 << 20, 2, &event, "large", &pid), LWP_SUCCESS);
  LWP_StackUsed(pid, &max, &used);
  expect_int(max, 1 << 20);
}

CASE(environment_raises_the_smallest_stack) {
  int max = 0, used;
  setenv("AFS_LWP_STACK_SIZE", "300000", 1);
  host(2);
  LWP_StackUsed(spawn("small", 2, wait_and_note, &event), &max, &used);
  expect_int(max, (300000 + 4095) / 4096 * 4096);
}

CASE(environment_does_not_lower_the_smallest_stack) {
  int max = 0, used;
  setenv("AFS_LWP_STACK_SIZE", "1000", 1);
  host(2);
  LWP_StackUsed(spawn("small", 2, wait_and_note, &event), &max, &used);
  expect_int(max, AFS_LWP_MINSTACKSIZE);
}

CASE(rocks_indexes_and_priorities) {
  char* value = NULL;
  int priority = -1;
  PROCESS self = host(1);
  expect_int(LWP_Index(), 0);
  spawn("other", 1, wait_and_note, &event);
  expect_int(LWP_HighestIndex(), 1);
  expect_int(lwp_nextindex, 2);
  expect_int(LWP_NewRock(7, &event), LWP_SUCCESS);
  expect_int(LWP_NewRock(7, &event), LWP_EBADROCK);
  expect_int(LWP_GetRock(7, &value), LWP_SUCCESS);
  expect(value == &event);
  expect_int(LWP_GetProcessPriority(self, &priority), LWP_SUCCESS);
  expect_int(priority, 1);
  expect_int(LWP_CreateProcess2(wait_and_note, 0, 1, &event, "second form", NULL), LWP_SUCCESS);
}

static void wait_for_ever(void) {
  host(2);
  LWP_WaitProcess(&event);
}

static void deadlock_aborts(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(wait_for_ever, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_string_equal(outcome.out,
                      "***LWP: No READY processes\n***LWP: Abort --- dumping PCBs ...\n");
  assert_non_null(strstr(outcome.err, "\"Main Process [created by LWP]\""));
}

static void* terminate(void* unused) {
  LWP_TerminateProcessSupport();
  return unused;
}

static void terminate_elsewhere(void) {
  host(2);
  spawn("wrong", 2, terminate, NULL);
}

static void terminating_from_another_lwp_aborts(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(terminate_elsewhere, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_string_equal(outcome.out,
                      "***LWP: Terminate_Process_Support invoked from wrong process!\n"
                      "***LWP: Abort --- dumping PCBs ...\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants_are_those_of_afs3),
      cmocka_unit_test(initialising_tells_what_was_wrong),
      cmocka_unit_test(calls_before_initialising_are_refused),
      cmocka_unit_test(bad_handles_are_refused),
      cmocka_unit_test(newcomer_of_higher_priority_runs_and_the_creator_goes_behind_its_equals),
      cmocka_unit_test(newcomer_of_lower_priority_does_not_run),
      cmocka_unit_test(those_whom_a_higher_newcomer_wakes_run_before_the_creator),
      cmocka_unit_test(creation_with_a_bad_priority_yields),
      cmocka_unit_test(destroying_another_yields),
      cmocka_unit_test(bad_counts_of_events_yield),
      cmocka_unit_test(signals_yield_even_if_nobody_waits),
      cmocka_unit_test(qsignal_has_no_memory),
      cmocka_unit_test(qwait_waits_though_it_was_signalled_before),
      cmocka_unit_test(qsignal_wakes_nobody_who_waits_for_an_event),
      cmocka_unit_test(stacks_have_at_least_192_kib),
      cmocka_unit_test(environment_raises_the_smallest_stack),
      cmocka_unit_test(environment_does_not_lower_the_smallest_stack),
      cmocka_unit_test(rocks_indexes_and_priorities),
      cmocka_unit_test(deadlock_aborts),
      cmocka_unit_test(terminating_from_another_lwp_aborts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
