/* SPDX-License-Identifier: MIT */
/*
 * torture_runtimes.c - runtimes that send to each other from LWPs, from signal handlers and from
 * kernel threads without LWPs, while all are preempted, start and end. Nothing is lost, nothing
 * comes twice, and nobody uses what has ended.
 */
#include <dirent.h>
#include <sched.h>
#include <signal.h>

#include "group_case.h"
#include "torture.h"

enum { kMembers = 3, kSendersEach = 4, kThreads = 2 };

static struct {
  LWPX_RUNTIME runtime;
  PROCESS taker;
  long given, taken;
  long mail, seen; /* an event is its address */
  long spawned, ran;
} members[kMembers];

static long ready, senders;
static volatile int closing;

static unsigned draw_from(unsigned* random, unsigned below) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % below;
}

/* --- what is sent */

static void run_shortly(void* counter) {
  PRE_PreemptMe();
  work(100);
  add((long*)counter, 1);
}

/* Whether the inbox had room. */
static int send_one(unsigned* random) {
  const int to = (int)draw_from(random, kMembers);
  LWPX_RUNTIME const runtime = __atomic_load_n(&members[to].runtime, __ATOMIC_SEQ_CST);
  int rc;
  switch (draw_from(random, 3)) {
    case 0:
      rc = LWPX_PostCredit(runtime, members[to].taker);
      if (rc == LWP_SUCCESS) add(&members[to].given, 1);
      break;
    case 1:
      rc = LWPX_SpawnOn(runtime, run_shortly, 0, 1 + (int)draw_from(random, 3), &members[to].ran,
                        "spawned");
      if (rc == LWP_SUCCESS) add(&members[to].spawned, 1);
      break;
    default:
      add(&members[to].mail, 1);
      /* Those that found no room are told by the next. */
      while ((rc = LWPX_Post(runtime, &members[to].mail)) == LWPX_EFULL && closing) sched_yield();
  }
  if (rc != LWP_SUCCESS) expect_int(rc, LWPX_EFULL);
  return rc == LWP_SUCCESS;
}

/* --- who sends */

static void send_as_lwp(void* parm) {
  unsigned random = (unsigned)(uintptr_t)parm;
  PRE_PreemptMe();
  while (!closing) {
    if (!send_one(&random) || draw_from(&random, 8) == 0) LWP_DispatchProcess();
    work((long)draw_from(&random, 1000));
  }
  add(&senders, -1);
}

static void* send_as_thread(void* parm) {
  unsigned random = (unsigned)(uintptr_t)parm;
  while (!closing) {
    if (!send_one(&random)) sched_yield();
    work((long)draw_from(&random, 5000));
  }
  return NULL;
}

static long storming, in_handler, handled;

/* Only credits and LWPs: what is mailed must be told, if need be by waiting. */
static void on_storm(int signo) {
  const int keep_errno = errno;
  int to;
  (void)signo;
  add(&in_handler, 1);
  if (value_of(&storming)) {
    to = (int)(add(&handled, 1) % kMembers);
    if (LWPX_PostCredit(members[to].runtime, members[to].taker) == LWP_SUCCESS) {
      add(&members[to].given, 1);
    }
    if (LWPX_SpawnOn(members[to].runtime, run_shortly, 0, 2, &members[to].ran, "h") ==
        LWP_SUCCESS) {
      add(&members[to].spawned, 1);
    }
  }
  add(&in_handler, -1);
  errno = keep_errno;
}

/* Hits each kernel thread in turn, those of runtimes too; or, if main is to be spared, all others.
 */
static volatile int main_is_spared;

static void* storm_at_threads(void* parm) {
  unsigned random = 5;
  (void)parm;
  while (!closing) {
    DIR* const threads = opendir("/proc/self/task");
    const struct dirent* entry;
    while ((entry = readdir(threads)) != NULL) {
      const int thread = atoi(entry->d_name);
      if (thread <= 0 || (main_is_spared && thread == getpid())) continue;
      (void)syscall(SYS_tgkill, getpid(), thread, SIGUSR1); /* it may have ended */
      if (!main_is_spared) work((long)draw_from(&random, 10000));
    }
    closedir(threads);
    if (draw_from(&random, 4) == 0) usleep(30);
  }
  return NULL;
}

static void handle(int signo, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signo, &action, NULL);
}

static pthread_t start_thread(void* (*body)(void*), intptr_t parm) {
  pthread_t thread;
  expect_int(pthread_create(&thread, NULL, body, (void*)parm), 0);
  return thread;
}

/* --- who receives */

static void take(void* parm) {
  long* const taken = (long*)parm;
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    add(taken, 1);
  }
}

/* In a section nothing is delivered between the look and the wait. */
static void read_mail(void* parm) {
  const int self = (int)(intptr_t)parm;
  PRE_BeginCritical();
  for (;;) {
    while (members[self].seen == value_of(&members[self].mail)) {
      LWP_WaitProcess(&members[self].mail);
    }
    add(&members[self].seen, 1);
  }
}

static void preempt_densely(void) {
  const char* const seed = getenv("LWP_TORTURE_SEED");
  if (seed != NULL) expect_int(PRE_ForcePreemption(strtoul(seed, NULL, 10), 3), LWP_SUCCESS);
  slices_of(20);
}

static void wait_for_value(long* value, long wanted) {
  while (value_of(value) != wanted) let_others_run();
}

static void be_a_member(void* arg, int index) {
  int i;
  (void)arg;
  members[index].runtime = LWPX_ThisRuntime();
  expect_int(LWP_CreateProcess(take, 0, 3, &members[index].taken, "taker", &members[index].taker),
             LWP_SUCCESS);
  expect_int(LWP_CreateProcess(read_mail, 0, 3, (void*)(intptr_t)index, "reader", NULL),
             LWP_SUCCESS);
  add(&ready, 1);
  while (value_of(&ready) < kMembers) let_others_run();
  for (i = 0; i < kSendersEach; ++i) {
    add(&senders, 1);
    expect_int(LWP_CreateProcess(send_as_lwp, 65536, 2, (void*)(intptr_t)(1 + index * 100 + i),
                                 "sender", NULL),
               LWP_SUCCESS);
  }
  preempt_densely();
  add(&ready, 1);
}

static int all_kinds_were_sent(void) {
  int i, all = value_of(&handled) > 0;
  for (i = 0; i < kMembers; ++i) {
    all &= value_of(&members[i].given) > 0 && value_of(&members[i].spawned) > 0 &&
           value_of(&members[i].mail) > 0;
  }
  return all;
}

CASE(everything_sent_between_runtimes_arrives_once) {
  LWPX_GROUP const group = start_group(kMembers, be_a_member, NULL);
  pthread_t threads[kThreads], storm;
  double end;
  int i;
  wait_for_value(&ready, 2 * kMembers);
  handle(SIGUSR1, on_storm);
  storming = 1;
  for (i = 0; i < kThreads; ++i) threads[i] = start_thread(send_as_thread, 7777 + i);
  storm = start_thread(storm_at_threads, 0);
  end = now_seconds() + torture_seconds();
  while (now_seconds() < end || !all_kinds_were_sent()) let_others_run();
  closing = 1;
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  pthread_join(storm, NULL);
  __atomic_store_n(&storming, 0, __ATOMIC_SEQ_CST);
  wait_for_value(&in_handler, 0);
  wait_for_value(&senders, 0);
  for (i = 0; i < kMembers; ++i) {
    while (LWPX_Post(members[i].runtime, &members[i].mail) == LWPX_EFULL) let_others_run();
    wait_for_value(&members[i].taken, members[i].given);
    wait_for_value(&members[i].ran, members[i].spawned);
    wait_for_value(&members[i].seen, members[i].mail);
  }
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWP_SUCCESS);
  join(group);
  for (i = 0; i < kMembers; ++i) {
    expect_int(members[i].taken, members[i].given);
    expect_int(members[i].ran, members[i].spawned);
    expect_int(members[i].seen, members[i].mail);
  }
}

/* --- timers that come and go: who sends to a runtime that runs without ticks turns them on */

static void change_slices(void* arg, int index) {
  unsigned random = 3;
  (void)arg;
  members[index].runtime = LWPX_ThisRuntime();
  add(&ready, 1);
  PRE_PreemptMe();
  while (!closing) {
    slices_of(20 + (long)draw_from(&random, 100));
    work((long)draw_from(&random, 3000)); /* alone, until something is sent */
    if (draw_from(&random, 2) == 0) expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  }
}

static void* spawn_as_thread(void* parm) {
  unsigned random = (unsigned)(uintptr_t)parm;
  while (!closing) {
    const int rc = LWPX_SpawnOn(members[0].runtime, run_shortly, 0, 2, &members[0].ran, "spawned");
    if (rc == LWP_SUCCESS) {
      add(&members[0].spawned, 1);
    } else if (rc != LWPX_EFULL) {
      expect_int(rc, LWPX_ENORUNTIME); /* the group has ended */
      expect(closing);
    }
    work((long)draw_from(&random, 20000));
  }
  return NULL;
}

CASE(slices_change_while_others_turn_ticks_on) {
  LWPX_GROUP const group = start_group(1, change_slices, NULL);
  pthread_t threads[kThreads];
  double end;
  int i;
  wait_for_value(&ready, 1);
  for (i = 0; i < kThreads; ++i) threads[i] = start_thread(spawn_as_thread, 33 + i);
  for (end = now_seconds() + torture_seconds(); now_seconds() < end;) let_others_run();
  closing = 1;
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  join(group);
  expect_int(members[0].ran, members[0].spawned);
}

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
      cmocka_unit_test(everything_sent_between_runtimes_arrives_once),
      cmocka_unit_test(slices_change_while_others_turn_ticks_on),
      cmocka_unit_test(groups_end_while_others_send),
      cmocka_unit_test(a_signal_caught_elsewhere_does_not_find_a_runtime_that_has_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
