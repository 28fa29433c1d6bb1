/* SPDX-License-Identifier: MIT */
/*
 * test_timer_handlers.c - a handler that uses timers at arbitrary instants. It should not, but it
 * can not break a list: while the library is at work its calls are refused.
 */
#include <lwp/lwp.h>

#ifdef LWP_LWP_H /* No call of Coda's is meant for handlers. */

#include <lwp/timer.h>
#include <signal.h>
#include <time.h>

#include "child_case.h"

enum { kTimers = 50, kSignals = 5000, kIntervalUs = 20 };

static struct TM_Elem* list;
static struct TM_Elem timers[kTimers], handlers_own;
static int is_in[kTimers];
static volatile sig_atomic_t signals, granted, refused;

static void use_timers(int signo) {
  (void)signo;
  ++signals;
  if (TM_Rescan(list) == LWP_EBLOCKED) {
    ++refused;
    expect(TM_GetEarliest(list) == NULL);
    TM_Remove(list, &timers[0]);
    return;
  }
  ++granted;
  handlers_own.TotalTime.tv_sec = 1000 + signals % 7;
  handlers_own.TotalTime.tv_usec = 0;
  TM_Insert(list, &handlers_own);
  TM_Remove(list, &handlers_own);
}

static void insert_or_remove(int i) {
  if (is_in[i]) {
    TM_Remove(list, &timers[i]);
  } else {
    timers[i].TotalTime.tv_sec = 1000 + i % 7;
    timers[i].TotalTime.tv_usec = 0;
    TM_Insert(list, &timers[i]);
  }
  is_in[i] = !is_in[i];
}

CASE(handlers_can_not_break_a_list) {
  const long us = affordable_us() > kIntervalUs ? affordable_us() : kIntervalUs;
  const struct itimerspec interval = {{0, us * 1000}, {0, us * 1000}};
  struct sigevent notify = {0};
  timer_t timer;
  unsigned state = 1;
  int wanted = 0, found = 0, i;
  expect_int(TM_Init(&list), 0);
  signal(SIGUSR1, use_timers);
  notify.sigev_notify = SIGEV_SIGNAL;
  notify.sigev_signo = SIGUSR1;
  expect_int(timer_create(CLOCK_MONOTONIC, &notify, &timer), 0);
  expect_int(timer_settime(timer, 0, &interval, NULL), 0);
  while (signals < kSignals || granted == 0 || refused == 0) {
    state = state * 1664525u + 1013904223u;
    insert_or_remove((int)((state >> 8) % kTimers));
  }
  timer_delete(timer);
  signal(SIGUSR1, SIG_IGN);
  for (i = 0; i < kTimers; ++i) wanted += is_in[i];
  FOR_ALL_ELTS(elem, list, {
    ++found;
    expect(elem->Next->Prev == elem && elem->Prev->Next == elem);
    expect(elem->Next == list || timercmp(&elem->TotalTime, &elem->Next->TotalTime, <=));
  })
  expect_int(found, wanted);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(handlers_can_not_break_a_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
