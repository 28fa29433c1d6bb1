/* SPDX-License-Identifier: MIT */
/* test_runtimes_join.c - joining groups of runtimes. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

enum { kMembers = 4 };

static long count;
static LWPX_GROUP joined;

static void* join_in_thread(void* arg) {
  const int rc = LWPX_JoinRuntimes(joined, NULL);
  expect(rc == LWP_SUCCESS || rc == LWPX_ENORUNTIME);
  add(arg, 1);
  return NULL;
}

static void join_in_lwp(void* arg) { join_in_thread(arg); }

CASE(several_may_join_one_group) {
  pthread_t others[3];
  int i;
  host(LWP_NORMAL_PRIORITY);
  joined = start_group(2, NULL, NULL);
  for (i = 0; i < 3; ++i) pthread_create(&others[i], NULL, join_in_thread, &count);
  for (i = 0; i < 3; ++i) spawn("joiner", LWP_NORMAL_PRIORITY, join_in_lwp, &count);
  expect_int(LWPX_Sleep(&(struct timespec){0, 5000000}), LWP_SUCCESS);
  expect_int(value_of(&count), 0);
  expect_int(LWPX_StopRuntimes(joined, LWPX_STOP_WHEN_IDLE), LWP_SUCCESS);
  join_in_lwp(&count); /* perhaps the last, who finds nothing left */
  while (value_of(&count) < 7) let_others_run();
  for (i = 0; i < 3; ++i) pthread_join(others[i], NULL);
}

static void tick_along(void* arg) {
  for (;;) {
    add(arg, 1);
    LWP_DispatchProcess();
  }
}

/* Ends when LWPs elsewhere have had their turns. */
static void wait_for_turns(void* turns, int index) {
  (void)index;
  while (value_of(turns) <= 10) let_others_run();
}

CASE(a_join_lets_other_lwps_run) {
  long turns = 0;
  host(LWP_NORMAL_PRIORITY);
  spawn("other", LWP_NORMAL_PRIORITY, tick_along, &turns);
  turns = 0;
  join(start_group(kMembers, wait_for_turns, &turns));
}

CASE(a_joiner_may_be_destroyed) {
  PROCESS victim;
  host(LWP_NORMAL_PRIORITY);
  joined = start_group(1, NULL, NULL);
  victim = spawn("victim", LWP_NORMAL_PRIORITY, join_in_lwp, &count);
  expect_int(LWP_DestroyProcess(victim), LWP_SUCCESS);
  stop_when_idle_and_join(joined);
  expect_int(count, 0);
}

static void join_and_expect_cancel(void* arg) {
  expect_int(LWPX_JoinRuntimes(joined, NULL), LWPX_ECANCELED);
  add(arg, 1);
}

CASE(a_joiner_may_be_cancelled) {
  PROCESS joiner;
  host(LWP_NORMAL_PRIORITY);
  joined = start_group(1, NULL, NULL);
  joiner = spawn("joiner", LWP_NORMAL_PRIORITY, join_and_expect_cancel, &count);
  expect_int(IOMGR_Cancel(joiner), 0);
  LWP_DispatchProcess();
  expect_int(count, 1);
  stop_when_idle_and_join(joined);
}

static void join_until_cancelled(void* arg) {
  LWPX_JoinRuntimes(joined, NULL);
  add(arg, 1);
}

CASE(a_join_is_a_cancellation_point) {
  PROCESS joiner;
  host(LWP_NORMAL_PRIORITY);
  joined = start_group(1, NULL, NULL);
  joiner = spawn("joiner", LWP_NORMAL_PRIORITY, join_until_cancelled, &count);
  expect_int(LWPX_Cancel(joiner), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(LWPX_Cancel(joiner), LWP_EBADPID);
  expect_int(count, 0);
  stop_when_idle_and_join(joined);
}

static void join_itself(void* arg, int index) {
  expect_int(LWPX_JoinRuntimes(*(LWPX_GROUP*)arg, NULL), LWP_ESYSTEM);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_ESYSTEM);
  (void)index;
}

static void add_one(void* counter, int index) {
  (void)index;
  add(counter, 1);
}

static void start_and_join(void* arg, int index) {
  LWPX_GROUP inner = start_group(2, add_one, arg);
  (void)index;
  join(inner);
}

CASE(a_member_can_not_join_its_own_group_but_another) {
  LWPX_GROUP group = start_group(1, NULL, NULL);
  stop_when_idle_and_join(group);
  group = NULL;
  join(start_group(2, start_and_join, &count));
  expect_int(count, 4);
}

static LWPX_GROUP own;
static void wait_and_join_itself(void* arg) {
  (void)arg;
  join_itself(&own, 0);
}

CASE(joining_ones_own_group_is_refused) {
  own = start_group(1, NULL, NULL);
  must_spawn(LWPX_RuntimeOf(own, 0), wait_and_join_itself, NULL);
  stop_when_idle_and_join(own);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(several_may_join_one_group),
      cmocka_unit_test(a_join_lets_other_lwps_run),
      cmocka_unit_test(a_joiner_may_be_destroyed),
      cmocka_unit_test(a_joiner_may_be_cancelled),
      cmocka_unit_test(a_join_is_a_cancellation_point),
      cmocka_unit_test(a_member_can_not_join_its_own_group_but_another),
      cmocka_unit_test(joining_ones_own_group_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
