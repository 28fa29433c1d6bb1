/* SPDX-License-Identifier: MIT */
/* test_runtimes.c - groups of runtimes: how they start, end and are joined. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

#include <sched.h>
#include <sys/resource.h>

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

/* --- joining */

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
  stop_when_idle_and_join(joined);
  while (value_of(&count) < 6) let_others_run();
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

static void start_and_join(void* arg, int index) {
  LWPX_GROUP inner = start_group(2, count_main, arg);
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

/* --- what it takes to start */

CASE(bad_arguments_are_refused) {
  LWPX_GROUPATTR attr = LWPX_GROUPATTR_INITIALIZER;
  LWPX_GROUP group = (LWPX_GROUP)&attr;
  struct timespec bad = {0, 1000000000};
  expect_int(LWPX_StartRuntimes(0, count_main, &count), LWP_EBADCOUNT);
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
  expect_int(LWPX_StartRuntimesWith(&older, 1, count_main, &count, NULL), LWP_SUCCESS);
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
    expect_int(LWPX_StartRuntimesWith(NULL, 6, count_main, &count, &group), LWP_ESYSTEM);
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

CASE(everything_comes_back_when_a_group_has_been_joined) {
  int descriptors, i;
  stop_when_idle_and_join(start_group(2, NULL, NULL));
  descriptors = open_descriptors();
  for (i = 0; i < 50; ++i) stop_when_idle_and_join(start_group(1 + i % 3, NULL, NULL));
  expect_int(open_descriptors(), descriptors);
  expect_no_other_threads();
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
      cmocka_unit_test(several_may_join_one_group),
      cmocka_unit_test(a_join_lets_other_lwps_run),
      cmocka_unit_test(a_joiner_may_be_destroyed),
      cmocka_unit_test(a_joiner_may_be_cancelled),
      cmocka_unit_test(a_join_is_a_cancellation_point),
      cmocka_unit_test(a_member_can_not_join_its_own_group_but_another),
      cmocka_unit_test(joining_ones_own_group_is_refused),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(indices_out_of_range_are_no_runtime),
      cmocka_unit_test(structs_of_other_releases_are_understood),
      cmocka_unit_test(attributes_take_effect),
      cmocka_unit_test(a_start_that_fails_is_undone),
      cmocka_unit_test(everything_comes_back_when_a_group_has_been_joined),
      cmocka_unit_test(any_runtime_can_be_reached),
      cmocka_unit_test(finalize_leaves_a_reachable_runtime_its_sleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
