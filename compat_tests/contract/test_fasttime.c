/* SPDX-License-Identifier: MIT */
/* test_fasttime.c - the FT package: the time of day, and the last one that was asked for. */
#include <lwp/lwp.h>
#include <lwp/timer.h>
#include <pthread.h>
#include <string.h>

#include "child_case.h"

/* Coda declares it nowhere; programs do it themselves. */
extern struct timeval FT_LastTime;

_Static_assert(sizeof FT_LastTime == 2 * sizeof(long), "programs hold a copy of this size");

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double wall_seconds(void) {
  struct timeval now;
  gettimeofday(&now, NULL);
  return seconds(now);
}

CASE(nothing_is_remembered_at_first) { expect_int(FT_LastTime.tv_sec, 0); }

CASE(fetched_time_is_the_time_of_day_and_is_remembered) {
  struct timeval before, now, after;
  gettimeofday(&before, NULL);
  expect_int(FT_GetTimeOfDay(&now, NULL), 0);
  gettimeofday(&after, NULL);
  expect(!timercmp(&now, &before, <) && !timercmp(&after, &now, <));
  expect(memcmp(&now, &FT_LastTime, sizeof now) == 0);
  expect_int(TM_GetTimeOfDay(&now, NULL), 0);
  expect(memcmp(&now, &FT_LastTime, sizeof now) == 0);
}

CASE(time_zone_is_filled_in_as_by_gettimeofday) {
  struct timezone zone, wanted;
  struct timeval now;
  memset(&zone, 0x55, sizeof zone);
  gettimeofday(&now, &wanted);
  expect_int(FT_GetTimeOfDay(&now, &zone), 0);
  expect_int(zone.tz_minuteswest, wanted.tz_minuteswest);
}

CASE(remembered_time_is_returned_as_it_stands) {
  struct timeval now;
  FT_LastTime.tv_sec = 1234;
  FT_LastTime.tv_usec = 5;
  expect_int(FT_AGetTimeOfDay(&now, NULL), 0);
  expect(now.tv_sec == 1234 && now.tv_usec == 5);
  expect_int(FT_ApproxTime(), 1234);
  expect_int(FT_GetTimeOfDay(&now, NULL), 0);
  expect(FT_LastTime.tv_sec > 1234);
}

CASE(without_a_remembered_time_one_is_fetched) {
  struct timeval now;
  expect_int(FT_AGetTimeOfDay(&now, NULL), 0);
  expect(wall_seconds() - seconds(now) < 10);
  expect(memcmp(&now, &FT_LastTime, sizeof now) == 0);
  FT_LastTime.tv_sec = 0;
  expect(FT_ApproxTime() >= (unsigned int)now.tv_sec);
  expect(FT_LastTime.tv_sec >= now.tv_sec);
}

CASE(timers_refresh_the_remembered_time) {
  struct TM_Elem *list, timer;
  expect_int(TM_Init(&list), 0);
  FT_LastTime.tv_sec = 1234;
  timer.TotalTime.tv_sec = 5;
  timer.TotalTime.tv_usec = 0;
  TM_Insert(list, &timer);
  expect(FT_LastTime.tv_sec > 1234);
  FT_LastTime.tv_sec = 1234;
  TM_Rescan(list);
  expect(FT_LastTime.tv_sec > 1234);
}

CASE(io_manager_refreshes_the_remembered_time) {
  struct timeval timeout = {0, 20000};
  fd_set set;
  int ends[2];
  LWP_Init(LWP_VERSION, 1, NULL);
  IOMGR_Initialize();
  FT_LastTime.tv_sec = 1234;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
  expect(FT_LastTime.tv_sec > 1234);
  FT_LastTime.tv_sec = 1234;
  expect_int(IOMGR_Poll(), 0);
  expect(FT_LastTime.tv_sec > 1234);
  expect_int(pipe(ends), 0);
  FD_ZERO(&set);
  FD_SET(ends[1], &set);
  FT_LastTime.tv_sec = 1234;
  expect_int(IOMGR_Select(ends[1] + 1, NULL, &set, NULL, NULL), 1);
  expect(FT_LastTime.tv_sec > 1234);
}

CASE(init_fails_harmlessly) {
  struct timeval now;
  expect_int(FT_Init(0, 0), -1);
  expect_int(FT_Init(0, 0), -1);
  expect_int(FT_GetTimeOfDay(&now, NULL), 0);
}

#ifdef LWP_LWP_H /* not Coda's */

CASE(init_not_really_succeeds) {
  expect_int(FT_Init(1, 1), 0);
  expect_int(FT_Init(0, 0), -1);
  expect_int(FT_Init(1, 1), 0);
}

static void init_with_errors_printed(void) {
  FT_Init(1, 1);
  FT_Init(1, 0);
  FT_Init(1, 0);
}

static void first_init_prints_the_error_once(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(init_with_errors_printed, &outcome);
  assert_string_equal(outcome.err, "FT_Init: mmap  not implemented on this kernel\n");
  assert_string_equal(outcome.out, "");
}

CASE(time_may_be_null) {
  expect_int(FT_GetTimeOfDay(NULL, NULL), 0);
  expect(FT_LastTime.tv_sec != 0);
  expect_int(TM_GetTimeOfDay(NULL, NULL), 0);
  expect_int(FT_AGetTimeOfDay(NULL, NULL), 0);
}

/* Two kernel threads fetch; both halves of what is recalled must belong together, so time never
 * goes back, and is never ahead. */
static volatile int stop;

/* The longest that a fetch has taken: so old a time may be remembered at its end. */
static void* fetch_all_the_time(void* longest) {
  struct timeval now;
  while (!stop) {
    const double begin = now_seconds();
    double taken;
    FT_GetTimeOfDay(&now, NULL);
    taken = now_seconds() - begin;
    if (taken > *(double*)longest) *(double*)longest = taken;
  }
  return NULL;
}

CASE(recalled_time_is_never_torn) {
  const double end = now_seconds() + 1.2; /* at least one turn of the seconds */
  struct timeval now, before;
  pthread_t threads[2];
  double longest[2] = {0, 0}, furthest_back = 0;
  int i;
  FT_GetTimeOfDay(&before, NULL);
  for (i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, fetch_all_the_time, &longest[i]);
  while (now_seconds() < end) {
    expect_int(FT_AGetTimeOfDay(&now, NULL), 0);
    expect(seconds(now) < wall_seconds() + 0.5);
    if (seconds(before) - seconds(now) > furthest_back) {
      furthest_back = seconds(before) - seconds(now);
    }
    before = now;
  }
  stop = 1;
  for (i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  /* The threads may remember in another order than they fetched. */
  expect(furthest_back < 0.5 + (longest[0] > longest[1] ? longest[0] : longest[1]));
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_remembered_at_first),
      cmocka_unit_test(fetched_time_is_the_time_of_day_and_is_remembered),
      cmocka_unit_test(time_zone_is_filled_in_as_by_gettimeofday),
      cmocka_unit_test(remembered_time_is_returned_as_it_stands),
      cmocka_unit_test(without_a_remembered_time_one_is_fetched),
      cmocka_unit_test(timers_refresh_the_remembered_time),
      cmocka_unit_test(io_manager_refreshes_the_remembered_time),
      cmocka_unit_test(init_fails_harmlessly),
#ifdef LWP_LWP_H
      cmocka_unit_test(init_not_really_succeeds),
      cmocka_unit_test(first_init_prints_the_error_once),
      cmocka_unit_test(time_may_be_null),
      cmocka_unit_test(recalled_time_is_never_torn),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
