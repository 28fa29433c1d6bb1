/* SPDX-License-Identifier: MIT */
/* test_lock_limits.c - more readers and more waiters than the one-byte counters of a lock can tell.
 */
#include <lwp/lock.h>

#include "lwp_case.h"

#ifdef LWP_LWP_H /* Coda's counters wrap. */

static Lock lock; /* zeros: free */

enum { kMost = 255, kTooMany = 20 };

static int reading;

static void read_once(void* unused) {
  (void)unused;
  ObtainReadLock(&lock);
  ++reading;
  LWP_WaitProcess(&reading);
  --reading;
  ReleaseReadLock(&lock);
}

static void yield_times(int times) {
  while (times-- > 0) LWP_DispatchProcess();
}

CASE(one_reader_too_many_waits_for_another_to_leave) {
  int i;
  host(3);
  for (i = 0; i < kMost; ++i) ObtainReadLock(&lock);
  expect_int(CheckLock(&lock), kMost);
  for (i = 0; i < kTooMany; ++i) spawn("reader", 3, read_once, NULL);
  expect_int(reading, 0);
  expect_int(lock.num_waiting, kTooMany);
  for (i = 0; i < kTooMany; ++i) {
    ReleaseReadLock(&lock);
    yield_times(2);
    expect_int(reading, i + 1);
    expect_int(CheckLock(&lock), kMost);
  }
  LWP_NoYieldSignal(&reading);
  yield_times(2);
  expect_int(CheckLock(&lock), kMost - kTooMany);
  for (i = 0; i < kMost - kTooMany; ++i) ReleaseReadLock(&lock);
  expect(CheckLock(&lock) == 0 && lock.num_waiting == 0 && lock.wait_states == 0);
}

static void write_for_ever(void* unused) {
  (void)unused;
  ObtainWriteLock(&lock);
  LWP_WaitProcess(&lock);
}

CASE(writer_goes_before_readers_that_were_too_many) {
  int i;
  host(3);
  for (i = 0; i < kMost; ++i) ObtainReadLock(&lock);
  spawn("reader", 3, read_once, NULL);
  spawn("writer", 3, write_for_ever, NULL);
  for (i = 0; i < kMost; ++i) {
    expect_int(reading, 0);
    ReleaseReadLock(&lock);
    yield_times(2);
  }
  expect_int(WriteLocked(&lock), 1);
  expect_int(reading, 0);
}

CASE(more_waiters_than_fit_are_all_served) {
  int i;
  host(3);
  ObtainWriteLock(&lock);
  for (i = 0; i < 2 * kMost; ++i) spawn("reader", 3, read_once, NULL);
  expect_int(lock.num_waiting, kMost);
  ReleaseWriteLock(&lock);
  for (i = 0; i < 8; ++i) {
    yield_times(3);
    LWP_NoYieldSignal(&reading);
  }
  yield_times(3);
  expect_int(reading, 0);
  expect(CheckLock(&lock) == 0 && lock.num_waiting == 0 && lock.wait_states == 0);
}

#endif

int main(void) {
#ifdef LWP_LWP_H
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_reader_too_many_waits_for_another_to_leave),
      cmocka_unit_test(writer_goes_before_readers_that_were_too_many),
      cmocka_unit_test(more_waiters_than_fit_are_all_served),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
#else
  return 0;
#endif
}
