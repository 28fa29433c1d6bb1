/* SPDX-License-Identifier: MIT */
/*
 * torture_locks.c - locks of all kinds under ticks, and under handlers that dispatch wherever they
 * come in: what a lock guards is exact, and nobody waits for ever.
 */
#include <lwp/lock.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "torture.h"

enum { kLocks = 3 };

/* What each lock guards: plain memory that a writer leaves torn for a while. */
static struct guarded {
  struct Lock lock;
  volatile long first;
  volatile long second;
  volatile int writers, sharers, readers;
} guarded[kLocks];

static volatile long writes;

static void idle(int times) {
  volatile int i;
  for (i = 0; i < times; ++i) {
  }
}

/* The counts are changed by single instructions, or under the lock: nothing else guards them. */
static void add(volatile int* count, int amount) {
  __atomic_fetch_add(count, amount, __ATOMIC_RELAXED);
}

static void read_it(struct guarded* it, struct worker* self) {
  long first;
  add(&it->readers, 1);
  expect_int(it->writers, 0);
  first = it->first;
  idle((int)draw(self, 40));
  if (draw(self, 8) == 0) LWP_DispatchProcess();
  expect_int(it->second, first);
  add(&it->readers, -1);
}

static void share_it(struct guarded* it, struct worker* self) {
  add(&it->sharers, 1);
  expect_int(it->sharers, 1);
  expect_int(it->writers, 0);
  expect_int(it->second, it->first);
  idle((int)draw(self, 40));
  expect_int(it->sharers, 1);
  add(&it->sharers, -1);
}

static void write_it(struct guarded* it, struct worker* self) {
  add(&it->writers, 1);
  expect_int(it->writers, 1);
  expect_int(it->readers, 0);
  expect_int(it->sharers, 0);
  ++it->first;
  idle((int)draw(self, 40));
  if (draw(self, 8) == 0) LWP_DispatchProcess();
  ++it->second;
  expect_int(it->writers, 1);
  add(&it->writers, -1);
  __atomic_fetch_add(&writes, 1, __ATOMIC_RELAXED);
}

static void one_lock(struct worker* self) {
  struct guarded* const it = &guarded[draw(self, kLocks)];
  switch (draw(self, 4)) {
    case 0:
      ObtainWriteLock(&it->lock);
      write_it(it, self);
      ReleaseWriteLock(&it->lock);
      break;
    case 1:
      ObtainSharedLock(&it->lock);
      share_it(it, self);
      ReleaseSharedLock(&it->lock);
      break;
    case 2:
      ObtainWriteLock(&it->lock); /* and in again */
      ObtainReadLock(&it->lock);
      ObtainWriteLock(&it->lock);
      ReleaseReadLock(&it->lock);
      write_it(it, self);
      ReleaseWriteLock(&it->lock);
      break;
    default:
      ObtainReadLock(&it->lock);
      read_it(it, self);
      ReleaseReadLock(&it->lock);
      break;
  }
}

static void two_locks(struct worker* self) {
  struct guarded* const one = &guarded[draw(self, kLocks)];
  struct guarded* const two = &guarded[draw(self, kLocks)];
  if (one == two) return;
  ObtainDualLock(&one->lock, WRITE_LOCK, &two->lock, READ_LOCK);
  write_it(one, self);
  read_it(two, self);
  ReleaseDualLock(&one->lock, WRITE_LOCK, &two->lock, READ_LOCK);
}

static void any(struct worker* self) {
  if (draw(self, 4) == 0) {
    two_locks(self);
  } else {
    one_lock(self);
  }
}

static void expect_all_free(void) {
  long sum = 0;
  int i;
  for (i = 0; i < kLocks; ++i) {
    const struct Lock* const lock = &guarded[i].lock;
    expect_int(lock->wait_states, 0);
    expect_int(lock->excl_locked, 0);
    expect_int(lock->readers_reading, 0);
    expect_int(lock->num_waiting, 0);
    expect(lock->excl_locker == NULL);
    expect_int(guarded[i].first, guarded[i].second);
    sum += guarded[i].first;
  }
  expect_int(sum, writes);
}

static void under_ticks(int lwps, long slice_us) {
  open_shop();
  hire(lwps, any);
  work_and_close(slice_us);
  expect_all_free();
}

CASE(few_lwps_under_ticks) { under_ticks(3, 50); }
CASE(many_lwps_under_ticks) { under_ticks(40, 50); }
CASE(locks_under_slow_ticks) { under_ticks(12, 1000); }

/* A handler may dispatch at any instant; inside the library the dispatch comes at its end. */
static volatile long dispatched;

static void dispatch_now(int signo) {
  (void)signo;
  ++dispatched;
  LWP_DispatchProcess();
}

static int has_dispatched_often(void) { return dispatched > 100; }

CASE(handlers_that_dispatch_and_ticks) {
  const long us = affordable_us() > 30 ? affordable_us() : 30;
  const struct itimerspec often = {{0, us * 1000}, {0, us * 1000}};
  struct sigaction action;
  struct sigevent notify;
  timer_t timer;
  memset(&action, 0, sizeof action);
  action.sa_handler = dispatch_now;
  action.sa_flags = SA_RESTART;
  expect_int(sigaction(SIGUSR1, &action, NULL), 0);
  memset(&notify, 0, sizeof notify);
  notify.sigev_notify = SIGEV_SIGNAL;
  notify.sigev_signo = SIGUSR1;
  expect_int(timer_create(CLOCK_MONOTONIC, &notify, &timer), 0);
  open_shop();
  hire(8, any);
  expect_int(timer_settime(timer, 0, &often, NULL), 0);
  seen_enough = has_dispatched_often;
  work_and_close(50);
  timer_delete(timer);
  expect_all_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(few_lwps_under_ticks),
      cmocka_unit_test(many_lwps_under_ticks),
      cmocka_unit_test(locks_under_slow_ticks),
      cmocka_unit_test(handlers_that_dispatch_and_ticks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
