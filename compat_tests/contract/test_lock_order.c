/* SPDX-License-Identifier: MIT */
/*
 * test_lock_order.c - who gets a lock, and when: transcripts of LWPs that wait for one.
 *
 * Each LWP notes its name when it has the lock, with a capital, and yields once while it holds it;
 * then it releases and notes its name in small. So "R1 R2 r1 r2" are two readers at a time.
 */
#include <ctype.h>
#include <lwp/lock.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lwp_case.h"

static struct Lock lock;

static void obtain(char kind) {
  if (kind == 'R') ObtainReadLock(&lock);
  if (kind == 'W') ObtainWriteLock(&lock);
  if (kind == 'S') ObtainSharedLock(&lock);
}

static void release(char kind) {
  if (kind == 'R') ReleaseReadLock(&lock);
  if (kind == 'W') ReleaseWriteLock(&lock);
  if (kind == 'S') ReleaseSharedLock(&lock);
}

/* parm: what the LWP does, 'R', 'W' or 'S', and a digit. */
static void hold_once(void* parm) {
  const char* const name = (const char*)parm;
  obtain(name[0]);
  note("%s", name);
  LWP_DispatchProcess();
  release(name[0]);
  note("%c%s", tolower(name[0]), name + 1);
}

/* Starts one LWP per name; each runs until it holds the lock or waits for it. */
static void start(const char* first, const char* second, const char* third, const char* fourth) {
  const char* const names[] = {first, second, third, fourth};
  size_t i;
  for (i = 0; i < 4; ++i) {
    if (names[i] != NULL) spawn(names[i], 3, hold_once, (void*)(uintptr_t)names[i]);
  }
}

static void yield_often(void) {
  int i;
  for (i = 0; i < 30; ++i) LWP_DispatchProcess();
}

static void expect_lock(int wait_states, int excl_locked, int readers, int waiting) {
  expect_int(lock.wait_states, wait_states);
  expect_int(lock.excl_locked, excl_locked);
  expect_int(lock.readers_reading, readers);
  expect_int(lock.num_waiting, waiting);
}

CASE(writer_wakes_all_readers_then_one_writer_at_a_time) {
  host(3);
  obtain('W');
  start("R1", "W1", "R2", "W2");
  expect_lock(READ_LOCK | WRITE_LOCK, WRITE_LOCK, 0, 4);
  release('W');
  note("main");
  yield_often();
  expect_transcript("main R1 R2 r1 r2 W1 w1 W2 w2");
  expect_lock(0, 0, 0, 0);
}

CASE(last_reader_wakes_writers_first) {
  host(3);
  obtain('R');
  start("W1", "R1", NULL, NULL);
  expect_lock(READ_LOCK | WRITE_LOCK, 0, 1, 2);
  release('R');
  note("main");
  yield_often();
  expect_transcript("main W1 w1 R1 r1");
}

CASE(readers_share_until_somebody_waits_to_write) {
  host(3);
  obtain('R');
  start("R1", "W1", "R2", NULL);
  expect_lock(READ_LOCK | WRITE_LOCK, 0, 1, 2);
  release('R');
  yield_often();
  expect_transcript("R1 r1 W1 w1 R2 r2");
}

CASE(releaser_may_take_the_lock_again_before_the_awakened) {
  host(3);
  obtain('W');
  start("W1", NULL, NULL, NULL);
  release('W');
  expect_lock(0, 0, 0, 1);
  obtain('W');
  LWP_DispatchProcess();
  expect_lock(WRITE_LOCK, WRITE_LOCK, 0, 1);
  note("main");
  release('W');
  yield_often();
  expect_transcript("main W1 w1");
}

CASE(shared_lock_admits_readers_and_no_other) {
  host(3);
  obtain('S');
  start("R1", "S1", NULL, NULL);
  expect_lock(SHARED_LOCK, SHARED_LOCK, 0, 1);
  expect(lock.excl_locker == NULL);
  start("R2", NULL, NULL, NULL); /* behind S1 */
  expect_lock(READ_LOCK | SHARED_LOCK, SHARED_LOCK, 0, 2);
  release('S');
  yield_often();
  expect_transcript("R1 r1 R2 r2 S1 s1");
}

CASE(sharer_joins_readers_if_nobody_waits) {
  host(3);
  obtain('R');
  start("S1", NULL, NULL, NULL);
  expect_lock(0, SHARED_LOCK, 1, 0);
  start("W1", "S2", "R1", NULL);
  release('R');
  yield_often();
  expect_transcript("S1 s1 W1 w1 R1 r1 S2 s2");
}

CASE(obtaining_for_writing_again_is_not_counted) {
  const PROCESS self = host(3);
  obtain('W');
  obtain('W');
  expect_lock(0, WRITE_LOCK, 0, 0);
  expect(lock.excl_locker == self);
  release('W');
  expect_lock(0, 0, 0, 0);
}

CASE(writer_may_read_and_is_counted) {
  host(3);
  obtain('W');
  obtain('R');
  expect_lock(0, WRITE_LOCK, 1, 0);
  start("R1", NULL, NULL, NULL);
  release('W');
  expect_lock(0, 0, 1, 1);
  release('R');
  yield_often();
  expect_transcript("R1 r1");
}

CASE(release_never_switches) {
  host(3);
  obtain('W');
  start("R1", NULL, NULL, NULL);
  release('W');
  obtain('R');
  release('R');
  note("main");
  obtain('S');
  release('S');
  note("main");
  yield_often();
  expect_transcript("main main R1 r1");
}

#ifdef LWP_LWP_H /* not Coda's */

/* Coda forgets the owner here, and its release of the write lock aborts. */
CASE(writer_that_stops_reading_still_owns_the_lock) {
  const PROCESS self = host(3);
  obtain('W');
  obtain('R');
  start("W1", "R1", NULL, NULL);
  release('R');
  expect(lock.excl_locker == self);
  expect_lock(READ_LOCK | WRITE_LOCK, WRITE_LOCK, 0, 2);
  release('W');
  yield_often();
  expect_transcript("R1 r1 W1 w1");
}

/* Coda's lock remembers its last writer, who then passes for its owner. */
static void write_and_write_again(void* parm) {
  (void)parm;
  obtain('W');
  release('W');
  LWP_DispatchProcess(); /* main takes the lock */
  obtain('W');
  note("writer:%d", lock.excl_locked);
  release('W');
}

CASE(last_writer_has_no_right_to_a_shared_lock) {
  host(3);
  spawn("writer", 3, write_and_write_again, NULL);
  expect(lock.excl_locker == NULL);
  obtain('S');
  LWP_DispatchProcess(); /* the writer waits */
  expect_lock(WRITE_LOCK, SHARED_LOCK, 0, 1);
  release('S');
  obtain('S');
  LWP_DispatchProcess(); /* the writer looks, and waits again */
  expect_lock(WRITE_LOCK, SHARED_LOCK, 0, 1);
  note("main:%d", lock.excl_locked);
  release('S');
  yield_often();
  expect_transcript("main:4 writer:2");
}

CASE(destroyed_waiters_are_passed_over) {
  PROCESS writer;
  host(3);
  obtain('R');
  writer = spawn("W1", 3, hold_once, (void*)(uintptr_t) "W1");
  start("R1", NULL, NULL, NULL);
  expect_int(LWP_DestroyProcess(writer), LWP_SUCCESS);
  release('R');
  yield_often();
  expect_transcript("R1 r1");
}

#endif

/* --- LWPs that are destroyed when they have been woken, and have not run since */

/* These wait while `held` is, and the first is destroyed as soon as its release has woken it. */
static void destroy_first(char held, char* first, const char* second, char* urgent) {
  PROCESS pid;
  host(3);
  obtain(held);
  pid = spawn(first, 3, hold_once, first);
  start(second, NULL, NULL, NULL);
  if (urgent != NULL) spawn(urgent, 4, hold_once, urgent);
  release(held);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  yield_often();
}

CASE(writer_gets_the_lock_when_the_reader_that_was_woken_is_destroyed) {
  destroy_first('W', "R1", "W1", NULL);
  expect_transcript("W1 w1");
}

CASE(reader_gets_the_lock_when_the_writer_that_was_woken_is_destroyed) {
  destroy_first('R', "W1", "R1", NULL);
  expect_transcript("R1 r1");
}

CASE(reader_that_was_woken_goes_first_though_another_one_is_destroyed) {
  destroy_first('W', "R1", "R2", "W1");
  expect_transcript("R2 r2 W1 w1");
}

static void read_mapped(void* mapped) { ObtainReadLock((struct Lock*)mapped); }

CASE(lwp_that_was_woken_may_be_destroyed_when_the_lock_is_gone) {
  const size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void* const mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  PROCESS reader;
  host(3);
  ObtainWriteLock((struct Lock*)mapped);
  reader = spawn("reader", 3, read_mapped, mapped);
  ReleaseWriteLock((struct Lock*)mapped);
  expect_int(munmap(mapped, size), 0);
  expect_int(LWP_DestroyProcess(reader), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writer_wakes_all_readers_then_one_writer_at_a_time),
      cmocka_unit_test(last_reader_wakes_writers_first),
      cmocka_unit_test(readers_share_until_somebody_waits_to_write),
      cmocka_unit_test(releaser_may_take_the_lock_again_before_the_awakened),
      cmocka_unit_test(shared_lock_admits_readers_and_no_other),
      cmocka_unit_test(sharer_joins_readers_if_nobody_waits),
      cmocka_unit_test(obtaining_for_writing_again_is_not_counted),
      cmocka_unit_test(writer_may_read_and_is_counted),
      cmocka_unit_test(release_never_switches),
#ifdef LWP_LWP_H
      cmocka_unit_test(writer_that_stops_reading_still_owns_the_lock),
      cmocka_unit_test(last_writer_has_no_right_to_a_shared_lock),
      cmocka_unit_test(destroyed_waiters_are_passed_over),
#endif
      cmocka_unit_test(writer_gets_the_lock_when_the_reader_that_was_woken_is_destroyed),
      cmocka_unit_test(reader_gets_the_lock_when_the_writer_that_was_woken_is_destroyed),
      cmocka_unit_test(reader_that_was_woken_goes_first_though_another_one_is_destroyed),
      cmocka_unit_test(lwp_that_was_woken_may_be_destroyed_when_the_lock_is_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
