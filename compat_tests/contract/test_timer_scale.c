/* SPDX-License-Identifier: MIT */
/*
 * test_timer_scale.c - lists of 100 000 timers. Time is measured as a ratio: four times the timers
 * take a little more than four times as long, not sixteen times, whatever the machine. The bound
 * leaves room for caches that a small list fits in and a large one does not; if others want the
 * caches as well, it is tried again.
 */
#include <lwp/lwp.h>
#include <lwp/timer.h>
#include <stdlib.h>

#include "child_case.h"

enum { kMost = 100000, kFewer = kMost / 4 };

static const double kWorstRatio = 11;

static struct TM_Elem* list;
static struct TM_Elem timers[kMost];
static int shuffled[kMost];
static unsigned state = 1;

static unsigned draw(unsigned below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 4) % below;
}

static void insert_at_random(int count) {
  int i;
  for (i = 0; i < count; ++i) {
    timers[i].TotalTime.tv_sec = 0;
    timers[i].TotalTime.tv_usec = (long)draw(20000);
    TM_Insert(list, &timers[i]);
  }
}

static void shuffle(int count) {
  int i;
  for (i = 0; i < count; ++i) {
    const int other = (int)draw((unsigned)i + 1);
    shuffled[i] = shuffled[other];
    shuffled[other] = i;
  }
}

static void expire_all(int count) {
  const struct TM_Elem* last = NULL;
  struct TM_Elem* timer;
  int expired = 0;
  insert_at_random(count);
  do {
    TM_Rescan(list);
    while ((timer = TM_GetExpired(list)) != NULL) {
      expect(last == NULL || timercmp(&last->TotalTime, &timer->TotalTime, <=));
      last = timer;
      TM_Remove(list, timer);
      ++expired;
    }
  } while (TM_GetEarliest(list) != NULL);
  expect_int(expired, count);
}

static void cancel_all(int count) {
  int i;
  insert_at_random(count);
  shuffle(count);
  for (i = 0; i < count; ++i) TM_Remove(list, &timers[shuffled[i]]);
  expect(TM_GetEarliest(list) == NULL);
}

/* All at the same time, and never. */
static void insert_equals(int count) {
  int i;
  for (i = 0; i < count; ++i) {
    timers[i].TotalTime.tv_sec = i % 2 == 0 ? 1000000 : -1;
    timers[i].TotalTime.tv_usec = 0;
    TM_Insert(list, &timers[i]);
  }
  for (i = 0; i < count; ++i) TM_Remove(list, &timers[i]);
}

/* The best of several runs: other programs and a cold cache only ever add. */
static double cost_of(void (*work)(int), int count) {
  double best = 1e9;
  int run;
  for (run = 0; run < 3; ++run) {
    const double start = cpu_seconds();
    work(count);
    if (cpu_seconds() - start < best) best = cpu_seconds() - start;
  }
  return best;
}

static void expect_nearly_linear(void (*work)(int)) {
  double few, many;
  int tries;
  expect_int(TM_Init(&list), 0);
  for (tries = 0; tries < 10; ++tries) {
    few = cost_of(work, kFewer);
    many = cost_of(work, kMost);
    if (many <= kWorstRatio * few) return;
  }
  expect_failed(__FILE__, __LINE__, "%d timers: %g s, %d timers: %g s", kFewer, few, kMost, many);
}

/* Expiring waits for the clock, so its cost has a constant part. */
CASE(expiring_is_nearly_linear) { expect_nearly_linear(expire_all); }
CASE(cancelling_is_nearly_linear) { expect_nearly_linear(cancel_all); }
CASE(equal_and_infinite_timers_are_nearly_linear) { expect_nearly_linear(insert_equals); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expiring_is_nearly_linear),
      cmocka_unit_test(cancelling_is_nearly_linear),
      cmocka_unit_test(equal_and_infinite_timers_are_nearly_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
