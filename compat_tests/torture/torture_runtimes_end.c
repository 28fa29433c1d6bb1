/* SPDX-License-Identifier: MIT */
/*
 * torture_runtimes_end.c - runtimes that start and end while others send to them and signals hit
 * all kernel threads. Nobody uses what has ended.
 */
#include <sched.h>

#include "runtime_storm.h"

/* --- groups that end while others send */

static void serve(void* arg, int index) {
  (void)arg;
  (void)index;
  preempt_densely();
}

/* Also to handles that have ended, or never were. */
static void* spawn_anywhere(void* parm) {
  unsigned random = (unsigned)(uintptr_t)parm;
  while (!closing) {
    const int to = (int)draw_from(&random, kMembers);
    LWPX_RUNTIME const runtime = __atomic_load_n(&members[to].runtime, __ATOMIC_SEQ_CST);
    int rc;
    static char nobody;
    (void)LWPX_Post(runtime, &nobody);
    add(&in_handler, 1);
    rc = value_of(&storming) ? LWPX_SpawnOn(runtime, run_shortly, 0, 2, &members[0].ran, "s")
                             : LWPX_ENORUNTIME;
    if (rc == LWP_SUCCESS) add(&members[0].spawned, 1);
    add(&in_handler, -1);
    if (rc != LWP_SUCCESS && rc != LWPX_EFULL) expect_int(rc, LWPX_ENORUNTIME);
    work((long)draw_from(&random, 3000));
  }
  return NULL;
}

static void on_stray_storm(int signo) {
  const int keep_errno = errno;
  static char nobody;
  const int to = (int)(add(&handled, 1) % kMembers);
  LWPX_RUNTIME const runtime = __atomic_load_n(&members[to].runtime, __ATOMIC_SEQ_CST);
  const int rc = LWPX_Post(runtime, &nobody);
  (void)signo;
  if (rc != LWP_SUCCESS && rc != LWPX_EFULL) expect_int(rc, LWPX_ENORUNTIME);
  errno = keep_errno;
}

static void stop_and_join(LWPX_GROUP group, int how) {
  if (how == LWPX_STOP_NOW) {
    expect_int(LWPX_StopRuntimes(group, how), LWP_SUCCESS);
  } else {
    /* It ends when there is no work, and there is none only when nobody brings more. */
    __atomic_store_n(&storming, 0, __ATOMIC_SEQ_CST);
    expect_int(LWPX_StopRuntimes(group, how), LWP_SUCCESS);
  }
  join(group);
}

CASE(groups_end_while_others_send) {
  const double end = now_seconds() + torture_seconds();
  pthread_t threads[kThreads], storm;
  int i, files, rounds;
  stop_when_idle_and_join(start_group(1, NULL, NULL));
  files = open_descriptors();
  handle(SIGUSR1, on_stray_storm);
  for (i = 0; i < kThreads; ++i) threads[i] = start_thread(spawn_anywhere, 99 + i);
  storm = start_thread(storm_at_threads, 0);
  for (rounds = 0; now_seconds() < end || rounds < 4 || value_of(&handled) == 0; ++rounds) {
    const int how = rounds % 2 != 0 ? LWPX_STOP_NOW : LWPX_STOP_WHEN_IDLE;
    LWPX_GROUP const group = start_group(kMembers, rounds % 4 < 2 ? NULL : serve, NULL);
    for (i = 0; i < kMembers; ++i) {
      __atomic_store_n(&members[i].runtime, LWPX_RuntimeOf(group, i), __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&storming, 1, __ATOMIC_SEQ_CST);
    work((long)rounds * 7919 % 500000);
    stop_and_join(group, how);
    __atomic_store_n(&storming, 0, __ATOMIC_SEQ_CST);
    wait_for_value(&in_handler, 0);
    /* What had been sent ran before the end, unless that was to be at once. */
    if (how == LWPX_STOP_WHEN_IDLE) expect_int(members[0].ran, members[0].spawned);
    expect(members[0].ran <= members[0].spawned);
    members[0].ran = members[0].spawned = 0;
    expect_int(LWPX_Post(members[0].runtime, &ready), LWPX_ENORUNTIME);
  }
  closing = 1;
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  pthread_join(storm, NULL);
  expect_int(open_descriptors(), files);
}

/* --- signals that are caught on other kernel threads while their runtime ends */

static void ignore(int signo) { (void)signo; }

static void* spin(void* parm) {
  (void)parm;
  while (!closing) work(1000);
  return NULL;
}

/* On one core, where the runtime that a catcher wakes goes on, and ends, before the catcher does.
 */
static void share_one_core(void) {
  cpu_set_t cores;
  int core = 0;
  CPU_ZERO(&cores);
  expect_int(sched_getaffinity(0, sizeof cores, &cores), 0);
  while (!CPU_ISSET(core, &cores)) ++core;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  expect_int(sched_setaffinity(0, sizeof cores, &cores), 0);
}

CASE(a_signal_caught_elsewhere_does_not_find_a_runtime_that_has_ended) {
  const double end = now_seconds() + torture_seconds();
  pthread_t threads[kThreads], storm;
  long rounds;
  int i;
  main_is_spared = 1;
  share_one_core();
  handle(SIGUSR1, ignore);
  for (i = 0; i < kThreads; ++i) threads[i] = start_thread(spin, 0);
  storm = start_thread(storm_at_threads, 0);
  for (rounds = 0; now_seconds() < end; ++rounds) {
    expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
    expect_int(IOMGR_Initialize(), LWP_SUCCESS);
    slices_of(20);
    expect_int(IOMGR_Signal(SIGUSR1, (char*)&ready), LWP_SUCCESS);
    if (rounds % 4 != 0) expect_int(LWP_WaitProcess(&ready), LWP_SUCCESS);
    if (rounds % 3 == 0) expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_SUCCESS);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  closing = 1;
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  pthread_join(storm, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_end_while_others_send),
      cmocka_unit_test(a_signal_caught_elsewhere_does_not_find_a_runtime_that_has_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
