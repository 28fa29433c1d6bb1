/* SPDX-License-Identifier: MIT */
/* test_runtimes.c - groups of runtimes: how they start, serve and end. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

enum { kMembers = 4 };

static long count;
static long indices;

static void count_main(void* arg, int index) {
  expect(arg == &count);
  expect(LWPX_ThisRuntime() != NULL);
  expect(LWPX_RuntimeOf(NULL, index) == LWPX_ThisRuntime());
  expect(strcmp(LWP_Name(), "main") == 0);
  add(&indices, 1L << index);
  add(&count, 1);
}

CASE(each_runs_main_with_its_index) {
  expect_int(LWPX_StartRuntimes(kMembers, count_main, &count), LWP_SUCCESS);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_SUCCESS);
  expect_int(count, kMembers);
  expect_int(indices, (1 << kMembers) - 1);
}

static pthread_t threads[kMembers];

static void note_thread(void* arg, int index) {
  (void)arg;
  threads[index] = pthread_self();
}

CASE(each_has_a_kernel_thread_of_its_own) {
  int i, k;
  join(start_group(kMembers, note_thread, NULL));
  for (i = 0; i < kMembers; ++i) {
    expect(!pthread_equal(threads[i], pthread_self()));
    for (k = 0; k < i; ++k) expect(!pthread_equal(threads[i], threads[k]));
  }
}

static void add_to(void* counter) { add(counter, 1); }

static void spawn_late(void* arg, int index) {
  int i, k;
  if (index != 0) return;
  for (k = 0; k < 20; ++k) {
    expect_int(LWPX_Sleep(&(struct timespec){0, 500000}), LWP_SUCCESS);
    for (i = 0; i < kMembers; ++i) must_spawn(LWPX_RuntimeOf(NULL, i), add_to, arg);
  }
}

CASE(a_member_without_lwps_serves_until_all_are_without) {
  join(start_group(kMembers, spawn_late, &count));
  expect_int(count, 20 * kMembers);
}

CASE(a_group_without_main_serves_until_it_is_stopped) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  int i;
  for (i = 0; i < 100; ++i) must_spawn(LWPX_RuntimeOf(group, i % 2), add_to, &count);
  stop_when_idle_and_join(group);
  expect_int(count, 100);
}

static char never;

static void wait_for_ever(void* arg) {
  add(arg, 1);
  LWP_WaitProcess(&never);
  add(arg, 1000);
}

static void main_waits_for_ever(void* arg, int index) {
  (void)index;
  wait_for_ever(arg);
}

CASE(stop_now_ends_lwps_that_wait) {
  LWPX_GROUP group = start_group(kMembers, main_waits_for_ever, &count);
  const struct timespec soon = us_from_now(20000);
  int i;
  for (i = 0; i < kMembers; ++i) must_spawn(LWPX_RuntimeOf(group, i), wait_for_ever, &count);
  while (value_of(&count) < 2 * kMembers) let_others_run();
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_WHEN_IDLE), LWP_SUCCESS);
  expect_int(LWPX_JoinRuntimes(group, &soon), LWPX_ETIMEOUT);
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWP_SUCCESS);
  join(group);
  expect_int(count, 2 * kMembers);
}

static void yield_for_ever(void* arg) {
  add(arg, 1);
  for (;;) LWP_DispatchProcess();
}

CASE(stop_now_ends_lwps_that_yield) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  int i;
  for (i = 0; i < 4; ++i) must_spawn(LWPX_RuntimeOf(group, i % 2), yield_for_ever, &count);
  while (value_of(&count) < 4) let_others_run();
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWP_SUCCESS);
  join(group);
}

static void stop_own(void* arg, int index) {
  if (index == 0) expect_int(LWPX_StopRuntimes(NULL, LWPX_STOP_NOW), LWP_SUCCESS);
  wait_for_ever(arg);
}

CASE(a_member_may_stop_its_own_group) { join(start_group(3, stop_own, &count)); }

CASE(handles_are_refused_after_the_end) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  LWPX_RUNTIME runtime = LWPX_RuntimeOf(group, 1);
  LWPX_RUNTIME again;
  int i;
  expect(runtime != NULL);
  expect_int(LWPX_Post(runtime, &never), LWP_SUCCESS);
  stop_when_idle_and_join(group);
  expect_int(LWPX_Post(runtime, &never), LWPX_ENORUNTIME);
  expect_int(LWPX_SpawnOn(runtime, add_to, 0, 1, &count, NULL), LWPX_ENORUNTIME);
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWPX_ENORUNTIME);
  expect_int(LWPX_JoinRuntimes(group, NULL), LWPX_ENORUNTIME);
  expect(LWPX_RuntimeOf(group, 0) == NULL);
  for (i = 0; i < 20; ++i) {
    LWPX_GROUP next = start_group(2, NULL, NULL);
    again = LWPX_RuntimeOf(next, 1);
    expect(again != NULL && again != runtime && next != group);
    expect_int(LWPX_Post(runtime, &never), LWPX_ENORUNTIME);
    expect_int(LWPX_JoinRuntimes(group, NULL), LWPX_ENORUNTIME);
    stop_when_idle_and_join(next);
  }
}

CASE(many_groups_at_once) {
  LWPX_GROUP groups[8];
  int i;
  for (i = 0; i < 8; ++i) groups[i] = start_group(3, NULL, NULL);
  for (i = 0; i < 8 * 3; ++i) must_spawn(LWPX_RuntimeOf(groups[i / 3], i % 3), add_to, &count);
  for (i = 0; i < 8; i += 2) stop_when_idle_and_join(groups[i]);
  expect_int(LWPX_StopRuntimes(NULL, LWPX_STOP_WHEN_IDLE), LWP_SUCCESS);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_SUCCESS);
  expect_int(count, 8 * 3);
  expect_int(LWPX_JoinRuntimes(groups[1], NULL), LWPX_ENORUNTIME);
}

/* --- runtimes in no group */

CASE(any_runtime_can_be_reached) {
  LWPX_RUNTIME first, second;
  expect(LWPX_ThisRuntime() == NULL);
  host(1);
  first = LWPX_ThisRuntime();
  expect(first != NULL);
  expect(LWPX_ThisRuntime() == first);
  expect_int(LWPX_SpawnOn(first, add_to, 0, 1, &count, NULL), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(count, 1);
  expect(LWPX_RuntimeOf(NULL, 0) == NULL);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWPX_Post(first, &count), LWPX_ENORUNTIME);
  expect(LWPX_ThisRuntime() == NULL);
  host(1);
  second = LWPX_ThisRuntime();
  expect(second != NULL && second != first);
  expect_int(LWPX_Post(first, &count), LWPX_ENORUNTIME);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

static long awake;

/* More than once, as an event that comes before anybody waits is lost. */
static void* wake_first(void* arg) {
  must_spawn(arg, add_to, &count);
  while (value_of(&awake) == 0) {
    let_others_run();
    (void)LWPX_Post(arg, &count);
  }
  return NULL;
}

CASE(finalize_leaves_a_reachable_runtime_its_sleep) {
  pthread_t thread;
  host(1);
  pthread_create(&thread, NULL, wake_first, LWPX_ThisRuntime());
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(LWP_WaitProcess(&count), LWP_SUCCESS); /* no deadlock */
  add(&awake, 1);
  pthread_join(thread, NULL);
  LWP_DispatchProcess();
  expect_int(count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_runs_main_with_its_index),
      cmocka_unit_test(each_has_a_kernel_thread_of_its_own),
      cmocka_unit_test(a_member_without_lwps_serves_until_all_are_without),
      cmocka_unit_test(a_group_without_main_serves_until_it_is_stopped),
      cmocka_unit_test(stop_now_ends_lwps_that_wait),
      cmocka_unit_test(stop_now_ends_lwps_that_yield),
      cmocka_unit_test(a_member_may_stop_its_own_group),
      cmocka_unit_test(handles_are_refused_after_the_end),
      cmocka_unit_test(many_groups_at_once),
      cmocka_unit_test(any_runtime_can_be_reached),
      cmocka_unit_test(finalize_leaves_a_reachable_runtime_its_sleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
