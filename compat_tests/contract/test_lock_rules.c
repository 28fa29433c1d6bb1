/* SPDX-License-Identifier: MIT */
/* test_lock_rules.c - layout and codes of locks, and what is forbidden. */
#include <lwp/lock.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "lwp_case.h"

#if defined(__LP64__)
_Static_assert(sizeof(struct Lock) == 16, "as in programs that are linked already");
_Static_assert(offsetof(struct Lock, wait_states) == 0, "");
_Static_assert(offsetof(struct Lock, excl_locked) == 1, "");
_Static_assert(offsetof(struct Lock, readers_reading) == 2, "");
_Static_assert(offsetof(struct Lock, num_waiting) == 3, "");
_Static_assert(offsetof(struct Lock, excl_locker) == 8, "");
#endif
_Static_assert(READ_LOCK == 1 && WRITE_LOCK == 2 && SHARED_LOCK == 4, "");

static Lock lock, other; /* zeros: free */
static struct outcome outcome;

/* But for the owner, whom Coda keeps. */
static int is_free(const struct Lock* l) {
  return l->wait_states == 0 && l->excl_locked == 0 && l->readers_reading == 0 &&
         l->num_waiting == 0;
}

CASE(init_frees_any_lock) {
  memset(&lock, 0xff, sizeof lock);
  Lock_Init(&lock);
  expect(is_free(&lock));
  expect(lock.excl_locker == NULL);
}

CASE(check_tells_how_a_lock_is_held) {
  host(3);
  expect_int(CheckLock(&lock), 0);
  expect_int(WriteLocked(&lock), 0);
  ObtainReadLock(&lock);
  ObtainReadLock(&lock);
  expect_int(CheckLock(&lock), 2);
  expect_int(WriteLocked(&lock), 0);
  ObtainSharedLock(&lock);
  expect_int(CheckLock(&lock), -1);
  expect_int(WriteLocked(&lock), 1);
  ReleaseReadLock(&lock);
  ReleaseReadLock(&lock);
  ReleaseSharedLock(&lock);
  expect_int(CheckLock(&lock), 0);
  ObtainWriteLock(&lock);
  expect_int(CheckLock(&lock), -1);
  expect_int(WriteLocked(&lock), 1);
  ReleaseWriteLock(&lock);
  expect(is_free(&lock));
}

CASE(free_locks_are_obtained_before_init) {
  ObtainWriteLock(&lock);
  ObtainWriteLock(&lock);
  ReleaseWriteLock(&lock);
  ObtainReadLock(&lock);
  ObtainSharedLock(&lock);
  expect_int(CheckLock(&lock), -1);
  ReleaseSharedLock(&lock);
  expect_int(CheckLock(&lock), 1);
  ReleaseReadLock(&lock);
  expect(is_free(&lock));
}

CASE(write_release_of_a_shared_lock_does_nothing) {
  host(3);
  ObtainSharedLock(&lock);
  ReleaseWriteLock(&lock);
  expect_int(lock.excl_locked, SHARED_LOCK);
}

CASE(shared_release_of_a_write_lock_frees_it) {
  host(3);
  ObtainWriteLock(&lock);
  ReleaseSharedLock(&lock);
  expect(is_free(&lock));
}

static void take_both(void* parm) {
  struct Lock* const* const order = (struct Lock* const*)parm;
  int i;
  for (i = 0; i < 3; ++i) {
    ObtainDualLock(order[0], WRITE_LOCK, order[1], WRITE_LOCK);
    LWP_DispatchProcess();
    ReleaseDualLock(order[0], WRITE_LOCK, order[1], WRITE_LOCK);
  }
  note("%s", LWP_Name());
}

CASE(two_locks_are_obtained_in_one_order) {
  struct Lock* const forth[] = {&lock, &other};
  struct Lock* const back[] = {&other, &lock};
  int i;
  host(3);
  spawn("forth", 3, take_both, (void*)(uintptr_t)forth);
  spawn("back", 3, take_both, (void*)(uintptr_t)back);
  for (i = 0; i < 30; ++i) LWP_DispatchProcess();
  expect_transcript("forth back");
  expect(is_free(&lock) && is_free(&other));
}

CASE(two_locks_may_be_of_different_kinds) {
  host(3);
  ObtainDualLock(&other, READ_LOCK, &lock, SHARED_LOCK);
  expect_int(other.readers_reading, 1);
  expect_int(lock.excl_locked, SHARED_LOCK);
  ReleaseDualLock(&other, READ_LOCK, &lock, SHARED_LOCK);
  expect(is_free(&lock) && is_free(&other));
  ObtainDualLock(&other, (enum lock_how)0, &lock, (enum lock_how)6);
  expect(is_free(&lock) && is_free(&other));
}

static void obtain_unknown_kind(void) {
  host(3);
  Lock_Obtain(&lock, 6);
}

static void unknown_kind_aborts(void** state) {
  (void)state;
  child_case_observe(obtain_unknown_kind, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_string_equal(outcome.err, "Can't happen, bad LOCK type: 6\n");
}

/* And stays alive: Coda's later LWPs may get the handle, and the rights, of one that has ended. */
static void obtain_for_writing(void* unused) {
  (void)unused;
  ObtainWriteLock(&lock);
  LWP_WaitProcess(&other);
}

static void release_anothers_lock(void) {
  host(3);
  spawn("owner", 3, obtain_for_writing, NULL);
  spawn("waiter", 3, obtain_for_writing, NULL);
  ReleaseWriteLock(&lock);
}

static void releasing_anothers_lock_while_somebody_waits_aborts(void** state) {
  (void)state;
  child_case_observe(release_anothers_lock, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
}

CASE(releasing_anothers_lock_is_allowed_if_nobody_waits) {
  host(3);
  spawn("owner", 3, obtain_for_writing, NULL);
  expect_int(lock.excl_locked, WRITE_LOCK);
  ReleaseWriteLock(&lock);
  expect(is_free(&lock));
}

static void wait_for_oneself(void) {
  host(3);
  ObtainReadLock(&lock);
  ObtainWriteLock(&lock);
}

static void waiting_for_oneself_is_a_deadlock(void** state) {
  (void)state;
  child_case_observe(wait_for_oneself, &outcome);
  assert_int_equal(outcome.exit_status, 1);
  assert_non_null(strstr(outcome.out, "Possible deadlock"));
}

#ifdef LWP_LWP_H /* not Coda's */

CASE(kinds_are_obtained_by_number) {
  const int kinds[] = {READ_LOCK, SHARED_LOCK};
  host(3);
  Lock_Obtain(&lock, kinds[0]);
  Lock_Obtain(&lock, kinds[1]);
  expect_int(lock.readers_reading, 1);
  expect_int(lock.excl_locked, SHARED_LOCK);
}

CASE(releasing_a_free_lock_does_nothing) {
  host(3);
  ReleaseReadLock(&lock);
  ReleaseWriteLock(&lock);
  ReleaseSharedLock(&lock);
  expect(is_free(&lock));
}

CASE(same_lock_twice_is_written_first) {
  host(3);
  ObtainDualLock(&lock, READ_LOCK, &lock, WRITE_LOCK);
  expect_int(lock.excl_locked, WRITE_LOCK);
  expect_int(lock.readers_reading, 1);
  ReleaseDualLock(&lock, READ_LOCK, &lock, WRITE_LOCK);
  expect(is_free(&lock));
}

CASE(owner_is_known_only_while_it_writes) {
  const PROCESS self = host(3);
  ObtainWriteLock(&lock);
  expect(lock.excl_locker == self);
  ReleaseWriteLock(&lock);
  expect(lock.excl_locker == NULL);
}

static void wait_before_init(void) {
  ObtainReadLock(&lock);
  ObtainWriteLock(&lock);
}

static void waiting_before_init_aborts(void** state) {
  (void)state;
  child_case_observe(wait_before_init, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_non_null(strstr(outcome.err, "is not free"));
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(init_frees_any_lock),
      cmocka_unit_test(check_tells_how_a_lock_is_held),
      cmocka_unit_test(free_locks_are_obtained_before_init),
      cmocka_unit_test(write_release_of_a_shared_lock_does_nothing),
      cmocka_unit_test(shared_release_of_a_write_lock_frees_it),
      cmocka_unit_test(two_locks_are_obtained_in_one_order),
      cmocka_unit_test(two_locks_may_be_of_different_kinds),
      cmocka_unit_test(unknown_kind_aborts),
      cmocka_unit_test(releasing_anothers_lock_while_somebody_waits_aborts),
      cmocka_unit_test(releasing_anothers_lock_is_allowed_if_nobody_waits),
      cmocka_unit_test(waiting_for_oneself_is_a_deadlock),
#ifdef LWP_LWP_H
      cmocka_unit_test(kinds_are_obtained_by_number),
      cmocka_unit_test(releasing_a_free_lock_does_nothing),
      cmocka_unit_test(same_lock_twice_is_written_first),
      cmocka_unit_test(owner_is_known_only_while_it_writes),
      cmocka_unit_test(waiting_before_init_aborts),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
