/* SPDX-License-Identifier: MIT */
/* test_init.c - becoming a host of LWPs, and what every call says before that. */
#include <string.h>

#include "lwp_case.h"

static char event;
static void never(void* parm) { (void)parm; }

CASE(init_stores_handle_of_caller) {
  PROCESS pid = NULL;
  expect_int(LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, &pid), LWP_SUCCESS);
  expect(pid != NULL);
  expect(pid == LWP_ThisProcess());
  expect(strcmp(LWP_Name(), "Main Process") == 0);
  expect_int(LWP_Index(), 0);
}

CASE(init_accepts_a_null_pid) {
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect(LWP_ThisProcess() != NULL);
}

CASE(init_gives_the_caller_the_priority_asked_for) {
  int wanted;
  for (wanted = 0; wanted <= LWP_MAX_PRIORITY; ++wanted) {
    int priority = -1;
    PROCESS self = host(wanted);
    expect_int(LWP_GetProcessPriority(self, &priority), LWP_SUCCESS);
    expect_int(priority, wanted);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
}

CASE(init_again_succeeds_checks_nothing_and_stores_nothing) {
  PROCESS pid = NULL;
  int priority;
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect_int(LWP_Init(LWP_VERSION, 77, &pid), LWP_SUCCESS);
  expect(pid == NULL);
  LWP_GetProcessPriority(LWP_ThisProcess(), &priority);
  expect_int(priority, 1);
}

CASE(init_refuses_priorities_out_of_range_and_stays_uninitialised) {
  PROCESS pid;
  expect_int(LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY + 1, NULL), LWP_EBADPRI);
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
#ifdef LWP_LWP_H /* Coda writes before its array. */
  expect_int(LWP_Init(LWP_VERSION, -1, NULL), LWP_EBADPRI);
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
#endif
  expect_int(LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, NULL), LWP_SUCCESS);
}

static void init_with_other_version(void) { LWP_Init(LWP_VERSION + 40, 77, NULL); }

static void init_with_other_version_when_initialised(void) {
  LWP_Init(LWP_VERSION, 1, NULL);
  LWP_Init(0, 1, NULL);
}

static void init_with_other_version_ends_the_process(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(init_with_other_version, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.err, "**** FATAL ERROR: LWP VERSION MISMATCH ****\n");
  child_case_observe(init_with_other_version_when_initialised, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.err, "**** FATAL ERROR: LWP VERSION MISMATCH ****\n");
}

#ifdef LWP_LWP_H
CASE(init_accepts_the_versions_of_older_and_threaded_headers) {
  const int versions[] = {210888001, 210888002, 210888003};
  unsigned i;
  for (i = 0; i < 3; ++i) {
    expect_int(LWP_Init(versions[i], 1, NULL), LWP_SUCCESS);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
}
#endif

CASE(before_init_every_call_says_so) {
  int number;
  PROCESS pid;
  expect_int(LWP_TerminateProcessSupport(), LWP_EINIT);
  expect_int(LWP_CreateProcess(never, 0, 99, NULL, "X", &pid), LWP_EINIT);
  expect_int(LWP_DestroyProcess(NULL), LWP_EINIT);
  expect_int(LWP_DispatchProcess(), LWP_EINIT);
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
  expect(pid == NULL);
  expect(LWP_ThisProcess() == NULL);
  expect_int(LWP_GetProcessPriority(NULL, &number), LWP_EINIT);
  expect_int(LWP_WaitProcess(&event), LWP_EINIT);
  expect_int(LWP_SignalProcess(&event), LWP_EINIT);
  expect_int(LWP_NoYieldSignal(&event), LWP_EINIT);
  expect_int(LWP_HighestIndex(), -1);
}

CASE(before_init_bad_events_win_in_wait_but_not_in_signal) {
  const void* empty[] = {NULL};
  const void* one[] = {&event, NULL};
  expect_int(LWP_WaitProcess(NULL), LWP_EBADEVENT);
  expect_int(LWP_MwaitProcess(1, NULL), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(1, empty), LWP_EBADCOUNT);
  expect_int(LWP_MwaitProcess(2, one), LWP_EINIT);
  expect_int(LWP_MwaitProcess(-1, one), LWP_EINIT);
  expect_int(LWP_SignalProcess(NULL), LWP_EINIT);
  expect_int(LWP_NoYieldSignal(NULL), LWP_EINIT);
}

#ifdef LWP_LWP_H /* These crash in Coda. */
CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        init_without_memory_says_so_and_stays_uninitialised) {
  exhaust_memory();
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_ENOMEM);
  expect_int(LWP_DispatchProcess(), LWP_EINIT);
}

CASE(before_init_calls_about_the_caller_say_so_too) {
  int max, used;
  char* value;
  expect_int(LWP_QWait(), LWP_EINIT);
  expect_int(LWP_QSignal(NULL), LWP_EINIT);
  expect_int(LWP_NewRock(1, NULL), LWP_EINIT);
  expect_int(LWP_GetRock(1, &value), LWP_EINIT);
  expect(strcmp(LWP_Name(), "") == 0);
  expect_int(LWP_Index(), LWP_EINIT);
  expect_int(LWP_StackUsed(NULL, &max, &used), LWP_EINIT);
  LWP_ProtectStacks();
  LWP_UnProtectStacks();
}

CASE(current_process_refuses_a_null_pointer) {
  host(1);
  expect_int(LWP_CurrentProcess(NULL), LWP_EBADPID);
}
#endif

CASE(completion_codes_have_their_historical_numbers) {
  const int codes[] = {LWP_SUCCESS,   LWP_EBADPID, LWP_EBLOCKED,   LWP_EINIT,   LWP_EMAXPROC,
                       LWP_ENOBLOCK,  LWP_ENOMEM,  LWP_ENOPROCESS, LWP_ENOWAIT, LWP_EBADCOUNT,
                       LWP_EBADEVENT, LWP_EBADPRI, LWP_NO_STACK,   LWP_EBADSIG, LWP_ESYSTEM,
                       LWP_ENOROCKS,  LWP_EBADROCK};
  int i;
  for (i = 0; i < (int)(sizeof codes / sizeof codes[0]); ++i) expect_int(codes[i], -i);
  expect_int(LWP_VERSION, 210888002);
  expect_int(LWP_MAX_PRIORITY, 4);
  expect_int(LWP_NORMAL_PRIORITY, 3);
  expect_int(LWP_SOQUIET, 1);
  expect_int(LWP_SOABORT, 2);
  expect_int(LWP_SOMESSAGE, 3);
}

CASE(variables_begin_with_their_historical_values) {
  expect_int(lwp_debug, 0);
  expect_int(lwp_overflowAction, LWP_SOABORT);
  expect_int(lwp_stackUseEnabled, 1);
  expect_int(cont_sw_threshold.tv_sec | cont_sw_threshold.tv_usec, 0);
  expect_int(run_wait_threshold.tv_sec | run_wait_threshold.tv_usec, 0);
  expect_int(last_context_switch.tv_sec | last_context_switch.tv_usec, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_stores_handle_of_caller),
      cmocka_unit_test(init_accepts_a_null_pid),
      cmocka_unit_test(init_gives_the_caller_the_priority_asked_for),
      cmocka_unit_test(init_again_succeeds_checks_nothing_and_stores_nothing),
      cmocka_unit_test(init_refuses_priorities_out_of_range_and_stays_uninitialised),
      cmocka_unit_test(init_with_other_version_ends_the_process),
      cmocka_unit_test(before_init_every_call_says_so),
      cmocka_unit_test(before_init_bad_events_win_in_wait_but_not_in_signal),
      cmocka_unit_test(completion_codes_have_their_historical_numbers),
      cmocka_unit_test(variables_begin_with_their_historical_values),
#ifdef LWP_LWP_H
      cmocka_unit_test(init_accepts_the_versions_of_older_and_threaded_headers),
      cmocka_unit_test(init_without_memory_says_so_and_stays_uninitialised),
      cmocka_unit_test(before_init_calls_about_the_caller_say_so_too),
      cmocka_unit_test(current_process_refuses_a_null_pointer),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
