/* SPDX-License-Identifier: MIT */
/* Two dialects in one program: this file speaks Coda's, dialects_together_afs3.c that of AFS-3. */
#include <lwp/lock.h>
#include <lwp/lwp.h>

#include "child_case.h"
#include "dialects_together.h"
#include "lwp_case.h"

CASE(each_file_has_its_own_constants_and_locks) {
  expect_int(LWP_NORMAL_PRIORITY, 3);
  expect_int(afs3_normal_priority(), 2);
  expect_int(sizeof(struct Lock), 2 * sizeof(void*));
  expect_int(afs3_size_of_lock(), 4);
}

static void take_and_note(void* parm) {
  (void)parm;
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("coda");
}

/* The same LWPs, whoever created them, but each call keeps its dialect's way. */
CASE(credits_are_kept_by_coda_and_forgotten_by_afs3) {
  PROCESS self = host(3), coda;
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS); /* does not wait: has a credit */
  expect_int(afs3_qsignal(self), LWP_ENOWAIT);
  coda = spawn("coda", 3, take_and_note, NULL);
  expect_int(afs3_qsignal(coda), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("coda");
  expect_int(LWP_QSignal(self), LWP_ENOWAIT);
  afs3_signal_me_later(self);
  expect_int(afs3_qwait(), LWP_SUCCESS); /* waits all the same */
  expect_transcript("afs3");
}

CASE(destroying_another_yields_in_afs3_only) {
  PROCESS victim;
  host(3);
  victim = spawn("victim", 3, take_and_note, NULL);
  spawn("B", 3, note_and_yield, NULL);
  expect_transcript("B");
  expect_int(LWP_DestroyProcess(victim), LWP_SUCCESS);
  expect_transcript("");
  victim = afs3_spawn_waiter();
  expect_transcript("B");
  expect_int(afs3_destroy(victim), LWP_SUCCESS);
  expect_transcript("B");
  expect_int(afs3_destroy(victim), LWP_EBADPID);
}

CASE(either_may_start_and_the_other_joins) {
  PROCESS self = NULL;
  expect_int(afs3_host(1), LWP_SUCCESS);
  expect_int(LWP_Init(LWP_VERSION, 3, &self), LWP_SUCCESS);
  expect(self == NULL);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect(strcmp(LWP_Name(), "Main Process [created by LWP]") == 0);
}

static void wait_in_coda(void) {
  host(3);
  afs3_wait_for_ever();
}

static void wait_in_afs3(void) {
  afs3_host(3);
  LWP_WaitProcess("an event");
}

/* It belongs to the runtime, not to the call that happens to be the last. */
static void deadlock_ends_the_way_of_who_started(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(wait_in_coda, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  child_case_observe(wait_in_afs3, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_file_has_its_own_constants_and_locks),
      cmocka_unit_test(credits_are_kept_by_coda_and_forgotten_by_afs3),
      cmocka_unit_test(destroying_another_yields_in_afs3_only),
      cmocka_unit_test(either_may_start_and_the_other_joins),
      cmocka_unit_test(deadlock_ends_the_way_of_who_started),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
