/* SPDX-License-Identifier: MIT */
/* test_create.c - making LWPs: what they are given, what is stored when, and what is refused. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lwp_case.h"

static PROCESS stored;
static void* received;
static PROCESS seen_by_child;

static void keep_parm(void* parm) {
  received = parm;
  LWP_DispatchProcess();
}

CASE(parm_arrives_as_it_is) {
  void* parms[] = {NULL, &received, (void*)(intptr_t)-1, (void*)1};
  unsigned i;
  host(1);
  for (i = 0; i < sizeof parms / sizeof parms[0]; ++i) {
    received = &parms;
    spawn("P", 1, keep_parm, parms[i]);
    expect(received == parms[i]);
  }
}

static void look_at_stored_handle(void* parm) {
  (void)parm;
  seen_by_child = stored;
  LWP_DispatchProcess();
}

CASE(handle_is_stored_only_when_the_creator_runs_again) {
  host(1);
  stored = NULL;
  seen_by_child = (PROCESS)&stored;
  expect_int(LWP_CreateProcess(look_at_stored_handle, 0, 1, NULL, "C", &stored), LWP_SUCCESS);
  expect(seen_by_child == NULL);
  expect(stored != NULL);
}

static void own_handle_to_parm(void* parm) {
  LWP_CurrentProcess(parm);
  LWP_DispatchProcess();
}

CASE(handle_is_what_the_new_lwp_calls_itself) {
  PROCESS own = NULL;
  PROCESS self = host(1);
  PROCESS pid = spawn("C", 1, own_handle_to_parm, &own);
  expect(own == pid);
  expect(pid != self);
  expect(LWP_ThisProcess() == self);
}

CASE(handle_of_an_lwp_that_has_ended_meanwhile_is_stored_too) {
  PROCESS pid = NULL;
  PROCESS self = host(1);
  expect_int(LWP_CreateProcess(note_and_end, 0, 1, NULL, "E", &pid), LWP_SUCCESS);
  expect(pid != NULL && pid != self);
}

CASE(priorities_out_of_range_are_refused) {
  PROCESS pid = (PROCESS)&stored;
  int highest;
  host(1);
  highest = LWP_HighestIndex();
  expect_int(LWP_CreateProcess(note_and_end, 0, LWP_MAX_PRIORITY + 1, NULL, "X", &pid),
             LWP_EBADPRI);
  expect_int(LWP_CreateProcess(note_and_end, 0, -1, NULL, "X", &pid), LWP_EBADPRI);
  expect(pid == (PROCESS)&stored);
  expect_int(LWP_HighestIndex(), highest);
  LWP_DispatchProcess();
  expect_transcript("");
}

static void end_at_once(void* parm) { (void)parm; }

/* There is a block of one that has ended, which is taken without much ado. */
CASE(priorities_out_of_range_are_refused_in_the_place_of_another_too) {
  const int priorities[] = {-1, LWP_MAX_PRIORITY + 1, 31, 32, 256, -256};
  unsigned i, accounted;
  PROCESS pid;
  host(1);
  for (accounted = 0; accounted <= 1; ++accounted) {
    lwp_stackUseEnabled = (int)accounted;
    for (i = 0; i < sizeof priorities / sizeof priorities[0]; ++i) {
      spawn("E", 1, end_at_once, NULL);
      spawn("E", 1, end_at_once, NULL);
      expect_int(LWP_CreateProcess(end_at_once, 16384, priorities[i], NULL, "X", &pid),
                 LWP_EBADPRI);
    }
  }
}

CASE(every_priority_in_range_is_given) {
  int wanted;
  host(4);
  for (wanted = 0; wanted <= LWP_MAX_PRIORITY; ++wanted) {
    int priority = -1;
    PROCESS pid = spawn("P", wanted, note_and_yield, NULL);
    expect_int(LWP_GetProcessPriority(pid, &priority), LWP_SUCCESS);
    expect_int(priority, wanted);
  }
}

static void spawn_below(void* parm) {
  const intptr_t depth = (intptr_t)parm;
  note("%d", (int)depth);
  if (depth > 0) spawn("child", 1, spawn_below, (void*)(depth - 1));
  note("-%d", (int)depth);
}

CASE(lwps_make_lwps) {
  host(1);
  spawn("child", 1, spawn_below, (void*)3);
  while (LWP_HighestIndex() < 4) LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("3 2 -3 1 -2 0 -0 -1");
}

CASE(name_is_copied) {
  char name[] = "first";
  host(1);
  spawn(name, 1, note_and_yield, NULL);
  strcpy(name, "other");
  LWP_DispatchProcess();
  expect_transcript("first first");
}

CASE(any_stack_size_is_accepted) {
  const int sizes[] = {-1, 0, 1, 43, 44, 100000, 1 << 20, 1 << 24};
  unsigned i;
  host(1);
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    PROCESS pid;
#ifndef LWP_LWP_H
    if (sizes[i] < 0) continue;
#endif
    expect_int(LWP_CreateProcess(note_and_end, sizes[i], 1, NULL, "S", &pid), LWP_SUCCESS);
  }
}

static void add_in_floating_point(void* parm) {
  volatile double sum = 0;
  char text[64];
  int i;
  (void)parm;
#if defined(__x86_64__)
  expect_int((uintptr_t)__builtin_frame_address(0) % 16, 0);
#endif
  for (i = 0; i < 10; ++i) {
    sum += 0.1;
    LWP_DispatchProcess();
  }
  /* Vector instructions that need an aligned stack are in here. */
  snprintf(text, sizeof text, "%.3f", sum);
  note("%s", text);
}

CASE(stack_is_aligned_for_floating_point) {
  int i;
  host(1);
  spawn("A", 1, add_in_floating_point, NULL);
  spawn("B", 1, add_in_floating_point, NULL);
  for (i = 0; i < 12; ++i) LWP_DispatchProcess();
  expect_transcript("1.000 1.000");
}

#ifdef LWP_LWP_H

CASE(pid_may_be_null) {
  host(1);
  expect_int(LWP_CreateProcess(note_and_end, 0, 1, NULL, "A", NULL), LWP_SUCCESS);
  expect_transcript("A");
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        without_memory_create_says_so_and_nothing_is_lost) {
  PROCESS pid = (PROCESS)&stored;
  int highest;
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  highest = LWP_HighestIndex();
  limit_address_space((rlim_t)256 << 20);
  expect_int(LWP_CreateProcess(note_and_end, 1 << 28, 1, NULL, "X", &pid), LWP_ENOMEM);
  /* No memory wins over a bad priority, and both leave the caller running. */
  expect_int(LWP_CreateProcess(note_and_end, 1 << 28, 99, NULL, "X", &pid), LWP_ENOMEM);
  expect(pid == (PROCESS)&stored);
  expect_int(LWP_HighestIndex(), highest);
  expect_transcript("A");
  spawn("B", 1, note_and_end, NULL);
  expect_transcript("A B");
  limit_address_space(RLIM_INFINITY);
  expect_int(LWP_CreateProcess(note_and_end, 1 << 28, 1, NULL, "C", &pid), LWP_SUCCESS);
  expect_transcript("A C");
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        without_memory_for_a_long_name_create_says_so) {
  char name[100];
  PROCESS pid;
  int highest;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  highest = LWP_HighestIndex();
  exhaust_memory();
  expect_int(LWP_CreateProcess(note_and_end, 1, 1, NULL, name, &pid), LWP_ENOMEM);
  expect_int(LWP_HighestIndex(), highest);
  expect_transcript("A"); /* no yield, either */
  spawn("short", 1, note_and_end, NULL);
  expect_transcript("A short");
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        lwps_created_until_memory_runs_out_all_work) {
  char event;
  int created = 0;
  PROCESS pid;
  host(1);
  limit_address_space((rlim_t)256 << 20);
  while (LWP_CreateProcess(wait_and_note, 1 << 20, 1, &event, "W", &pid) == LWP_SUCCESS) ++created;
  expect(created > 10);
  expect_int(LWP_CreateProcess(wait_and_note, 1 << 20, 1, &event, "W", &pid), LWP_ENOMEM);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_int(LWP_SignalProcess(&event), LWP_ENOWAIT);
  /* Their stacks are free again. */
  for (; created > 0; --created) spawn("N", 1, note_and_end, NULL);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parm_arrives_as_it_is),
      cmocka_unit_test(handle_is_stored_only_when_the_creator_runs_again),
      cmocka_unit_test(handle_is_what_the_new_lwp_calls_itself),
      cmocka_unit_test(handle_of_an_lwp_that_has_ended_meanwhile_is_stored_too),
      cmocka_unit_test(priorities_out_of_range_are_refused),
      cmocka_unit_test(priorities_out_of_range_are_refused_in_the_place_of_another_too),
      cmocka_unit_test(every_priority_in_range_is_given),
      cmocka_unit_test(lwps_make_lwps),
      cmocka_unit_test(name_is_copied),
      cmocka_unit_test(any_stack_size_is_accepted),
      cmocka_unit_test(stack_is_aligned_for_floating_point),
#ifdef LWP_LWP_H
      cmocka_unit_test(pid_may_be_null),
      cmocka_unit_test(without_memory_create_says_so_and_nothing_is_lost),
      cmocka_unit_test(without_memory_for_a_long_name_create_says_so),
      cmocka_unit_test(lwps_created_until_memory_runs_out_all_work),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
