/* SPDX-License-Identifier: MIT */
/* test_runtimes_start.c - what it takes to start runtimes, and what stays of them. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

#include <sched.h>

static long count;

static void add_one(void* counter, int index) {
  (void)index;
  add(counter, 1);
}

CASE(bad_arguments_are_refused) {
  LWPX_GROUPATTR attr = LWPX_GROUPATTR_INITIALIZER;
  LWPX_GROUP group = (LWPX_GROUP)&attr;
  struct timespec bad = {0, 1000000000};
  expect_int(LWPX_StartRuntimes(0, add_one, &count), LWP_EBADCOUNT);
  expect_int(LWPX_StartRuntimes(-1, NULL, NULL), LWP_EBADCOUNT);
  expect_int(LWPX_StartRuntimes(257, NULL, NULL), LWP_ENOMEM);
#define REFUSED(field, value, code)                                          \
  do {                                                                       \
    LWPX_GROUPATTR wrong = LWPX_GROUPATTR_INITIALIZER;                       \
    wrong.field = value;                                                     \
    expect_int(LWPX_StartRuntimesWith(&wrong, 1, NULL, NULL, &group), code); \
    expect(group == (LWPX_GROUP)&attr);                                      \
  } while (0)
  REFUSED(size, 0, LWP_ESYSTEM);
  REFUSED(size, 3, LWP_ESYSTEM);
  REFUSED(priority, -1, LWP_EBADPRI);
  REFUSED(priority, LWP_MAX_PRIORITY + 1, LWP_EBADPRI);
  REFUSED(stack_size, -1, LWP_ESYSTEM);
  REFUSED(inbox, 0, LWP_ESYSTEM);
  REFUSED(inbox, -5, LWP_ESYSTEM);
  REFUSED(inbox, 1048577, LWP_ESYSTEM);
  expect_int(LWPX_StopRuntimes(NULL, 2), LWP_ESYSTEM);
  expect_int(LWPX_StopRuntimes(NULL, LWPX_STOP_NOW), LWP_SUCCESS);
  expect_int(LWPX_StopRuntimes((LWPX_GROUP)&attr, LWPX_STOP_NOW), LWPX_ENORUNTIME);
  expect_int(LWPX_JoinRuntimes((LWPX_GROUP)&attr, NULL), LWPX_ENORUNTIME);
  expect_int(LWPX_JoinRuntimes(NULL, &bad), LWP_ESYSTEM);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_SUCCESS);
  expect(LWPX_RuntimeOf(NULL, 0) == NULL);
  expect(LWPX_RuntimeOf((LWPX_GROUP)&attr, 0) == NULL);
  expect(LWPX_ThisRuntime() == NULL);
}

CASE(indices_out_of_range_are_no_runtime) {
  LWPX_GROUP group = start_group(2, NULL, NULL);
  expect(LWPX_RuntimeOf(group, -1) == NULL);
  expect(LWPX_RuntimeOf(group, 2) == NULL);
  expect(LWPX_RuntimeOf(group, 0) != LWPX_RuntimeOf(group, 1));
  stop_when_idle_and_join(group);
}

CASE(structs_of_other_releases_are_understood) {
  struct {
    LWPX_GROUPATTR known;
    long unknown[2];
  } newer = {LWPX_GROUPATTR_INITIALIZER, {0, 0}};
  LWPX_GROUPATTR older = {offsetof(LWPX_GROUPATTR, inbox), 2, 40000, -99, -99};
  LWPX_GROUP group;
  newer.known.size = sizeof newer;
  expect_int(LWPX_StartRuntimesWith(&newer.known, 1, NULL, NULL, &group), LWP_SUCCESS);
  stop_when_idle_and_join(group);
  newer.unknown[1] = 1;
  expect_int(LWPX_StartRuntimesWith(&newer.known, 1, NULL, NULL, &group), LWP_ESYSTEM);
  expect_int(LWPX_StartRuntimesWith(&older, 1, add_one, &count, NULL), LWP_SUCCESS);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_SUCCESS);
  expect_int(count, 1);
}

static void look_at_myself(void* arg, int index) {
  int priority = -1, size, used;
  cpu_set_t set;
  (void)index;
  expect_int(LWP_GetProcessPriority(LWP_ThisProcess(), &priority), LWP_SUCCESS);
  expect_int(priority, 1);
  expect_int(LWP_StackUsed(LWP_ThisProcess(), &size, &used), LWP_SUCCESS);
  expect_int(size, 1 << 20);
  expect_int(sched_getaffinity(0, sizeof set, &set), 0);
  expect_int(CPU_COUNT(&set), 1);
  add(arg, 1);
}

CASE(attributes_take_effect) {
  LWPX_GROUPATTR attr = LWPX_GROUPATTR_INITIALIZER;
  attr.priority = 1;
  attr.stack_size = 1 << 20;
  attr.pin = 1;
  expect_int(LWPX_StartRuntimesWith(&attr, 3, look_at_myself, &count, NULL), LWP_SUCCESS);
  expect_int(LWPX_JoinRuntimes(NULL, NULL), LWP_SUCCESS);
  expect_int(count, 3);
}

/* One that has been joined may be listed for a moment. The sanitizer has some of its own. */
static void expect_no_other_threads(void) {
#if !defined(__SANITIZE_THREAD__)
  while (proc_value("/proc/self/status", "Threads") != 1) let_others_run();
#endif
}

/* A start that fails half-way, for want of descriptors, leaves nothing behind. */
CASE(a_start_that_fails_is_undone) {
  struct rlimit limit;
  LWPX_GROUP group = (LWPX_GROUP)&limit;
  int descriptors, tries;
  close_inherited_descriptors();                       /* so that those in use are the lowest */
  stop_when_idle_and_join(start_group(1, NULL, NULL)); /* what stays for ever is there now */
  descriptors = open_descriptors();
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = (rlim_t)descriptors - 1 + 5; /* two members and a half */
  for (tries = 0; tries < 20; ++tries) {
    setrlimit(RLIMIT_NOFILE, &limit);
    expect_int(LWPX_StartRuntimesWith(NULL, 6, add_one, &count, &group), LWP_ESYSTEM);
    expect(group == (LWPX_GROUP)&limit);
    limit.rlim_cur += 2;
    setrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur -= 2;
    expect_int(open_descriptors(), descriptors);
    expect_no_other_threads();
  }
  expect_int(count, 0);
  limit.rlim_cur = 100;
  setrlimit(RLIMIT_NOFILE, &limit);
  stop_when_idle_and_join(start_group(6, NULL, NULL));
}

static void try_to_end_the_first_lwp(void* unused, int index) {
  const PROCESS first = handle_of("Main Process");
  (void)unused, (void)index;
  expect_int(LWP_DestroyProcess(first), LWP_EBADPID);
  expect_int(LWPX_Cancel(first), LWP_EBADPID);
  expect_int(LWPX_Suspend(first), LWP_EBADPID);
  expect_int(LWPX_Join(first, NULL, NULL), LWP_EBADPID);
}

CASE(a_member_does_not_lose_its_first_lwp) { join(start_group(1, try_to_end_the_first_lwp, NULL)); }

CASE(everything_comes_back_when_a_group_has_been_joined) {
  int descriptors, i;
  stop_when_idle_and_join(start_group(2, NULL, NULL));
  descriptors = open_descriptors();
  for (i = 0; i < 50; ++i) stop_when_idle_and_join(start_group(1 + i % 3, NULL, NULL));
  expect_int(open_descriptors(), descriptors);
  expect_no_other_threads();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(indices_out_of_range_are_no_runtime),
      cmocka_unit_test(structs_of_other_releases_are_understood),
      cmocka_unit_test(attributes_take_effect),
      cmocka_unit_test(a_start_that_fails_is_undone),
      cmocka_unit_test(a_member_does_not_lose_its_first_lwp),
      cmocka_unit_test(everything_comes_back_when_a_group_has_been_joined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
