/* SPDX-License-Identifier: MIT */
/* test_lwpx_join.c - what an LWP ends with, who learns it, and what is left until then. */
#include "io_case.h"

static char event;

static PROCESS create(const char* name, int priority, unsigned flags, void (*entry)(void*),
                      void* parm) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  PROCESS pid = NULL;
  attributes.name = name;
  attributes.priority = priority;
  attributes.flags = flags;
  expect_int(LWPX_CreateProcess(&attributes, entry, parm, &pid), LWP_SUCCESS);
  expect(pid != NULL);
  return pid;
}

static void* status_of(PROCESS pid) {
  void* status = &event;
  expect_int(LWPX_Join(pid, NULL, &status), LWP_SUCCESS);
  expect_int(LWPX_Join(pid, NULL, NULL), LWP_EBADPID);
  return status;
}

static void exit_with(void* status) {
  LWPX_Exit(status);
  note("after");
}

static void wait_for_it(void* what) { LWP_WaitProcess(what); }

CASE(codes) {
  const struct timespec bad = {0, 1000000000};
  PROCESS self, pid;
  expect_int(LWPX_Join(NULL, NULL, NULL), LWP_EINIT);
  expect_int(LWPX_Detach(NULL), LWP_EINIT);
  self = host(1);
  expect_int(LWPX_Join(NULL, NULL, NULL), LWP_EBADPID);
  expect_int(LWPX_Detach(NULL), LWP_EBADPID);
  expect_int(LWPX_Join((PROCESS)(void*)&event, NULL, NULL), LWP_EBADPID);
  expect_int(LWPX_Join(self, NULL, NULL), LWPX_EDEADLK);
  expect_int(LWPX_Detach(self), LWPX_ENOJOIN);
  expect_int(LWPX_Join(NULL, &bad, NULL), LWP_ESYSTEM);
  pid = spawn("D", 1, wait_for_it, &event);
  expect_int(LWPX_Join(pid, NULL, NULL), LWPX_ENOJOIN);
  expect_int(LWPX_Detach(pid), LWPX_ENOJOIN);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  expect_int(LWPX_Join(pid, NULL, NULL), LWP_EBADPID);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(LWPX_Join(io_manager(), NULL, NULL), LWP_EBADPID);
  expect_int(LWPX_Detach(io_manager()), LWP_EBADPID);
}

CASE(the_status_is_that_of_the_end) {
  PROCESS pid;
  host(1);
  expect(status_of(create("E", 1, LWPX_JOINABLE, exit_with, &event)) == &event);
  expect(status_of(create("R", 1, LWPX_JOINABLE, note_and_end, NULL)) == NULL);
  expect(status_of(create("R", 0, LWPX_JOINABLE, note_and_end, NULL)) == NULL);
  pid = create("D", 1, LWPX_JOINABLE, wait_for_it, &event);
  LWP_DispatchProcess();
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  expect(status_of(pid) == LWPX_CANCELED);
  pid = create("C", 1, LWPX_JOINABLE, wait_for_it, &event);
  LWP_DispatchProcess();
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  expect(status_of(pid) == LWPX_CANCELED);
  pid = create("N", 1, LWPX_JOINABLE, exit_with, &event);
  expect_int(LWPX_Join(pid, NULL, NULL), LWP_SUCCESS);
  expect_transcript("R R");
}

static void join_and_note(void* joined) {
  expect_int(LWPX_Join(*(PROCESS*)joined, NULL, NULL), LWP_SUCCESS);
  note("%s", LWP_Name());
}

CASE(a_joiner_above_is_next_however_its_lwp_ends) {
  void (*const ends[])(void*) = {exit_with, note_and_end};
  size_t i;
  host(0);
  for (i = 0; i < sizeof ends / sizeof ends[0]; ++i) {
    PROCESS joined = create("J", 3, LWPX_JOINABLE, ends[i], NULL);
    create("equal", 3, 0, note_and_end, NULL);
    create("above", 4, 0, join_and_note, &joined);
    LWP_DispatchProcess();
    expect_transcript(i == 0 ? "above equal" : "J above equal");
  }
}

static void destroy_self(void* parm) {
  (void)parm;
  LWP_DestroyProcess(LWPX_Self());
}

CASE(destroying_oneself_counts_as_cancelled) {
  host(1);
  expect(status_of(create("D", 1, LWPX_JOINABLE, destroy_self, NULL)) == LWPX_CANCELED);
}

CASE(the_ended_are_good_for_joining_alone) {
  int value, used;
  PROCESS pid;
  host(1);
  pid = create("E", 1, LWPX_JOINABLE, exit_with, &event);
  LWP_DispatchProcess();
  expect_int(LWP_GetProcessPriority(pid, &value), LWP_EBADPID);
  expect_int(LWP_QSignal(pid), LWP_EBADPID);
  expect_int(LWP_StackUsed(pid, &value, &used), LWP_EBADPID);
  expect_int(LWP_DestroyProcess(pid), LWP_EBADPID);
  expect_int(LWPX_Cancel(pid), LWP_EBADPID);
  expect_int(LWPX_Suspend(pid), LWP_EBADPID);
  expect_int(LWPX_Ready(pid), LWP_EBADPID);
  expect_int(LWPX_SetPriority(pid, 1), LWP_EBADPID);
  expect(status_of(pid) == &event);
}

CASE(a_block_is_not_used_again_before_it_is_joined) {
  PROCESS pids[3];
  int i;
  host(1);
  for (i = 0; i < 3; ++i) pids[i] = create("E", 1, LWPX_JOINABLE, exit_with, &pids[i]);
  LWP_DispatchProcess();
  for (i = 0; i < 10; ++i) spawn("N", 1, note_and_end, NULL);
  for (i = 2; i >= 0; --i) expect(status_of(pids[i]) == &pids[i]);
  expect_transcript("N N N N N N N N N N");
}

static void join_and_tell(void* pid) {
  void* status = NULL;
  const int code = LWPX_Join((PROCESS)pid, NULL, &status);
  note("%s%d%s", LWP_Name(), code, status == &event ? "e" : status == LWPX_CANCELED ? "c" : "");
}

CASE(one_at_a_time_joins) {
  PROCESS pid, joiner;
  host(1);
  pid = create("E", 0, LWPX_JOINABLE, exit_with, &event);
  joiner = spawn("J", 1, join_and_tell, pid);
  expect_int(LWPX_Join(pid, NULL, NULL), LWPX_ENOJOIN);
  expect_int(LWPX_Detach(pid), LWPX_ENOJOIN);
  /* who joins is destroyed: somebody else may */
  expect_int(LWP_DestroyProcess(joiner), LWP_SUCCESS);
  joiner = spawn("K", 1, join_and_tell, pid);
  /* or cancelled */
  expect_int(LWPX_Cancel(joiner), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect(status_of(pid) == &event);
}

CASE(whoever_waited_gets_it_though_another_asks_first) {
  PROCESS pid;
  host(2);
  pid = create("E", 3, LWPX_JOINABLE, wait_for_it, &event);
  LWP_DispatchProcess();
  spawn("J", 2, join_and_tell, pid);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  /* J is ready and has not run */
  expect_int(LWPX_Join(pid, NULL, NULL), LWPX_ENOJOIN);
  expect_int(LWPX_Detach(pid), LWPX_ENOJOIN);
  LWP_DispatchProcess();
  expect_transcript("J0c");
  expect_int(LWPX_Join(pid, NULL, NULL), LWP_EBADPID);
}

static PROCESS chain[3];

static void join_parm(void* place) {
  void* status = NULL;
  note("%d", LWPX_Join(*(PROCESS*)place, NULL, &status));
}

CASE(circles_are_refused) {
  int i;
  host(1);
  for (i = 0; i < 3; ++i) {
    chain[i] = create("C", 1, LWPX_JOINABLE, join_parm, &chain[(i + 1) % 3]);
  }
  LWP_DispatchProcess();
  expect_transcript("-19");
  /* the last one has ended thereby, and so on */
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("0 0");
  expect(status_of(chain[0]) == NULL);
}

static void join_until(void* pid) {
  struct timespec soon = us_from_now(20000);
  note("%d", LWPX_Join((PROCESS)pid, &soon, NULL));
}

CASE(a_deadline_ends_the_wait_and_nothing_else) {
  const struct timespec past = {0, 1};
  struct timespec late = us_from_now(600000000);
  PROCESS pid;
  host(3);
  pid = create("E", 3, LWPX_JOINABLE, wait_for_it, &event);
  join_until(pid);
  expect_int(LWPX_Join(pid, &past, NULL), LWPX_ETIMEOUT);
  spawn("J", 3, join_until, pid);
  expect_int(LWPX_Join(pid, &late, NULL), LWPX_ENOJOIN);
  pause_ms(40);
  expect_transcript("-17 -17");
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect_int(LWPX_Join(pid, &late, NULL), LWP_SUCCESS);
  pid = create("E", 3, LWPX_JOINABLE, exit_with, &event);
  LWP_DispatchProcess();
  expect_int(LWPX_Join(pid, &past, NULL), LWP_SUCCESS); /* as it has ended */
}

static void join_late(void* pid) {
  struct timespec late = us_from_now(600000000);
  note("%d", LWPX_Join((PROCESS)pid, &late, NULL));
}

CASE(iomgr_cancel_ends_a_join_with_a_deadline) {
  PROCESS pid, joiner;
  start_with_io();
  pid = create("E", 3, LWPX_JOINABLE, wait_for_it, &event);
  LWP_DispatchProcess();
  joiner = spawn("J", 3, join_late, pid);
  expect_int(IOMGR_Cancel(joiner), 0);
  LWP_DispatchProcess();
  expect_transcript("-18");
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect(status_of(pid) == NULL);
}

CASE(a_cancelled_joiner_leaves_what_has_ended_meanwhile) {
  PROCESS pid, joiner;
  host(2);
  pid = create("E", 2, LWPX_JOINABLE, wait_for_it, &event);
  LWP_DispatchProcess();
  joiner = spawn("J", 2, join_and_tell, pid);
  expect_int(LWPX_Cancel(joiner), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("");
  expect(status_of(pid) == LWPX_CANCELED);
}

CASE(the_detached_leave_nothing) {
  PROCESS before, after;
  host(1);
  before = create("B", 1, LWPX_JOINABLE, note_and_end, NULL);
  expect_int(LWPX_Detach(before), LWP_SUCCESS);
  expect_int(LWPX_Detach(before), LWPX_ENOJOIN);
  expect_int(LWPX_Join(before, NULL, NULL), LWPX_ENOJOIN);
  after = create("A", 1, LWPX_JOINABLE, note_and_end, NULL);
  LWP_DispatchProcess();
  expect_int(LWPX_Join(before, NULL, NULL), LWP_EBADPID);
  expect_int(LWPX_Detach(after), LWP_SUCCESS);
  expect_int(LWPX_Detach(after), LWP_EBADPID);
  expect_int(LWPX_Join(after, NULL, NULL), LWP_EBADPID);
  expect_transcript("B A");
}

static void detach_self(void* parm) {
  (void)parm;
  expect_int(LWPX_Detach(LWPX_Self()), LWP_SUCCESS);
  note("detached");
}

CASE(an_lwp_can_detach_itself) {
  PROCESS pid;
  host(1);
  pid = create("S", 1, LWPX_JOINABLE, detach_self, NULL);
  LWP_DispatchProcess();
  expect_int(LWPX_Join(pid, NULL, NULL), LWP_EBADPID);
  expect_transcript("detached");
}

CASE(termination_ends_joiners_and_those_who_wait_to_be_joined) {
  int round;
  for (round = 0; round < 3; ++round) {
    PROCESS pid;
    host(1);
    create("E", 1, LWPX_JOINABLE, exit_with, &event);
    pid = create("W", 1, LWPX_JOINABLE, wait_for_it, &event);
    spawn("J", 1, join_and_tell, pid);
    spawn("K", 1, join_late, create("W", 1, LWPX_JOINABLE, wait_for_it, &event));
    LWP_DispatchProcess();
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
    expect_int(LWPX_Join(pid, NULL, NULL), LWP_EINIT);
  }
  expect_transcript("");
}

static void join_main_and_exit(void* pid) {
  expect_int(LWPX_Join((PROCESS)pid, NULL, NULL), LWPX_ENOJOIN);
  exit(3);
}

static void main_exits(void) {
  PROCESS self = host(1);
  create("J", 0, 0, join_main_and_exit, NULL);
  create("J", 0, 0, join_main_and_exit, self);
  LWPX_Exit(NULL);
}

static void only_joiners_are_left(void) {
  PROCESS pid;
  host(1);
  pid = create("W", 1, LWPX_JOINABLE | LWPX_SUSPENDED, note_and_end, NULL);
  LWPX_Join(pid, NULL, NULL);
}

static void a_join_that_can_not_end_is_a_deadlock(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(only_joiners_are_left, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_non_null(strstr(outcome.out, "no runnable threads"));
  assert_non_null(strstr(outcome.err, "\"W\""));
  assert_non_null(strstr(outcome.err, "waits for LWPX_Ready"));
  child_case_observe(main_exits, &outcome);
  assert_int_not_equal(outcome.exit_status, 3); /* the first handle names nobody */
}

CASE(many_end_and_are_joined_in_any_order) {
  enum { kMany = 2000 };
  static PROCESS pids[kMany];
  int i;
  host(1);
  for (i = 0; i < kMany; ++i) pids[i] = create("", 1, LWPX_JOINABLE, exit_with, &pids[i]);
  LWP_DispatchProcess();
  for (i = 0; i < kMany; ++i) {
    const int which = i * 7 % kMany;
    expect(status_of(pids[which]) == &pids[which]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes),
      cmocka_unit_test(the_status_is_that_of_the_end),
      cmocka_unit_test(a_joiner_above_is_next_however_its_lwp_ends),
      cmocka_unit_test(destroying_oneself_counts_as_cancelled),
      cmocka_unit_test(the_ended_are_good_for_joining_alone),
      cmocka_unit_test(a_block_is_not_used_again_before_it_is_joined),
      cmocka_unit_test(one_at_a_time_joins),
      cmocka_unit_test(whoever_waited_gets_it_though_another_asks_first),
      cmocka_unit_test(circles_are_refused),
      cmocka_unit_test(a_deadline_ends_the_wait_and_nothing_else),
      cmocka_unit_test(iomgr_cancel_ends_a_join_with_a_deadline),
      cmocka_unit_test(a_cancelled_joiner_leaves_what_has_ended_meanwhile),
      cmocka_unit_test(the_detached_leave_nothing),
      cmocka_unit_test(an_lwp_can_detach_itself),
      cmocka_unit_test(termination_ends_joiners_and_those_who_wait_to_be_joined),
      cmocka_unit_test(a_join_that_can_not_end_is_a_deadlock),
      cmocka_unit_test(many_end_and_are_joined_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
