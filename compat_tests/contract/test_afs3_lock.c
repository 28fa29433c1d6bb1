/* SPDX-License-Identifier: MIT */
/* The AFS-3 dialect's locks: four bytes, no owner, and ways from one kind to another. */
#include <lock.h>
#include <lwp.h>
#include <lwp/lwpx.h>
#include <preempt.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "afs3_case.h"

static struct Lock lock;

static void expect_lock(int wait_states, int excl_locked, int readers, int waiting) {
  expect_int(lock.wait_states, wait_states);
  expect_int(lock.excl_locked, excl_locked);
  expect_int(lock.readers_reading, readers);
  expect_int(lock.num_waiting, waiting);
}

static void obtain(char kind) {
  if (kind == 'R') ObtainReadLock(&lock);
  if (kind == 'W') ObtainWriteLock(&lock);
  if (kind == 'S') ObtainSharedLock(&lock);
  if (kind == 'B') BoostSharedLock(&lock);
}

static void release(char kind) {
  if (kind == 'R') ReleaseReadLock(&lock);
  if (kind == 'W') ReleaseWriteLock(&lock);
  if (kind == 'S' || kind == 'B') ReleaseSharedLock(&lock);
}

/* The body of an LWP: holds the lock for one turn. Its name begins with the kind. */
static void* hold_once(void* parm) {
  const char* const name = (const char*)parm;
  obtain(name[0]);
  note("%s", name);
  LWP_DispatchProcess();
  release(name[0]);
  return NULL;
}

static void start(const char* name) { spawn(name, 2, hold_once, (void*)(uintptr_t)name); }

static void yield_often(void) {
  int i;
  for (i = 0; i < 30; ++i) LWP_DispatchProcess();
}

CASE(lock_has_four_bytes_and_init_touches_no_more) {
  struct Lock locks[2];
  expect_int(sizeof(struct Lock), 4);
  expect_int(offsetof(struct Lock, excl_locked), 1);
  expect_int(offsetof(struct Lock, readers_reading), 2);
  expect_int(offsetof(struct Lock, num_waiting), 3);
  memset(locks, 0x55, sizeof locks);
  Lock_Init(&locks[0]);
  ObtainWriteLock(&locks[0]);
  ReleaseWriteLock(&locks[0]);
  expect(memcmp(&locks[0], "\0\0\0\0\x55\x55\x55\x55", 8) == 0);
  Lock_Destroy(&locks[0]);
}

CASE(looking_at_a_lock) {
  expect_int(CheckLock(&lock), 0);
  obtain('R');
  obtain('R');
  expect_int(CheckLock(&lock), 2);
  expect_int(WriteLocked(&lock), 0);
  release('R');
  obtain('S');
  expect_int(CheckLock(&lock), -1);
  expect_int(SharedLocked(&lock), SHARED_LOCK);
  expect_int(WriteLocked(&lock), 0);
  release('R');
  release('S');
  obtain('W');
  expect_int(WriteLocked(&lock), WRITE_LOCK);
  expect_int(SharedLocked(&lock), 0);
  expect_int(LockWaiters(&lock), 0);
}

CASE(no_block_forms_tell_instead_of_waiting) {
  int code = 7;
  host(2);
  ObtainReadLockNoBlock(&lock, code);
  expect_int(code, 0);
  ObtainWriteLockNoBlock(&lock, code);
  expect_int(code, -1);
  ObtainSharedLockNoBlock(&lock, code);
  expect_int(code, 0);
  ObtainSharedLockNoBlock(&lock, code);
  expect_int(code, -1);
  expect_lock(0, SHARED_LOCK, 1, 0);
  ReleaseSharedLock(&lock);
  ReleaseReadLock(&lock);
  if (code != 0)
    ObtainWriteLockNoBlock(&lock, code); /* one statement, even here */
  else
    note("never");
  expect_int(code, 0);
  ObtainReadLockNoBlock(&lock, code);
  expect_int(code, -1);
  expect_lock(0, WRITE_LOCK, 0, 0);
}

CASE(no_block_forms_wait_behind_those_who_wait) {
  int code = 7;
  host(2);
  obtain('R');
  start("W1");
  ObtainReadLockNoBlock(&lock, code);
  expect_int(code, -1);
  ObtainSharedLockNoBlock(&lock, code);
  expect_int(code, -1);
}

CASE(writer_wakes_all_readers_then_one_writer_at_a_time) {
  host(2);
  obtain('W');
  start("R1");
  start("W1");
  start("R2");
  start("W2");
  expect_lock(READ_LOCK | WRITE_LOCK, WRITE_LOCK, 0, 4);
  release('W');
  yield_often();
  expect_transcript("R1 R2 W1 W2");
  expect_lock(0, 0, 0, 0);
}

CASE(last_reader_wakes_writers_first) {
  host(2);
  obtain('R');
  start("W1");
  start("R1");
  release('R');
  yield_often();
  expect_transcript("W1 R1");
}

static char event;

static void* read_until_the_event(void* unused) {
  obtain('R');
  LWP_WaitProcess(&event);
  note("reader");
  release('R');
  return unused;
}

static void* signal_the_event(void* unused) {
  expect_lock(WRITE_LOCK, SHARED_LOCK, 1, 1);
  LWP_SignalProcess(&event);
  return unused;
}

CASE(boosting_waits_for_the_readers) {
  host(2);
  spawn("reader", 2, read_until_the_event, NULL);
  spawn("low", 1, signal_the_event, NULL);
  obtain('S');
  BoostSharedLock(&lock);
  note("main");
  expect_transcript("reader main");
  expect_lock(0, WRITE_LOCK, 0, 0);
}

CASE(boosting_is_immediate_without_readers_and_can_be_undone) {
  host(2);
  obtain('S');
  BoostSharedLock(&lock);
  expect_lock(0, WRITE_LOCK, 0, 0);
  start("R1");
  start("W1");
  UnboostSharedLock(&lock);
  expect_lock(WRITE_LOCK, SHARED_LOCK, 0, 2);
  yield_often();
  expect_transcript("R1"); /* readers join a sharer, writers do not */
  release('S');
  yield_often();
  expect_transcript("W1");
  expect_lock(0, 0, 0, 0);
}

CASE(boosted_lock_is_released_as_shared) {
  obtain('S');
  BoostSharedLock(&lock);
  ReleaseSharedLock(&lock);
  expect_lock(0, 0, 0, 0);
}

CASE(converting_to_reading_wakes_readers_only) {
  host(2);
  obtain('W');
  start("W1");
  start("R1");
  start("R2");
  ConvertWriteToReadLock(&lock);
  expect_lock(WRITE_LOCK, 0, 1, 3);
  yield_often();
  expect_transcript("R1 R2");
  release('R');
  yield_often();
  expect_transcript("W1");
  expect_lock(0, 0, 0, 0);
}

static void* release_for_writing(void* unused) {
  release('W');
  return unused;
}

CASE(any_lwp_may_release) {
  host(2);
  obtain('W');
  start("W1");
  spawn("releaser", 2, release_for_writing, NULL);
  yield_often();
  expect_transcript("W1");
  expect_lock(0, 0, 0, 0);
}

CASE(releasing_what_is_not_held_does_nothing) {
  release('R');
  release('W');
  release('S');
  UnboostSharedLock(&lock);
  ConvertWriteToReadLock(&lock);
  expect_lock(0, 0, 0, 0);
  obtain('S');
  release('W');
  UnboostSharedLock(&lock);
  expect_lock(0, SHARED_LOCK, 0, 0);
}

CASE(obtain_by_number_takes_a_free_lock_at_once) {
  Afs_Lock_Obtain(&lock, SHARED_LOCK);
  expect_lock(0, SHARED_LOCK, 0, 0);
  Afs_Lock_Obtain(&lock, BOOSTED_LOCK);
  expect_lock(0, WRITE_LOCK, 0, 0);
  release('B');
  Afs_Lock_Obtain(&lock, READ_LOCK);
  expect_lock(0, 0, 1, 0);
  release('R');
  Afs_Lock_Obtain(&lock, WRITE_LOCK);
  expect_lock(0, WRITE_LOCK, 0, 0);
}

CASE(waking_by_hand) {
  host(2);
  obtain('W');
  start("R1");
  start("W1");
  lock.excl_locked = 0; /* as a macro of the program's own would */
  Afs_Lock_WakeupR(&lock);
  expect_lock(WRITE_LOCK, 0, 0, 2);
  yield_often();
  expect_transcript("R1 W1");
}

static void* release_and_wait(void* kind) {
  obtain(*(char*)kind);
  if (*(char*)kind == 'R') LWP_WaitProcessR(&event, &lock);
  if (*(char*)kind == 'W') LWP_WaitProcessW(&event, &lock);
  if (*(char*)kind == 'S') LWP_WaitProcessS(&event, &lock);
  note("%c", *(char*)kind);
  return NULL;
}

CASE(waiting_releases_the_lock_and_misses_no_signal) {
  static char kinds[] = "RWS";
  int i;
  host(2);
  for (i = 0; i < 3; ++i) {
    spawn("waiter", 2, release_and_wait, &kinds[i]);
    expect_lock(0, 0, 0, 0);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  }
  expect_transcript("R W S");
  obtain('W');
  LWP_WaitProcessW(NULL, &lock);
  expect_lock(0, 0, 0, 0);
}

static void* boost_for_ever(void* unused) {
  BoostSharedLock(&lock);
  note("never");
  return unused;
}

static void* wait_for_ever(void* unused) {
  obtain('R');
  LWP_WaitProcessR(&event, &lock);
  note("never");
  return unused;
}

CASE(cancellation_ends_each_wait_without_the_lock) {
  PROCESS waiters[3];
  int i;
  host(2);
  waiters[0] = spawn("wait", 2, wait_for_ever, NULL);
  obtain('R');
  waiters[1] = spawn("W1", 2, hold_once, (void*)(uintptr_t) "W1");
  waiters[2] = spawn("boost", 2, boost_for_ever, NULL);
  expect_lock(WRITE_LOCK, 0, 1, 2);
  for (i = 0; i < 3; ++i) expect_int(LWPX_Cancel(waiters[i]), LWP_SUCCESS);
  yield_often();
  expect_lock(0, 0, 1, 0);
  for (i = 0; i < 3; ++i) expect_int(LWP_DestroyProcess(waiters[i]), LWP_EBADPID);
  release('R');
  expect_lock(0, 0, 0, 0);
  expect_transcript("");
}

/* Half the LWPs write both halves of a pair under the lock, the others compare them. */
static volatile long left, right, rounds;

static void* use_the_pair(void* writes) {
  volatile int i;
  PRE_PreemptMe();
  for (;;) {
    if (writes != NULL) {
      ObtainSharedLock(&lock);
      BoostSharedLock(&lock);
      ++left;
      for (i = 0; i < 300; ++i) {
      }
      ++right;
      UnboostSharedLock(&lock);
      ReleaseSharedLock(&lock);
    } else {
      ObtainReadLock(&lock);
      for (i = 0; i < 300; ++i) {
        if (left != right) note("torn");
      }
      ReleaseReadLock(&lock);
    }
    ++rounds;
  }
  return NULL;
}

CASE(locks_hold_under_ticks) {
  struct timeval slice = {0, 100};
  static char writes;
  int i;
  host(2);
  for (i = 0; i < 3; ++i) {
    spawn("writer", 1, use_the_pair, &writes);
    spawn("reader", 1, use_the_pair, NULL);
  }
  expect_int(PRE_InitPreempt(&slice), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  for (i = 0; i < 20 || rounds < 2000; ++i) {
    struct timeval pause = {0, 10000};
    expect_int(IOMGR_Select(0, NULL, NULL, NULL, &pause), 0);
  }
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_transcript("");
}

static void obtain_seven(void) { Afs_Lock_Obtain(&lock, 7); }

static void unknown_kind_aborts(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(obtain_seven, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_string_equal(outcome.out, "Can't happen, bad LOCK type: 7\n");
}

static void obtain_twice(void) {
  obtain('W');
  obtain('W');
}

static void waiting_without_lwps_aborts(void** state) {
  struct outcome outcome;
  (void)state;
  child_case_observe(obtain_twice, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_non_null(strstr(outcome.err, "no LWP here that could wait"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lock_has_four_bytes_and_init_touches_no_more),
      cmocka_unit_test(looking_at_a_lock),
      cmocka_unit_test(no_block_forms_tell_instead_of_waiting),
      cmocka_unit_test(no_block_forms_wait_behind_those_who_wait),
      cmocka_unit_test(writer_wakes_all_readers_then_one_writer_at_a_time),
      cmocka_unit_test(last_reader_wakes_writers_first),
      cmocka_unit_test(boosting_waits_for_the_readers),
      cmocka_unit_test(boosting_is_immediate_without_readers_and_can_be_undone),
      cmocka_unit_test(boosted_lock_is_released_as_shared),
      cmocka_unit_test(converting_to_reading_wakes_readers_only),
      cmocka_unit_test(any_lwp_may_release),
      cmocka_unit_test(releasing_what_is_not_held_does_nothing),
      cmocka_unit_test(obtain_by_number_takes_a_free_lock_at_once),
      cmocka_unit_test(waking_by_hand),
      cmocka_unit_test(waiting_releases_the_lock_and_misses_no_signal),
      cmocka_unit_test(cancellation_ends_each_wait_without_the_lock),
      cmocka_unit_test(locks_hold_under_ticks),
      cmocka_unit_test(unknown_kind_aborts),
      cmocka_unit_test(waiting_without_lwps_aborts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
