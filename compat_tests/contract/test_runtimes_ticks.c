/* SPDX-License-Identifier: MIT */
/* test_runtimes_ticks.c - runtimes under preemption, and requests made by signal handlers. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

#include <signal.h>
#include <sys/time.h>

#include "ticks.h"

enum { kMembers = 2 };

static long count;
static long ready;
static long turns[kMembers][2];

/* --- ticks in each runtime at once */

static volatile int enough;

static void spin(void* counter) {
  PRE_PreemptMe();
  while (!enough) ++*(volatile long*)counter;
}

static void spin_two(void* arg, int index) {
  (void)arg;
  slices_of(1000);
  PRE_PreemptMe();
  spawn("first", LWP_NORMAL_PRIORITY, spin, &turns[index][0]);
  spawn("second", LWP_NORMAL_PRIORITY, spin, &turns[index][1]);
  while (*(volatile long*)&turns[index][0] == 0 || *(volatile long*)&turns[index][1] == 0) {
  }
  add(&ready, 1);
}

CASE(endless_loops_share_each_core) {
  LWPX_GROUP group = start_group(kMembers, spin_two, NULL);
  while (value_of(&ready) < kMembers) let_others_run();
  enough = 1;
  join(group);
}

/* A loop that calls nothing, alone: its ticks are off until somebody sends something. */
static void spin_until_spawned(void* arg, int index) {
  (void)index;
  slices_of(1000);
  PRE_PreemptMe();
  add(&ready, 1);
  while (__atomic_load_n((long*)arg, __ATOMIC_RELAXED) == 0) {
  }
}

static void add_to(void* counter) { add(counter, 1); }

CASE(a_spawn_preempts_a_loop_that_was_alone) {
  LWPX_GROUP group = start_group(1, spin_until_spawned, &count);
  while (value_of(&ready) == 0) let_others_run();
  let_others_run();
  must_spawn(LWPX_RuntimeOf(group, 0), add_to, &count);
  join(group);
  expect_int(count, 1);
}

static void spin_until_nine(void* arg, int index) {
  (void)index;
  slices_of(500);
  PRE_PreemptMe();
  add(&ready, 1);
  while (__atomic_load_n((long*)arg, __ATOMIC_RELAXED) < 9) {
  }
}

/* Requests that follow each other closely must not put the tick off for ever. */
CASE(requests_in_close_order_do_not_put_the_tick_off) {
  LWPX_GROUP group = start_group_with_inbox(1, 1 << 16, spin_until_nine, &count);
  LWPX_RUNTIME runtime = LWPX_RuntimeOf(group, 0);
  while (value_of(&ready) == 0) let_others_run();
  while (value_of(&count) < 9) {
    static char nobody;
    const int rc = LWPX_SpawnOn(runtime, add_to, 0, LWP_NORMAL_PRIORITY, &count, "spawned");
    if (rc == LWPX_ENORUNTIME) break; /* the ninth has come meanwhile, and all has ended */
    expect(rc == LWP_SUCCESS || rc == LWPX_EFULL);
    (void)LWPX_Post(runtime, &nobody);
  }
  join(group);
  expect(value_of(&count) >= 9);
}

/* In a section the tick is owed, and at its end the request is taken. */
static void spin_in_section(void* arg, int index) {
  long rounds;
  (void)index;
  slices_of(500);
  PRE_PreemptMe();
  add(&ready, 1);
  for (rounds = 0; __atomic_load_n((long*)arg, __ATOMIC_RELAXED) == 0; ++rounds) {
    PRE_BeginCritical();
    work(1000);
    PRE_EndCritical();
  }
}

CASE(a_loop_of_sections_takes_requests) {
  LWPX_GROUP group = start_group(1, spin_in_section, &count);
  while (value_of(&ready) == 0) let_others_run();
  must_spawn(LWPX_RuntimeOf(group, 0), add_to, &count);
  join(group);
}

CASE(stop_now_ends_endless_loops_under_ticks) {
  LWPX_GROUP group = start_group(kMembers, spin_until_spawned, &count);
  while (value_of(&ready) < kMembers) let_others_run();
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWP_SUCCESS);
  join(group);
  expect_int(count, 0);
}

static LWPX_RUNTIME target;
static long posted;
static long woken;

static void* post_to_target(void* event) {
  expect_int(LWPX_Post(target, event), LWP_SUCCESS);
  add(&posted, 1);
  return NULL;
}

static void wait_and_count(void* event) {
  expect_int(LWP_WaitProcess(event), LWP_SUCCESS);
  add(&woken, 1);
}

CASE(the_first_tick_after_a_request_gives_the_processor_to_whom_it_wakes) {
  pthread_t sender;
  host(LWP_NORMAL_PRIORITY);
  target = LWPX_ThisRuntime();
  slices_by_hand();
  spawn("waiter", LWP_NORMAL_PRIORITY, wait_and_count, &count);
  PRE_PreemptMe();
  expect_int(pthread_create(&sender, NULL, post_to_target, &count), 0);
  while (value_of(&posted) == 0) {
  }
  expect_int(woken, 0);
  tick_here();
  expect_int(value_of(&woken), 1);
  pthread_join(sender, NULL);
}

/* --- signal handlers as senders */

static PROCESS taker;
static long given;
static long interrupted;

static void give_from_handler(int signo) {
  const int keep = errno;
  (void)signo;
  errno = 12345;
  if (LWPX_PostCredit(target, taker) == LWP_SUCCESS) add(&given, 1);
  if (LWPX_SpawnOn(target, add_to, 0, LWP_NORMAL_PRIORITY, &count, "h") == LWP_SUCCESS) {
    add(&interrupted, 1);
  }
  expect_int(errno, 12345);
  errno = keep;
}

static void signal_every(long us) {
  const struct itimerval often = {{0, us}, {0, us}};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = give_from_handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGVTALRM, &action, NULL);
  setitimer(ITIMER_VIRTUAL, &often, NULL);
}

static void signals_off(void) {
  const struct itimerval off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_VIRTUAL, &off, NULL);
}

static long taken;

static void take_all(void* arg) {
  (void)arg;
  __atomic_store_n(&taker, LWP_ThisProcess(), __ATOMIC_SEQ_CST);
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    add(&taken, 1);
  }
}

/* The handler hits both kernel threads wherever they are: sending, taking, asleep. */
CASE(handlers_may_send_at_any_instant) {
  LWPX_GROUP group = start_group_with_inbox(1, 256, NULL, NULL);
  long sent = 0, spawned = 0, i;
  target = LWPX_RuntimeOf(group, 0);
  must_spawn(target, take_all, NULL);
  while (__atomic_load_n(&taker, __ATOMIC_SEQ_CST) == NULL) let_others_run();
  signal_every(1000);
  for (i = 0; value_of(&given) < 200 || value_of(&interrupted) < 200; ++i) {
    if (LWPX_PostCredit(target, taker) == LWP_SUCCESS) ++sent;
    if (LWPX_SpawnOn(target, add_to, 0, 3, &count, "x") == LWP_SUCCESS) ++spawned;
    /* An inbox that is always full has no place for handlers. */
    while (value_of(&taken) + value_of(&count) + 128 < sent + spawned) work(100);
  }
  signals_off();
  while (value_of(&taken) < sent + value_of(&given)) let_others_run();
  while (value_of(&count) < spawned + value_of(&interrupted)) let_others_run();
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_NOW), LWP_SUCCESS);
  join(group);
  expect_int(taken, sent + given);
  expect_int(count, spawned + interrupted);
}

/* The library is interrupted on the very runtime to which the handler sends. */
CASE(a_handler_may_send_to_the_runtime_that_it_interrupts) {
  long i;
  host(LWP_NORMAL_PRIORITY);
  target = LWPX_ThisRuntime();
  spawn("taker", LWP_NORMAL_PRIORITY, take_all, NULL);
  signal_every(1000);
  for (i = 0; value_of(&given) < 100; ++i) LWP_DispatchProcess();
  signals_off();
  while (value_of(&taken) < value_of(&given)) LWP_DispatchProcess();
  while (value_of(&count) < value_of(&interrupted)) LWP_DispatchProcess();
  expect_int(taken, given);
}

static void post_once(int signo) {
  (void)signo;
  expect_int(LWPX_Post(target, &count), LWP_SUCCESS);
}

CASE(a_handler_wakes_a_runtime_that_sleeps) {
  struct sigaction action;
  const struct itimerval soon = {{0, 20000}, {0, 20000}}; /* an event may come too early */
  memset(&action, 0, sizeof action);
  action.sa_handler = post_once;
  sigaction(SIGALRM, &action, NULL);
  host(LWP_NORMAL_PRIORITY);
  target = LWPX_ThisRuntime();
  setitimer(ITIMER_REAL, &soon, NULL);
  expect_int(LWP_WaitProcess(&count), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(endless_loops_share_each_core),
      cmocka_unit_test(a_spawn_preempts_a_loop_that_was_alone),
      cmocka_unit_test(requests_in_close_order_do_not_put_the_tick_off),
      cmocka_unit_test(a_loop_of_sections_takes_requests),
      cmocka_unit_test(stop_now_ends_endless_loops_under_ticks),
      cmocka_unit_test(the_first_tick_after_a_request_gives_the_processor_to_whom_it_wakes),
      cmocka_unit_test(handlers_may_send_at_any_instant),
      cmocka_unit_test(a_handler_may_send_to_the_runtime_that_it_interrupts),
      cmocka_unit_test(a_handler_wakes_a_runtime_that_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
