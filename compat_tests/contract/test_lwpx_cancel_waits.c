/* SPDX-License-Identifier: MIT */
/* test_lwpx_cancel_waits.c - what a cancellation ends, and what it leaves alone. */
#include <lwp/lock.h>

#include "io_case.h"

static char event, other_event;
static struct Lock lock;
static int ends[2];

static void cleanup(void* name) { note("clean-%s", (const char*)name); }

static int gone(PROCESS pid) {
  int priority;
  return LWP_GetProcessPriority(pid, &priority) == LWP_EBADPID;
}

/* --- what a cancellation ends; each waits in another call, and would note that it came back */

static void wait_one(void) { LWP_WaitProcess(&event); }
static void wait_many(void) {
  const void* list[] = {&event, &other_event, &event, NULL};
  LWP_MwaitProcess(2, list);
}
static void wait_credit(void) { LWP_QWait(); }
static void wait_until(void) {
  struct timespec late = us_from_now(600000000);
  LWPX_WaitProcessUntil(&event, &late);
}
static void sleep_for_ever(void) { LWPX_Sleep(NULL); }
static void wait_select(void) {
  fd_set set;
  set_of_one(&set, ends[0]);
  IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL);
}
static void wait_poll(void) {
  struct pollfd look[20];
  int i;
  for (i = 0; i < 20; ++i) {
    look[i].fd = ends[0];
    look[i].events = POLLIN;
  }
  LWPX_Poll(look, 20, NULL);
}
static void wait_read(void) {
  char byte;
  LWPX_Read(ends[0], &byte, 1);
}
static void wait_receive_all(void) {
  char bytes[100];
  LWPX_Recv(ends[0], bytes, sizeof bytes, MSG_WAITALL);
}
static void wait_for_lock(void) { ObtainWriteLock(&lock); }
static void wait_to_read_lock(void) { ObtainReadLock(&lock); }
static void wait_to_share_lock(void) { ObtainSharedLock(&lock); }

static void (*const waits[])(void) = {
    wait_one,  wait_many, wait_credit,      wait_until,    wait_select,       sleep_for_ever,
    wait_poll, wait_read, wait_receive_all, wait_for_lock, wait_to_read_lock, wait_to_share_lock};
#define WAITS ((int)(sizeof waits / sizeof waits[0]))

static void wait_and_tell(void* wait) {
  struct LWPX_Cleanup place;
  LWPX_PushCleanup(&place, cleanup, "W");
  (*(void (*const*)(void))wait)();
  note("back");
}

static void prepare_waits(void) {
  start_with_io();
  stream_pair(ends);
  ObtainWriteLock(&lock);
}

CASE(every_wait_is_ended) {
  int i;
  prepare_waits();
  for (i = 0; i < WAITS; ++i) {
    PROCESS pid = spawn("W", 3, wait_and_tell, (void*)&waits[i]);
    pause_ms(1);
    note("%d", i);
    expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
    expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
    expect(!gone(pid)); /* it has to run for that */
    pause_ms(1);
    expect(gone(pid));
  }
  expect_transcript(
      "0 clean-W 1 clean-W 2 clean-W 3 clean-W 4 clean-W 5 clean-W 6 clean-W 7 clean-W 8 clean-W "
      "9 clean-W 10 clean-W 11 clean-W");
  /* and nothing of it is left */
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&other_event), LWP_ENOWAIT);
  ReleaseWriteLock(&lock);
  ObtainWriteLock(&lock);
  ReleaseWriteLock(&lock);
  expect_int(lock.num_waiting, 0);
  ObtainReadLock(&lock);
  ReleaseReadLock(&lock);
}

static void wait_cancelled(void* wait) {
  LWPX_Cancel(LWPX_Self());
  wait_and_tell(wait);
}

CASE(no_wait_begins_once_it_is_cancelled) {
  int i;
  prepare_waits();
  for (i = 0; i < WAITS; ++i) spawn("W", 3, wait_cancelled, (void*)&waits[i]);
  expect_transcript(
      "clean-W clean-W clean-W clean-W clean-W clean-W clean-W clean-W clean-W clean-W clean-W "
      "clean-W");
  expect_int(lock.num_waiting, 0);
}

static volatile int let_go;

static void* sleep_there(void* arg) {
  while (!let_go) usleep(1000);
  *(int*)arg = 1;
  return arg;
}

static int call_is_over;

static void wait_blocking(void) {
  void* result;
  LWPX_Blocking(sleep_there, &call_is_over, &result);
}
static void (*const wait_blocking_pointer)(void) = wait_blocking;

/* The call goes on, the LWP does not. */
CASE(a_blocking_call_outlives_its_cancelled_caller) {
  PROCESS pid;
  start_with_io();
  pid = spawn("W", 3, wait_and_tell, (void*)&wait_blocking_pointer);
  pause_ms(1);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  pause_ms(1);
  expect(gone(pid));
  expect_transcript("clean-W");
  let_go = 1;
  wait_blocking();
  expect_int(call_is_over, 1);
}

static void read_twice(void* parm) {
  char byte = 0;
  (void)parm;
  expect_int(LWPX_Read(ends[0], &byte, 1), 1);
  note("got-%c", byte);
  LWPX_Read(ends[0], &byte, 1);
  note("back");
}

CASE(what_has_come_before_the_cancellation_is_delivered) {
  PROCESS pid;
  start_with_io();
  stream_pair(ends);
  pid = spawn("R", 3, read_twice, NULL);
  pause_ms(1);
  expect_int(write(ends[1], "ab", 2), 2);
  expect_int(IOMGR_Poll(), 1);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  pause_ms(1);
  expect_transcript("got-a");
  expect(gone(pid));
}

static void lock_and_release(void* parm) {
  (void)parm;
  ObtainWriteLock(&lock);
  note("locked");
  ReleaseWriteLock(&lock);
  LWPX_TestCancel();
  note("back");
}

static void give_credit(void* pid) { LWP_QSignal((PROCESS)pid); }

CASE(a_lock_that_was_obtained_is_kept_and_one_that_is_free_is_taken) {
  PROCESS pid;
  host(2);
  ObtainWriteLock(&lock);
  pid = spawn("L", 2, lock_and_release, NULL);
  ReleaseWriteLock(&lock);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("locked");
  expect(gone(pid));
  pid = spawn("L", 1, lock_and_release, NULL); /* has not run */
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  spawn("wake", 0, give_credit, LWPX_Self());
  LWP_QWait();
  expect_transcript("locked");
  expect_int(CheckLock(&lock), 0);
}

static void take_and_hold(void* parm) {
  (void)parm;
  ObtainWriteLock(&lock);
  LWP_WaitProcess(&other_event);
  ReleaseWriteLock(&lock);
}

/* Woken by the release, it finds that another was faster; it must not wait again unnoticed. */
CASE(a_lock_waiter_that_was_overtaken_ends) {
  PROCESS pid;
  host(1);
  ObtainWriteLock(&lock);
  pid = spawn("L", 1, lock_and_release, NULL);
  ReleaseWriteLock(&lock);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  spawn("T", 3, take_and_hold, NULL);
  LWP_DispatchProcess();
  expect_transcript("");
  expect(gone(pid));
  expect_int(lock.num_waiting, 0);
  expect_int(LWP_SignalProcess(&other_event), LWP_SUCCESS);
  expect_int(CheckLock(&lock), 0);
}

static void read_and_release(void* parm) {
  (void)parm;
  ObtainReadLock(&lock);
  note("%s", LWP_Name());
  ReleaseReadLock(&lock);
}

static void share_and_release(void* parm) {
  (void)parm;
  ObtainSharedLock(&lock);
  note("%s", LWP_Name());
  ReleaseSharedLock(&lock);
}

CASE(nobody_waits_behind_a_writer_that_was_cancelled) {
  PROCESS writer;
  host(1);
  ObtainReadLock(&lock);
  writer = spawn("W", 1, lock_and_release, NULL);
  expect_int(LWPX_Cancel(writer), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect(gone(writer));
  expect_int(lock.wait_states, 0);
  spawn("R", 1, read_and_release, NULL);
  spawn("S", 1, share_and_release, NULL);
  LWP_DispatchProcess();
  expect_transcript("R S");
  expect_int(CheckLock(&lock), 1);
}

CASE(who_waited_behind_a_writer_that_was_cancelled_waits_no_longer) {
  PROCESS writer;
  host(1);
  ObtainReadLock(&lock);
  writer = spawn("W", 1, lock_and_release, NULL);
  spawn("R", 1, read_and_release, NULL);
  expect_int(LWPX_Cancel(writer), LWP_SUCCESS);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("R");
  writer = spawn("W", 1, lock_and_release, NULL);
  spawn("S", 1, share_and_release, NULL);
  expect_int(LWPX_Cancel(writer), LWP_SUCCESS);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("S");
  expect_int(lock.num_waiting, 0);
}

CASE(who_waits_behind_two_writers_still_waits_for_the_other) {
  PROCESS writer;
  host(1);
  ObtainReadLock(&lock);
  writer = spawn("W", 1, lock_and_release, NULL);
  spawn("V", 1, lock_and_release, NULL);
  spawn("R", 1, read_and_release, NULL);
  expect_int(LWPX_Cancel(writer), LWP_SUCCESS);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("");
  ReleaseReadLock(&lock);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("locked back R");
  expect_int(CheckLock(&lock), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_wait_is_ended),
      cmocka_unit_test(no_wait_begins_once_it_is_cancelled),
      cmocka_unit_test(a_blocking_call_outlives_its_cancelled_caller),
      cmocka_unit_test(what_has_come_before_the_cancellation_is_delivered),
      cmocka_unit_test(a_lock_that_was_obtained_is_kept_and_one_that_is_free_is_taken),
      cmocka_unit_test(a_lock_waiter_that_was_overtaken_ends),
      cmocka_unit_test(nobody_waits_behind_a_writer_that_was_cancelled),
      cmocka_unit_test(who_waited_behind_a_writer_that_was_cancelled_waits_no_longer),
      cmocka_unit_test(who_waits_behind_two_writers_still_waits_for_the_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
