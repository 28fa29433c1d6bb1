/* SPDX-License-Identifier: MIT */
/* test_runtimes_messages.c - what one runtime does to another: spawns, events, credits. */
#include "group_case.h"

#ifdef LWP_LWP_H /* Coda has one set of LWPs. */

enum { kMembers = 4 };

static long count;
static char event;

static void add_to(void* counter) { add(counter, 1); }

/* --- between members */

static PROCESS player[2];
enum { kRallies = 1000 };

static void play(void* arg, int index) {
  LWPX_RUNTIME other = LWPX_RuntimeOf(NULL, 1 - index);
  int i;
  __atomic_store_n(&player[index], LWP_ThisProcess(), __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&player[1 - index], __ATOMIC_SEQ_CST) == NULL) let_others_run();
  for (i = 0; i < kRallies; ++i) {
    if (index == 0) must_credit(other, player[1]);
    expect_int(LWP_QWait(), LWP_SUCCESS);
    add(arg, 1);
    if (index == 1) must_credit(other, player[0]);
  }
}

CASE(two_runtimes_play_ping_pong) {
  join(start_group(2, play, &count));
  expect_int(count, 2 * kRallies);
}

enum { kEach = 2000 };

static PROCESS receiver[kMembers];
static long received[kMembers];
static long ready;

static void receive(void* arg) {
  const int index = (int)(intptr_t)arg;
  int i;
  receiver[index] = LWP_ThisProcess();
  add(&ready, 1);
  for (i = 0; i < kMembers * kEach; ++i) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    ++received[index];
  }
}

static void send_to_all(void* arg, int index) {
  int i, k;
  (void)arg;
  spawn("receiver", LWP_NORMAL_PRIORITY, receive, (void*)(intptr_t)index);
  while (value_of(&ready) < kMembers) let_others_run();
  for (i = 0; i < kEach; ++i) {
    for (k = 0; k < kMembers; ++k) must_credit(LWPX_RuntimeOf(NULL, k), receiver[k]);
  }
}

CASE(credits_from_all_to_all_are_exact) {
  int i;
  join(start_group(kMembers, send_to_all, NULL));
  for (i = 0; i < kMembers; ++i) expect_int(received[i], kMembers * kEach);
}

static void spawn_on_all(void* arg, int index) {
  int i, k;
  (void)index;
  for (i = 0; i < 300; ++i) {
    for (k = 0; k < kMembers; ++k) must_spawn(LWPX_RuntimeOf(NULL, k), add_to, arg);
  }
}

CASE(a_storm_of_spawns_loses_none) {
  join(start_group_with_inbox(kMembers, 16, spawn_on_all, &count));
  expect_int(count, 300 * kMembers * kMembers);
}

static void pass_on(void* arg) {
  const intptr_t left = (intptr_t)arg;
  add(&count, 1);
  if (left == 0) return;
  must_spawn(LWPX_RuntimeOf(NULL, (int)(left % kMembers)), pass_on, (void*)(left - 1));
}

/* Nothing but a spawn on its way holds the group together. */
CASE(a_spawn_on_its_way_keeps_the_group_alive) {
  LWPX_GROUP group = start_group(kMembers, NULL, NULL);
  must_spawn(LWPX_RuntimeOf(group, 0), pass_on, (void*)(intptr_t)1500);
  stop_when_idle_and_join(group);
  expect_int(count, 1501);
}

/* --- order */

enum { kInOrder = 1000, kSenders = 3 };

static intptr_t last_seen[kSenders];

static void check_order(void* arg) {
  const intptr_t sender = (intptr_t)arg / kInOrder;
  expect_int((intptr_t)arg % kInOrder, last_seen[sender]);
  ++last_seen[sender];
}

static void* send_in_order(void* arg) {
  intptr_t i;
  for (i = 0; i < kInOrder; ++i) {
    must_spawn(LWPX_RuntimeOf(((void**)arg)[0], 0), check_order,
               (void*)((intptr_t)((void**)arg)[1] * kInOrder + i));
  }
  return NULL;
}

CASE(what_one_sender_sends_arrives_in_order) {
  LWPX_GROUP group = start_group_with_inbox(1, 64, NULL, NULL);
  pthread_t senders[kSenders];
  void* args[kSenders][2];
  intptr_t i;
  for (i = 0; i < kSenders; ++i) {
    args[i][0] = group;
    args[i][1] = (void*)i;
    pthread_create(&senders[i], NULL, send_in_order, args[i]);
  }
  for (i = 0; i < kSenders; ++i) pthread_join(senders[i], NULL);
  stop_when_idle_and_join(group);
  for (i = 0; i < kSenders; ++i) expect_int(last_seen[i], kInOrder);
}

/* --- when they arrive */

CASE(what_one_sends_to_itself_arrives_at_once) {
  PROCESS self = host(1);
  LWPX_RUNTIME here = LWPX_ThisRuntime();
  spawn("waiter", 2, wait_and_note, &event);
  expect_int(LWPX_Post(here, &event), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("waiter");
  expect_int(LWPX_PostCredit(here, self), LWP_SUCCESS);
  expect_int(LWP_QWait(), LWP_SUCCESS);
}

CASE(an_event_wakes_all_who_wait_and_is_not_kept) {
  host(1);
  expect_int(LWPX_Post(LWPX_ThisRuntime(), &event), LWP_SUCCESS);
  spawn("A", 1, wait_and_note, &event);
  spawn("B", 1, wait_and_note, &event);
  spawn("C", 1, wait_and_note, &count);
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(LWPX_Post(LWPX_ThisRuntime(), &event), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("A B");
}

static void yield_until_counted(void* arg, int index) {
  (void)index;
  while (value_of(arg) == 0) LWP_DispatchProcess();
}

CASE(a_runtime_whose_only_lwp_yields_takes_them) {
  LWPX_GROUP group = start_group(1, yield_until_counted, &count);
  must_spawn(LWPX_RuntimeOf(group, 0), add_to, &count);
  join(group);
}

static PROCESS sleeper;

static void sleep_until_sent(void* arg, int index) {
  (void)index;
  __atomic_store_n(&sleeper, LWP_ThisProcess(), __ATOMIC_SEQ_CST);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  add(arg, 1);
}

CASE(a_runtime_that_sleeps_wakes) {
  LWPX_GROUP group = start_group(1, sleep_until_sent, &count);
  while (__atomic_load_n(&sleeper, __ATOMIC_SEQ_CST) == NULL) let_others_run();
  let_others_run();
  expect_int(LWPX_PostCredit(LWPX_RuntimeOf(group, 0), sleeper), LWP_SUCCESS);
  join(group);
  expect_int(count, 1);
}

static pthread_barrier_t barrier;

static void block_the_kernel_thread(void* arg, int index) {
  (void)arg;
  (void)index;
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
}

static void fill_an_inbox(int wanted, int places) {
  LWPX_GROUP group;
  LWPX_RUNTIME runtime;
  int i;
  pthread_barrier_init(&barrier, NULL, 2);
  group = start_group_with_inbox(1, wanted, block_the_kernel_thread, NULL);
  runtime = LWPX_RuntimeOf(group, 0);
  pthread_barrier_wait(&barrier);
  for (i = 0; i < places; ++i) {
    expect_int(LWPX_SpawnOn(runtime, add_to, 0, 1, &count, "x"), LWP_SUCCESS);
  }
  for (i = 0; i < 3; ++i) {
    expect_int(LWPX_SpawnOn(runtime, add_to, 0, 1, &count, "x"), LWPX_EFULL);
    expect_int(LWPX_Post(runtime, &event), LWPX_EFULL);
    expect_int(LWPX_PostCredit(runtime, (PROCESS)&event), LWPX_EFULL);
  }
  pthread_barrier_wait(&barrier);
  join(group);
  expect_int(count, places);
}

CASE(a_full_inbox_is_told_and_keeps_what_it_has) { fill_an_inbox(3, 4); }

CASE(the_smallest_inbox_loses_nothing) { fill_an_inbox(1, 2); }

/* --- from outside */

static PROCESS sink;

static void take_credits(void* arg, int index) {
  long i;
  (void)index;
  __atomic_store_n(&sink, LWP_ThisProcess(), __ATOMIC_SEQ_CST);
  for (i = 0; i < 2 * kEach; ++i) LWP_QWait();
  add(arg, i);
}

static void* give_credits(void* arg) {
  int i;
  for (i = 0; i < kEach; ++i) must_credit(arg, sink);
  expect(LWP_ThisProcess() == NULL);
  expect(LWPX_ThisRuntime() == NULL);
  return NULL;
}

CASE(kernel_threads_without_lwps_may_send) {
  LWPX_GROUP group = start_group(1, take_credits, &count);
  pthread_t senders[2];
  int i;
  while (__atomic_load_n(&sink, __ATOMIC_SEQ_CST) == NULL) let_others_run();
  for (i = 0; i < 2; ++i) {
    pthread_create(&senders[i], NULL, give_credits, LWPX_RuntimeOf(group, 0));
  }
  for (i = 0; i < 2; ++i) pthread_join(senders[i], NULL);
  join(group);
  expect_int(count, 2 * kEach);
}

static void note_name(void* arg) { strcpy(arg, LWP_Name()); }

/* --- spawns without memory */

enum { kLargeStack = 256 << 20, kRoom = 64 << 20 };

static struct rlimit unlimited;

/* Enough for the rest, but not for a large stack. */
static void limit_memory(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &unlimited);
  limit = unlimited;
  limit.rlim_cur = (rlim_t)proc_value("/proc/self/status", "VmSize") * 1024 + kRoom;
  expect_int(setrlimit(RLIMIT_AS, &limit), 0);
}

static void spawn_large(LWPX_RUNTIME runtime) {
  expect_int(LWPX_SpawnOn(runtime, add_to, kLargeStack, 1, &count, "large"), LWP_SUCCESS);
}

static void wait_until_large_ones_have_run(long wanted) {
  expect_int(setrlimit(RLIMIT_AS, &unlimited), 0);
  while (value_of(&count) < wanted) let_others_run();
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "no limit", a_spawn_without_memory_does_not_hold_up_others) {
  long others = 0;
  LWPX_RUNTIME here;
  PROCESS creditor;
  host(1);
  here = LWPX_ThisRuntime();
  spawn("W", 1, wait_and_note, &event);
  creditor = spawn("C", 1, take_credit_and_note, NULL);
  limit_memory();
  spawn_large(here);
  expect_int(LWPX_Post(here, &event), LWP_SUCCESS);
  expect_int(LWPX_PostCredit(here, creditor), LWP_SUCCESS);
  spawn_large(here);
  expect_int(LWPX_SpawnOn(here, add_to, 0, 1, &others, "small"), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("W C");
  expect_int(others, 1);
  expect_int(count, 0);
  wait_until_large_ones_have_run(2);
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "no limit", a_spawn_without_memory_does_not_keep_a_sleeper_awake) {
  double cpu, elapsed;
  int i;
  host(1);
  LWPX_ThisRuntime();
  limit_memory();
  spawn_large(LWPX_ThisRuntime());
  cpu = cpu_seconds();
  elapsed = now_seconds();
  for (i = 0; i < 10; ++i) let_others_run();
  cpu = cpu_seconds() - cpu;
  elapsed = now_seconds() - elapsed;
  expect(cpu < elapsed / 2);
  wait_until_large_ones_have_run(1);
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "no limit", an_inbox_full_of_spawns_without_memory_is_told) {
  LWPX_GROUP group = start_group_with_inbox(1, 8, NULL, NULL);
  LWPX_RUNTIME there = LWPX_RuntimeOf(group, 0);
  long others = 0;
  int i;
  limit_memory();
  for (i = 0; i < 8; ++i) spawn_large(there);
  expect_int(LWPX_Post(there, &event), LWPX_EFULL);
  wait_until_large_ones_have_run(8);
  must_spawn(there, add_to, &others);
  stop_when_idle_and_join(group);
  expect_int(others, 1);
}

CASE(names_are_copied_and_cut) {
  const char* const longer = "0123456789012345678901234567890123456789";
  char name[3][64] = {"?", "?", "?"};
  host(1);
  expect_int(LWPX_SpawnOn(LWPX_ThisRuntime(), note_name, 0, 1, name[0], longer), LWP_SUCCESS);
  expect_int(LWPX_SpawnOn(LWPX_ThisRuntime(), note_name, 0, 1, name[1], "short"), LWP_SUCCESS);
  expect_int(LWPX_SpawnOn(LWPX_ThisRuntime(), note_name, 0, 1, name[2], NULL), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect(strlen(name[0]) == 31 && strncmp(name[0], longer, 31) == 0);
  expect(strcmp(name[1], "short") == 0);
  expect(strcmp(name[2], "") == 0);
}

CASE(bad_requests_are_refused) {
  LWPX_RUNTIME here;
  PROCESS gone;
  uintptr_t bits;
  expect_int(LWPX_Post(NULL, &event), LWPX_ENORUNTIME);
  expect_int(LWPX_Post((LWPX_RUNTIME)&here, &event), LWPX_ENORUNTIME);
  host(1);
  here = LWPX_ThisRuntime();
  for (bits = 1; bits != 0; bits <<= 1) {
    LWPX_RUNTIME wrong = (LWPX_RUNTIME)((uintptr_t)here ^ bits);
    expect_int(LWPX_Post(wrong, &event), LWPX_ENORUNTIME);
    expect_int(LWPX_PostCredit(wrong, LWP_ThisProcess()), LWPX_ENORUNTIME);
    expect_int(LWPX_SpawnOn(wrong, add_to, 0, 1, &count, "x"), LWPX_ENORUNTIME);
  }
  expect_int(LWPX_Post(here, NULL), LWP_EBADEVENT);
  expect_int(LWPX_PostCredit(here, NULL), LWP_EBADPID);
  expect_int(LWPX_SpawnOn(here, NULL, 0, 1, &count, "x"), LWP_ESYSTEM);
  expect_int(LWPX_SpawnOn(here, add_to, 0, -1, &count, "x"), LWP_EBADPRI);
  expect_int(LWPX_SpawnOn(here, add_to, 0, LWP_MAX_PRIORITY + 1, &count, "x"), LWP_EBADPRI);
  gone = spawn("gone", 1, add_to, &count);
  LWP_DispatchProcess();
  expect_int(LWPX_PostCredit(here, gone), LWP_SUCCESS);
  expect_int(LWPX_PostCredit(here, (PROCESS)&here), LWP_SUCCESS);
  expect_int(LWPX_SpawnOn(here, add_to, -5, 1, &count, "x"), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(count, 2);
}

/* --- and the end */

static LWPX_RUNTIME target;
static long accepted;
static long stop_sending;

static void* send_until_stopped(void* arg) {
  while (value_of(&stop_sending) == 0) {
    LWPX_RUNTIME runtime = __atomic_load_n(&target, __ATOMIC_SEQ_CST);
    const int rc = LWPX_SpawnOn(runtime, add_to, 0, 3, arg, "late");
    if (rc == LWP_SUCCESS) {
      add(&accepted, 1);
    } else {
      expect(rc == LWPX_EFULL || rc == LWPX_ENORUNTIME);
    }
    (void)LWPX_Post(runtime, &event);
  }
  return NULL;
}

static void start_and_stop_under_fire(int how, int rounds) {
  pthread_t senders[2];
  int i;
  for (i = 0; i < 2; ++i) pthread_create(&senders[i], NULL, send_until_stopped, &count);
  for (i = 0; i < rounds; ++i) {
    LWPX_GROUP group = start_group_with_inbox(2, 32, NULL, NULL);
    const long before = value_of(&accepted);
    __atomic_store_n(&target, LWPX_RuntimeOf(group, i % 2), __ATOMIC_SEQ_CST);
    while (value_of(&accepted) < before + 50) let_others_run();
    expect_int(LWPX_StopRuntimes(group, how), LWP_SUCCESS);
    join(group);
  }
  add(&stop_sending, 1);
  for (i = 0; i < 2; ++i) pthread_join(senders[i], NULL);
}

/* Whoever goes on sending keeps the group from being idle, so it is given a chance. */
CASE(stopping_under_fire_is_clean) {
  start_and_stop_under_fire(LWPX_STOP_NOW, 60);
  expect(count <= accepted);
}

static void* send_some(void* arg) {
  int i;
  for (i = 0; i < 300; ++i) {
    LWPX_RUNTIME runtime = __atomic_load_n(&target, __ATOMIC_SEQ_CST);
    if (LWPX_SpawnOn(runtime, add_to, 0, 3, arg, "late") == LWP_SUCCESS) add(&accepted, 1);
  }
  return NULL;
}

CASE(what_was_accepted_runs_before_an_idle_group_ends) {
  int round, i;
  for (round = 0; round < 60; ++round) {
    LWPX_GROUP group = start_group_with_inbox(2, 8, NULL, NULL);
    pthread_t senders[2];
    __atomic_store_n(&target, LWPX_RuntimeOf(group, round % 2), __ATOMIC_SEQ_CST);
    for (i = 0; i < 2; ++i) pthread_create(&senders[i], NULL, send_some, &count);
    stop_when_idle_and_join(group);
    for (i = 0; i < 2; ++i) pthread_join(senders[i], NULL);
    expect_int(value_of(&count), value_of(&accepted));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_runtimes_play_ping_pong),
      cmocka_unit_test(credits_from_all_to_all_are_exact),
      cmocka_unit_test(a_storm_of_spawns_loses_none),
      cmocka_unit_test(a_spawn_on_its_way_keeps_the_group_alive),
      cmocka_unit_test(what_one_sender_sends_arrives_in_order),
      cmocka_unit_test(what_one_sends_to_itself_arrives_at_once),
      cmocka_unit_test(an_event_wakes_all_who_wait_and_is_not_kept),
      cmocka_unit_test(a_runtime_whose_only_lwp_yields_takes_them),
      cmocka_unit_test(a_runtime_that_sleeps_wakes),
      cmocka_unit_test(a_full_inbox_is_told_and_keeps_what_it_has),
      cmocka_unit_test(the_smallest_inbox_loses_nothing),
      cmocka_unit_test(kernel_threads_without_lwps_may_send),
      cmocka_unit_test(a_spawn_without_memory_does_not_hold_up_others),
      cmocka_unit_test(a_spawn_without_memory_does_not_keep_a_sleeper_awake),
      cmocka_unit_test(an_inbox_full_of_spawns_without_memory_is_told),
      cmocka_unit_test(names_are_copied_and_cut),
      cmocka_unit_test(bad_requests_are_refused),
      cmocka_unit_test(stopping_under_fire_is_clean),
      cmocka_unit_test(what_was_accepted_runs_before_an_idle_group_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
