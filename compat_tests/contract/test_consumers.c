/* SPDX-License-Identifier: MIT */
/* test_consumers.c - what RPC2, RVM and Coda do with LWP and could not do without. */
#include <lwp/lock.h>
#include <lwp/timer.h>
#include <stdlib.h>

#include "io_case.h"

static char event;

/* RVM keeps a lock and a condition in its own structures, filled with zeros. */

struct condition {
  struct Lock lock;
  int fulfilled;
};

static void condition_wait(struct condition* condition) {
  ReleaseWriteLock(&condition->lock);
  expect_int(LWP_WaitProcess(condition), LWP_SUCCESS);
  ObtainWriteLock(&condition->lock);
}

static void wait_until_fulfilled(void* parm) {
  struct condition* const condition = parm;
  ObtainWriteLock(&condition->lock);
  while (!condition->fulfilled) condition_wait(condition);
  --condition->fulfilled;
  note("%s", LWP_Name());
  ReleaseWriteLock(&condition->lock);
}

CASE(condition_made_of_lock_and_event_loses_no_signal) {
  struct condition condition;
  memset(&condition, 0, sizeof condition);
  host(3);
  spawn("a", 3, wait_until_fulfilled, &condition);
  spawn("b", 3, wait_until_fulfilled, &condition);
  ObtainWriteLock(&condition.lock);
  condition.fulfilled = 1;
  ReleaseWriteLock(&condition.lock); /* does not yield, so nobody could take the signal yet */
  expect_transcript("");
  expect_int(LWP_SignalProcess(&condition), LWP_SUCCESS); /* wakes both; one finds it fulfilled */
  expect_transcript("a");
  condition.fulfilled = 1;
  expect_int(LWP_SignalProcess(&condition), LWP_SUCCESS);
  expect_transcript("b");
  expect_int(CheckLock(&condition.lock), 0);
}

CASE(zeros_are_a_free_lock) {
  struct Lock lock;
  memset(&lock, 0, sizeof lock);
  host(3);
  expect_int(CheckLock(&lock), 0);
  ObtainSharedLock(&lock);
  expect_int(WriteLocked(&lock), 1);
  ReleaseSharedLock(&lock);
  ObtainReadLock(&lock);
  expect_int(CheckLock(&lock), 1);
  ReleaseReadLock(&lock);
  ObtainWriteLock(&lock);
  expect_int(CheckLock(&lock), -1);
  ReleaseWriteLock(&lock);
}

/* The library that was linked with and the program itself both start LWP and the I/O manager. */

CASE(start_again_with_null_pid) {
  expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
}

/* RPC2's listener: sleeps until the earliest timer, and is woken to look at the list again. */

typedef int select_function(int, fd_set*, fd_set*, fd_set*, struct timeval*);

static struct TM_Elem* timers;

static void listen_for_timers(void* parm) {
  select_function* const select_lwp = IOMGR_Select;
  (void)parm;
  for (;;) {
    struct TM_Elem* const earliest = TM_GetEarliest(timers);
    struct timeval left = earliest->TimeLeft;
    const int result = select_lwp(0, NULL, NULL, NULL, &earliest->TimeLeft);
    expect(TM_eql(&left, &earliest->TimeLeft)); /* the list is as it was */
    if (result != 0) note("%d", result);
    TM_Rescan(timers);
    for (;;) {
      struct TM_Elem* const expired = TM_GetExpired(timers);
      if (expired == NULL) break;
      TM_Remove(timers, expired);
      note("%s", expired->BackPointer);
    }
  }
}

static void set_timer(struct TM_Elem* timer, char* name, long ms) {
  memset(timer, 0x5a, sizeof *timer); /* memory from malloc, with whatever was there */
  timer->TotalTime.tv_sec = ms < 0 ? -1 : ms / 1000;
  timer->TotalTime.tv_usec = ms < 0 ? -1 : ms % 1000 * 1000;
  timer->BackPointer = name;
  TM_Insert(timers, timer);
}

CASE(listener_on_time_left_is_cancelled_for_an_earlier_timer) {
  struct TM_Elem never, late, early;
  PROCESS listener;
  start_with_io();
  expect_int(TM_Init(&timers), 0);
  set_timer(&never, "never", -1);
  set_timer(&late, "late", 60000);
  listener = spawn("listener", LWP_NORMAL_PRIORITY, listen_for_timers, NULL);
  pause_ms(10); /* it sleeps for a minute now */
  expect_transcript("");
  set_timer(&early, "early", 20);
  expect(TM_GetEarliest(timers) == &early);
  expect_int(IOMGR_Cancel(listener), 0);
  expect_transcript("");
  wait_for_notes(2);
  expect_transcript("-2 early");
  expect(TM_GetEarliest(timers) == &late);
}

CASE(cancel_of_a_listener_that_does_not_select_is_minus_one) {
  PROCESS waiter;
  start_with_io();
  waiter = spawn("waiter", LWP_NORMAL_PRIORITY, wait_and_note, &event);
  expect_int(IOMGR_Cancel(waiter), -1);
  expect_int(IOMGR_Cancel(LWP_ThisProcess()), -1);
  expect_transcript("");
}

CASE(time_left_changes_only_in_rescan) {
  struct TM_Elem timer, never;
  start_with_io();
  expect_int(TM_Init(&timers), 0);
  set_timer(&timer, "timer", 1);
  set_timer(&never, "never", -1);
  pause_ms(20);
  expect_int(timer.TimeLeft.tv_sec, 0);
  expect_int(timer.TimeLeft.tv_usec, 1000);
  expect(TM_GetExpired(timers) == NULL);
  expect_int(TM_Rescan(timers), 1);
  expect(TM_GetExpired(timers) == &timer);
  expect_int(never.TimeLeft.tv_sec, -1);
}

CASE(timers_may_be_removed_and_freed_while_walking) {
  enum { kTimers = 50 };
  int i, seen = 0;
  expect_int(TM_Init(&timers), 0);
  for (i = 0; i < kTimers; ++i) set_timer(malloc(sizeof(struct TM_Elem)), "timer", i * 10);
  FOR_ALL_ELTS(timer, timers, {
    if (++seen % 2 != 0) {
      TM_Remove(timers, timer);
      free(timer);
    }
  })
  expect_int(seen, kTimers);
  seen = 0;
  FOR_ALL_ELTS(timer, timers, {
    ++seen;
    TM_Remove(timers, timer);
    free(timer);
  })
  expect_int(seen, kTimers / 2);
  expect(TM_GetEarliest(timers) == NULL);
}

/* RPC2 waits for whichever of its calls comes first; there may be none. */

CASE(waiting_for_one_of_none_is_refused_at_once) {
  const void* none[] = {NULL};
  host(3);
  expect_int(LWP_MwaitProcess(1, none), LWP_EBADCOUNT);
}

CASE(one_signal_wakes_all_who_wait_for_any_of_many) {
  static char other;
  int i;
  host(3);
  for (i = 0; i < 3; ++i) spawn("w", 3, wait_and_note, &event);
  expect_int(LWP_NoYieldSignal(&other), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect_transcript("");
  LWP_DispatchProcess();
  expect_transcript("w w w");
}

static void wake_first(void* first) {
  note("%s", LWP_Name());
  LWP_QSignal(first);
}

static void sleep_and_note(void* parm) {
  (void)parm;
  pause_ms(10);
  note("%s", LWP_Name());
}

/* The file server and its monitor trade credits between the first LWP and helpers. */

CASE(credits_are_kept_until_they_are_taken) {
  PROCESS helper;
  host(3);
  helper = spawn("h", 2, take_credit_and_note, NULL);
  LWP_QSignal(helper); /* which has not run yet */
  LWP_QSignal(helper);
  LWP_QSignal(LWP_ThisProcess());
  expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_transcript("");
  spawn("low", 1, wake_first, LWP_ThisProcess());
  expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_transcript("h h low");
}

/* Both use LWP_Index to name log lines, and rocks found by index. */

static void note_own_index(void* parm) {
  (void)parm;
  note("%d", LWP_Index());
}

CASE(indices_are_unique_and_never_used_again) {
  PROCESS pid;
  host(3);
  pid = spawn("1", 1, wait_and_note, &event);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  spawn("2", 3, note_own_index, NULL);
  spawn("3", 3, note_own_index, NULL);
  expect_transcript("2 3");
  expect_int(LWP_Index(), 0);
  expect_int(LWP_HighestIndex(), 3);
}

static void end_oneself(void* parm) {
  PROCESS self;
  (void)parm;
  expect_int(LWP_CurrentProcess(&self), LWP_SUCCESS);
  note("end");
  LWP_DestroyProcess(self);
  note("returned");
}

CASE(destroying_oneself_does_not_return) {
  host(3);
  spawn("e", 3, end_oneself, NULL);
  LWP_DispatchProcess();
  expect_transcript("end");
}

/* Sizes asked for by the tests of LWP, RPC2 and Coda, written when frames were small. */

static void use_20_kib(void* parm) {
  volatile char frame[20 * 1024];
  size_t i;
  (void)parm;
  for (i = 0; i < sizeof frame; i += 512) frame[i] = (char)i;
  LWP_DispatchProcess();
  expect_int(frame[512 * 3], (char)(512 * 3));
  note("%s", LWP_Name());
}

CASE(small_stacks_hold_more_than_was_asked_for) {
  static const int sizes[] = {1, 5 * 1024, 8 * 1024, 16 * 1024};
  PROCESS pid;
  size_t i;
  host(3);
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    expect_int(LWP_CreateProcess(use_20_kib, sizes[i], 3, NULL, "ok", &pid), LWP_SUCCESS);
  }
  for (i = 0; i < 8; ++i) LWP_DispatchProcess();
  expect_transcript("ok ok ok ok");
}

/* RVM's long loops let others run. */

CASE(poll_and_dispatch_are_a_yield_that_serves_sleepers) {
  start_with_io();
  spawn("sleeper", LWP_NORMAL_PRIORITY, sleep_and_note, NULL);
  while (notes() == 0) {
    IOMGR_Poll();
    LWP_DispatchProcess();
  }
  expect_transcript("sleeper");
}

CASE(end_of_a_critical_section_that_did_not_begin_is_harmless) {
  PRE_EndCritical();
  host(3);
  PRE_Concurrent(1);
  PRE_EndCritical();
  spawn("w", 3, note_and_end, NULL);
  expect_transcript("w");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(condition_made_of_lock_and_event_loses_no_signal),
      cmocka_unit_test(zeros_are_a_free_lock),
      cmocka_unit_test(start_again_with_null_pid),
      cmocka_unit_test(listener_on_time_left_is_cancelled_for_an_earlier_timer),
      cmocka_unit_test(cancel_of_a_listener_that_does_not_select_is_minus_one),
      cmocka_unit_test(time_left_changes_only_in_rescan),
      cmocka_unit_test(timers_may_be_removed_and_freed_while_walking),
      cmocka_unit_test(waiting_for_one_of_none_is_refused_at_once),
      cmocka_unit_test(one_signal_wakes_all_who_wait_for_any_of_many),
      cmocka_unit_test(credits_are_kept_until_they_are_taken),
      cmocka_unit_test(indices_are_unique_and_never_used_again),
      cmocka_unit_test(destroying_oneself_does_not_return),
      cmocka_unit_test(small_stacks_hold_more_than_was_asked_for),
      cmocka_unit_test(poll_and_dispatch_are_a_yield_that_serves_sleepers),
      cmocka_unit_test(end_of_a_critical_section_that_did_not_begin_is_harmless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
