/* SPDX-License-Identifier: MIT */
/* test_runtimes_fork.c - a child that is forked off while there are groups of runtimes. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

static long count;
static char event;

static void add_to(void* counter) { add(counter, 1); }

static void use_child(LWPX_GROUP group, LWPX_RUNTIME runtime) {
  expect(LWPX_RuntimeOf(group, 0) == NULL);
  expect_int(LWPX_Post(runtime, &event), LWPX_ENORUNTIME);
  expect_int(LWPX_JoinRuntimes(group, NULL), LWPX_ENORUNTIME);
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWPX_ENORUNTIME);
  group = start_group(2, NULL, NULL);
  must_spawn(LWPX_RuntimeOf(group, 1), add_to, &count);
  stop_when_idle_and_join(group);
  expect_int(count, 1);
}

CASE(a_forked_child_has_no_runtimes_and_may_start_some) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  const pid_t child = fork();
  if (child == 0) {
    use_child(group, LWPX_RuntimeOf(group, 0));
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  stop_when_idle_and_join(group);
}

static void use_handles_of_parent(LWPX_GROUP group, LWPX_RUNTIME runtime) {
  LWPX_GROUP own[4];
  int i;
  for (i = 0; i < 4; ++i) own[i] = start_group(1, NULL, NULL);
  expect_int(LWPX_Post(runtime, &event), LWPX_ENORUNTIME);
  expect_int(LWPX_SpawnOn(runtime, add_to, 0, 2, &count, "stranger"), LWPX_ENORUNTIME);
  expect(LWPX_RuntimeOf(group, 0) == NULL);
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWPX_ENORUNTIME);
  expect_int(LWPX_JoinRuntimes(group, NULL), LWPX_ENORUNTIME);
  for (i = 0; i < 4; ++i) stop_when_idle_and_join(own[i]);
  expect_int(count, 0);
}

CASE(handles_of_a_parent_are_refused_though_its_child_has_started_some) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  const pid_t child = fork();
  if (child == 0) {
    LWPX_GROUP own = start_group(1, NULL, NULL);
    LWPX_RUNTIME member = LWPX_RuntimeOf(own, 0);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      use_handles_of_parent(own, member);
      use_handles_of_parent(group, member);
      _exit(0);
    }
    expect_int(status_of_child(grandchild), 0);
    stop_when_idle_and_join(own);
    use_handles_of_parent(group, member);
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  stop_when_idle_and_join(group);
}

static void fork_in_member(void* arg, int index) {
  LWPX_RUNTIME other = LWPX_RuntimeOf(NULL, 1 - index);
  pid_t child;
  if (index == 1) return;
  child = fork();
  if (child != 0) {
    expect_int(status_of_child(child), 0);
    return;
  }
  expect_int(LWPX_Post(other, &event), LWPX_ENORUNTIME);
  expect_int(LWPX_Sleep(&(struct timespec){0, 1000}), LWP_SUCCESS);
  expect(LWPX_ThisRuntime() != NULL);
  expect_int(LWPX_SpawnOn(LWPX_ThisRuntime(), add_to, 0, 3, arg, "x"), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(count, 1);
}

/* The child is this one kernel thread, and ends with its main. */
CASE(a_member_may_fork) {
  join(start_group(2, fork_in_member, &count));
  expect_int(count, 0);
}

static void stop_and_fork(void* arg, int index) {
  pid_t child;
  (void)arg;
  if (index == 1) return;
  expect_int(LWPX_StopRuntimes(NULL, LWPX_STOP_NOW), LWP_SUCCESS);
  child = fork();
  if (child == 0) {
    LWP_DispatchProcess();
    _exit(1);
  }
  expect_int(status_of_child(child), 0);
}

CASE(a_member_that_is_to_stop_may_fork) { join(start_group(2, stop_and_fork, NULL)); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_forked_child_has_no_runtimes_and_may_start_some),
      cmocka_unit_test(handles_of_a_parent_are_refused_though_its_child_has_started_some),
      cmocka_unit_test(a_member_may_fork),
      cmocka_unit_test(a_member_that_is_to_stop_may_fork),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
