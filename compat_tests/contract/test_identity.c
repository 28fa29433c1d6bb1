/* SPDX-License-Identifier: MIT */
/* test_identity.c - who am I: handle, name, number and priority of an LWP. */
#include <stdlib.h>
#include <string.h>

#include "lwp_case.h"

extern PROCESS lwp_cpptr; /* historical, in no header */

static PROCESS current;
static PROCESS returned;

static void look_at_self(void* parm) {
  int priority = -1;
  expect_int(LWP_CurrentProcess(&current), LWP_SUCCESS);
  returned = LWP_ThisProcess();
  expect_int(LWP_GetProcessPriority(returned, &priority), LWP_SUCCESS);
  expect(lwp_cpptr == returned);
  note("%s/%d/%d", LWP_Name(), LWP_Index(), priority);
  LWP_DispatchProcess();
  expect(LWP_ThisProcess() == returned);
  (void)parm;
}

CASE(an_lwp_knows_its_handle_name_number_and_priority) {
  PROCESS pid;
  PROCESS self = host(2);
  pid = spawn("A", 3, look_at_self, NULL);
  expect(current == pid && returned == pid);
  expect(LWP_ThisProcess() == self && lwp_cpptr == self);
  note("%s/%d", LWP_Name(), LWP_Index());
  expect_transcript("A/1/3 Main Process/0");
}

CASE(priority_of_another_can_be_asked) {
  PROCESS low, high;
  int priority;
  host(2);
  low = spawn("L", 0, note_and_yield, NULL);
  high = spawn("H", 4, wait_and_note, &current);
  expect_int(LWP_GetProcessPriority(low, &priority), LWP_SUCCESS);
  expect_int(priority, 0);
  expect_int(LWP_GetProcessPriority(high, &priority), LWP_SUCCESS);
  expect_int(priority, 4);
}

static void keep_name(void* parm) {
  *(char**)parm = strdup(LWP_Name());
  LWP_DispatchProcess();
  expect(strcmp(LWP_Name(), *(char**)parm) == 0);
}

CASE(names_may_have_any_length) {
  const size_t lengths[] = {0, 1, 30, 31, 32, 33, 100, 5000, 100000};
  size_t i;
  host(1);
  for (i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
    char* const name = malloc(lengths[i] + 1);
    char* seen = NULL;
    memset(name, 'x', lengths[i]);
    name[lengths[i]] = '\0';
    spawn(name, 1, keep_name, &seen);
    expect(seen != NULL && strcmp(seen, name) == 0);
    memset(name, 'y', lengths[i]);
    LWP_DispatchProcess();
    free(seen);
    free(name);
  }
}

CASE(numbers_are_given_in_order_and_never_again) {
  PROCESS pid;
  host(2);
  expect_int(LWP_HighestIndex(), 0);
  spawn("A", 3, look_at_self, NULL);
  expect_int(LWP_HighestIndex(), 1);
  pid = spawn("B", 1, look_at_self, NULL);
  expect_int(LWP_HighestIndex(), 2);
  LWP_DestroyProcess(pid);
  expect_int(LWP_HighestIndex(), 2);
  spawn("C", 3, look_at_self, NULL);
  expect_int(LWP_HighestIndex(), 3);
  expect_transcript("A/1/3 C/3/3");
}

CASE(a_failed_create_uses_no_number) {
  PROCESS pid;
  host(1);
  LWP_CreateProcess(look_at_self, 0, 99, NULL, "X", &pid);
  spawn("A", 1, look_at_self, NULL);
  expect_transcript("A/1/1");
}

CASE(numbers_go_on_over_terminate) {
  host(1);
  spawn("A", 1, look_at_self, NULL);
  LWP_TerminateProcessSupport();
  expect_int(LWP_HighestIndex(), 1);
  host(1);
  expect_int(LWP_Index(), 2);
  expect_int(LWP_HighestIndex(), 2);
  spawn("B", 1, look_at_self, NULL);
  expect_transcript("A/1/1 B/3/1");
}

#ifdef LWP_LWP_H

CASE(a_null_name_is_the_empty_string) {
  char* seen = NULL;
  host(1);
  expect_int(LWP_CreateProcess(keep_name, 0, 1, &seen, NULL, NULL), LWP_SUCCESS);
  expect(seen != NULL && strcmp(seen, "") == 0);
}

static char name_seen[32];

static void see_name(void* parm) {
  const char* const name = LWP_Name();
  (void)parm;
  memset(name_seen, 0, sizeof name_seen);
  if (name != NULL) strncpy(name_seen, name, sizeof name_seen - 1);
}

/* As short as can be, so that each uses what the one before has left. */
static void expect_seen(const char* name) {
  spawn(name, 1, see_name, NULL);
  expect(strncmp(name_seen, name, sizeof name_seen - 1) == 0);
}

CASE(nobody_has_the_long_name_of_who_was_there_before) {
  int accounted;
  host(1);
  for (accounted = 0; accounted <= 1; ++accounted) {
    int i;
    lwp_stackUseEnabled = accounted;
    for (i = 0; i < 100; ++i) {
      expect_seen("a name that does not fit into a control block");
      expect_seen("short");
    }
    expect_int(LWP_CreateProcess(see_name, 16384, 1, NULL, NULL, NULL), LWP_SUCCESS);
    expect_int(strlen(name_seen), 0);
  }
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        who_comes_after_a_name_that_found_no_memory_has_a_name) {
  enum { kLength = 64 << 20 };
  char* const name = malloc(kLength);
  memset(name, 'n', kLength - 1);
  name[kLength - 1] = '\0';
  host(1);
  lwp_stackUseEnabled = 0;
  expect_seen("first");
  expect_seen("second");
  limit_address_space(kLength);
  expect_int(LWP_CreateProcess(see_name, 16384, 1, NULL, name, NULL), LWP_ENOMEM);
  expect_seen("third");
  free(name);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_lwp_knows_its_handle_name_number_and_priority),
      cmocka_unit_test(priority_of_another_can_be_asked),
      cmocka_unit_test(names_may_have_any_length),
      cmocka_unit_test(numbers_are_given_in_order_and_never_again),
      cmocka_unit_test(a_failed_create_uses_no_number),
      cmocka_unit_test(numbers_go_on_over_terminate),
#ifdef LWP_LWP_H
      cmocka_unit_test(a_null_name_is_the_empty_string),
      cmocka_unit_test(nobody_has_the_long_name_of_who_was_there_before),
      cmocka_unit_test(who_comes_after_a_name_that_found_no_memory_has_a_name),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
