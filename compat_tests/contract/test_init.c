/* SPDX-License-Identifier: MIT */
/* test_init.c - becoming a host of LWPs, and ceasing to be one. */
#include <lwp/lwp.h>
#include <stdlib.h>
#include <string.h>

#include "child_case.h"

CASE(init_stores_handle_of_caller) {
  PROCESS pid = NULL;
  expect_int(LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, &pid), LWP_SUCCESS);
  expect(pid != NULL);
  expect(pid == LWP_ThisProcess());
  expect(strcmp(LWP_Name(), "Main Process") == 0);
  expect_int(LWP_Index(), 0);
}

CASE(init_again_succeeds_checks_nothing_and_stores_nothing) {
  PROCESS pid = NULL;
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect_int(LWP_Init(LWP_VERSION, 77, &pid), LWP_SUCCESS);
  expect(pid == NULL);
}

CASE(init_refuses_priorities_out_of_range_and_stays_uninitialised) {
  PROCESS pid;
  expect_int(LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY + 1, NULL), LWP_EBADPRI);
  expect_int(LWP_CurrentProcess(&pid), LWP_EINIT);
  expect_int(LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, NULL), LWP_SUCCESS);
}

static void init_with_other_version(void) { LWP_Init(LWP_VERSION + 40, 1, NULL); }

static void init_with_other_version_ends_the_process(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(init_with_other_version, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_string_equal(outcome.err, "**** FATAL ERROR: LWP VERSION MISMATCH ****\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_stores_handle_of_caller),
      cmocka_unit_test(init_again_succeeds_checks_nothing_and_stores_nothing),
      cmocka_unit_test(init_refuses_priorities_out_of_range_and_stays_uninitialised),
      cmocka_unit_test(init_with_other_version_ends_the_process),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
