/* SPDX-License-Identifier: MIT */
/* test_lwpx_time.c - sleeps, and events with deadlines. */
#include <limits.h>

#include "io_case.h"

static int event, other;

CASE(codes_of_sleep) {
  const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
  const struct timespec nothing = {0, 0};
  int i;
  expect_int(LWPX_Sleep(&nothing), LWP_EINIT);
  host(1);
  for (i = 0; i < 3; ++i) expect_int(LWPX_Sleep(&bad[i]), LWP_ESYSTEM);
  expect_int(LWPX_Sleep(&nothing), LWP_SUCCESS);
}

static double time_taken(int (*sleep)(const struct timespec*), const struct timespec* time) {
  const double begin = now_seconds();
  expect_int(sleep(time), 0);
  return now_seconds() - begin;
}

static int sleep_in_the_kernel(const struct timespec* time) { return nanosleep(time, NULL); }

/*
 * Never early; and not rounded to milliseconds: the best of many is well below one. Where the
 * system itself does not come near that, it can not be told, and not too soon where it rarely does.
 */
CASE(sleep_is_finer_than_a_millisecond) {
  enum { kMost = 2000, kFineEnough = 200 };
  const double well_below = 0.0008;
  const struct timespec little = us_timespec(150);
  double best = 1;
  int i, fine = 0; /* sleeps of the system's that were */
  start_with_io();
  for (i = 0; i < kMost && fine < kFineEnough && best >= well_below; ++i) {
    const double taken = time_taken(LWPX_Sleep, &little);
    expect(taken >= 0.00015);
    if (taken < best) best = taken;
    fine += time_taken(sleep_in_the_kernel, &little) < well_below;
  }
  expect(best < well_below || fine < kFineEnough);
}

static void sleep_long(void* parm) {
  struct timespec long_time = {0, 0};
  long_time.tv_sec = *(long*)parm;
  note("%d", LWPX_Sleep(&long_time));
}

CASE(long_sleepers_wake_only_when_cancelled) {
  static long lengths[] = {1000, 1000 + (LONG_MAX >> 30), 1000 + (LONG_MAX >> 23), LONG_MAX};
  PROCESS pids[4];
  int i;
  start_with_io();
  for (i = 0; i < 4; ++i) pids[i] = spawn("s", 3, sleep_long, &lengths[i]);
  pause_ms(20);
  expect_transcript("");
  for (i = 3; i >= 0; --i) expect_int(IOMGR_Cancel(pids[i]), 0);
  pause_ms(1);
  expect_transcript("-18 -18 -18 -18");
}

CASE(codes_of_timer_slack) {
  const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}, {1, 1}, {LONG_MAX, 0}};
  const struct timespec good[] = {{0, 0}, {0, 50000000}, {1, 0}};
  int i;
  expect_int(LWPX_SetTimerSlack(NULL), LWP_EINIT);
  host(1);
  for (i = 0; i < 5; ++i) expect_int(LWPX_SetTimerSlack(&bad[i]), LWP_ESYSTEM);
  for (i = 0; i < 3; ++i) expect_int(LWPX_SetTimerSlack(&good[i]), LWP_SUCCESS);
  expect_int(LWPX_SetTimerSlack(NULL), LWP_SUCCESS);
}

static void sleep_and_note(void* us) {
  const struct timespec time = us_timespec(*(long*)us);
  expect_int(LWPX_Sleep(&time), LWP_SUCCESS);
  note("s");
}

/* Whether one who sleeps that much longer is ready as soon as the first one is. */
static int wakes_with_the_first(long longer_us) {
  static long us;
  const struct timespec little = us_timespec(20000);
  int together;
  us = 20000 + longer_us;
  forget_transcript();
  spawn("s", LWP_NORMAL_PRIORITY, sleep_and_note, &us);
  expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
  LWP_DispatchProcess();
  together = notes() == 1;
  while (notes() == 0) pause_ms(10);
  return together;
}

CASE(sleepers_wake_together_within_the_slack_and_not_beyond) {
  const struct timespec slack = us_timespec(400000), none = us_timespec(0);
  int tries;
  start_with_io();
  expect_int(LWPX_SetTimerSlack(&slack), LWP_SUCCESS);
  expect(wakes_with_the_first(300000));
  expect_int(LWPX_SetTimerSlack(&none), LWP_SUCCESS);
  for (tries = 1; wakes_with_the_first(300000); ++tries) expect(tries < 20);
  expect_int(LWPX_SetTimerSlack(&slack), LWP_SUCCESS);
  expect_int(LWPX_SetTimerSlack(NULL), LWP_SUCCESS);
  for (tries = 1; wakes_with_the_first(300000); ++tries) expect(tries < 20);
}

CASE(codes_of_waits_with_deadlines) {
  const struct timespec bad = {0, 1000000000};
  const void* events[] = {&event, &other, NULL};
  const void* none[] = {NULL};
  expect_int(LWPX_WaitProcessUntil(NULL, NULL), LWP_EBADEVENT);
  expect_int(LWPX_WaitProcessUntil(&event, NULL), LWP_EINIT);
  expect_int(LWPX_MwaitProcessUntil(1, NULL, NULL), LWP_EBADCOUNT);
  expect_int(LWPX_MwaitProcessUntil(1, none, NULL), LWP_EBADCOUNT);
  expect_int(LWPX_MwaitProcessUntil(1, events, NULL), LWP_EINIT);
  host(1);
  expect_int(LWPX_MwaitProcessUntil(3, events, NULL), LWP_EBADCOUNT);
  expect_int(LWPX_MwaitProcessUntil(-1, events, NULL), LWP_EBADCOUNT);
  expect_int(LWPX_MwaitProcessUntil(0, events, NULL), LWP_SUCCESS);
  expect_int(LWPX_WaitProcessUntil(&event, &bad), LWP_ESYSTEM);
}

static void signal_it(void* what) { expect_int(LWP_NoYieldSignal(what), LWP_SUCCESS); }

CASE(event_comes_before_its_deadline) {
  const struct timespec late = us_from_now(60000000);
  start_with_io();
  expect_int(LWP_CreateProcess(signal_it, 0, 1, &event, "s", NULL), 0);
  expect_int(LWPX_WaitProcessUntil(&event, &late), LWP_SUCCESS);
  expect_int(LWP_CreateProcess(signal_it, 0, 1, &event, "s", NULL), 0);
  expect_int(LWPX_WaitProcessUntil(&event, NULL), LWP_SUCCESS);
}

CASE(deadline_comes_before_the_event_and_the_event_then_finds_nobody) {
  const struct timespec soon = us_from_now(20000);
  const double begin = now_seconds();
  start_with_io();
  expect_int(LWPX_WaitProcessUntil(&event, &soon), LWPX_ETIMEOUT);
  expect(now_seconds() - begin >= 0.019);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
}

CASE(deadline_in_the_past_lets_others_run) {
  const struct timespec past = {0, 1};
  start_with_io();
  spawn("a", 2, note_and_end, NULL);
  expect_int(LWPX_WaitProcessUntil(&event, &past), LWPX_ETIMEOUT);
  expect_transcript("a");
  expect_int(LWP_CreateProcess(signal_it, 0, 1, &event, "s", NULL), 0);
  expect_int(LWPX_WaitProcessUntil(&event, &past), LWP_SUCCESS);
}

static void wait_both(void* deadline) {
  const void* events[] = {&event, &other, NULL};
  note("%d", LWPX_MwaitProcessUntil(2, events, (const struct timespec*)deadline));
}

/*
 * One that waits for both, with a deadline some time from now: before that is over, it and the
 * manager have had their turns. If the machine stops for so long, there is another try.
 */
static PROCESS start_to_wait(struct timespec* deadline) {
  long wait_us = UNLESS_UNDER_VALGRIND(200000, 900000);
  PROCESS pid;
  for (;; wait_us *= 2) {
    forget_transcript();
    *deadline = us_from_now(wait_us);
    pid = spawn("w", 2, wait_both, deadline);
    pause_ms(1);
    if (notes() == 0) return pid;
  }
}

static void sleep_in_the_kernel_until(const struct timespec* time) {
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, time, NULL);
  usleep(50000);
}

CASE(event_and_deadline_at_once_wake_once) {
  struct timespec soon;
  start_with_io();
  start_to_wait(&soon);
  sleep_in_the_kernel_until(&soon); /* the deadline has come, nobody has looked */
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  expect_int(LWP_NoYieldSignal(&other), LWP_SUCCESS);
  pause_ms(5);
  expect_transcript("0");
  start_to_wait(&soon);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  sleep_in_the_kernel_until(&soon);
  expect_int(IOMGR_Poll(), 1);
  expect_int(LWP_NoYieldSignal(&other), LWP_ENOWAIT);
  pause_ms(1);
  expect_transcript("-17");
}

CASE(cancelled_and_destroyed_waiters_are_out_of_their_events) {
  struct timespec late = us_from_now(60000000);
  PROCESS pid;
  start_with_io();
  pid = spawn("w", 3, wait_both, &late);
  pause_ms(1);
  expect_int(IOMGR_Cancel(pid), 0);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  pause_ms(1);
  expect_transcript("-18");
  pid = start_to_wait(&late);
  expect_int(LWP_DestroyProcess(pid), 0);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  sleep_in_the_kernel_until(&late);
  pause_ms(1);
  expect_transcript("");
}

static int waiting;

static void end_waiting(void) {
  if (--waiting == 0) LWP_NoYieldSignal(&waiting);
}

static void wait_in_vain(void* deadline) {
  static int nothing;
  const struct timespec* const time = (const struct timespec*)deadline;
  expect_int(LWPX_WaitProcessUntil(&nothing, time), LWPX_ETIMEOUT);
  expect(now_seconds() >= (double)time->tv_sec + (double)time->tv_nsec / 1e9);
  end_waiting();
}

static void wait_for_event(void* deadline) {
  (void)LWPX_WaitProcessUntil(&event, (const struct timespec*)deadline);
  end_waiting();
}

/*
 * A timer is left over from a wait that has ended, and goes off when the first of two is just due,
 * and the second, in the same microsecond, not yet: which takes luck.
 */
CASE(nobody_wakes_early_beside_one_who_is_due_in_the_same_microsecond) {
  enum { kTries = 500 };
  const struct timespec little = us_timespec(100);
  struct timespec over, deadlines[2];
  int i;
  start_with_io();
  for (i = 0; i < kTries; ++i) {
    over = us_from_now(230);
    if (over.tv_nsec > 999900000) continue;
    deadlines[0] = over;
    deadlines[0].tv_nsec += 1000 * (1 + i % 10) - over.tv_nsec % 1000;
    deadlines[1] = deadlines[0];
    deadlines[1].tv_nsec += 999;
    waiting = 3;
    spawn("o", 3, wait_for_event, &over);
    expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
    LWP_NoYieldSignal(&event);
    spawn("1", 3, wait_in_vain, &deadlines[0]);
    spawn("2", 3, wait_in_vain, &deadlines[1]);
    if (waiting > 0) LWP_WaitProcess(&waiting);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_of_sleep),
      cmocka_unit_test(sleep_is_finer_than_a_millisecond),
      cmocka_unit_test(long_sleepers_wake_only_when_cancelled),
      cmocka_unit_test(codes_of_timer_slack),
      cmocka_unit_test(sleepers_wake_together_within_the_slack_and_not_beyond),
      cmocka_unit_test(codes_of_waits_with_deadlines),
      cmocka_unit_test(event_comes_before_its_deadline),
      cmocka_unit_test(deadline_comes_before_the_event_and_the_event_then_finds_nobody),
      cmocka_unit_test(deadline_in_the_past_lets_others_run),
      cmocka_unit_test(event_and_deadline_at_once_wake_once),
      cmocka_unit_test(cancelled_and_destroyed_waiters_are_out_of_their_events),
      cmocka_unit_test(nobody_wakes_early_beside_one_who_is_due_in_the_same_microsecond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
