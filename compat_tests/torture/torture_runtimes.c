/* SPDX-License-Identifier: MIT */
/*
 * torture_runtimes.c - runtimes that send to each other from LWPs, from signal handlers and from
 * kernel threads without LWPs, while all are preempted. Nothing is lost, and nothing comes twice.
 */
#include <sched.h>

#include "runtime_storm.h"

enum { kSendersEach = 4 };

static long senders;

/* --- what is sent */

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_sent_between_runtimes_arrives_once),
      cmocka_unit_test(slices_change_while_others_turn_ticks_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
