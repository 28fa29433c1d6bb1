/* SPDX-License-Identifier: MIT */
/* The AFS-3 dialect's timers: what is left of a removed and of an expired one. */
#include <timer.h>

#include "child_case.h"

static void insert(struct TM_Elem* list, struct TM_Elem* timer, long seconds, long microseconds) {
  timer->TotalTime.tv_sec = seconds;
  timer->TotalTime.tv_usec = microseconds;
  TM_Insert(list, timer);
}

CASE(removed_timer_has_no_links) {
  struct TM_Elem* list = NULL;
  struct TM_Elem timers[2];
  expect_int(TM_Init(&list), 0);
  insert(list, &timers[0], 5, 0);
  insert(list, &timers[1], 6, 0);
  expect(timers[0].Next == &timers[1]);
  TM_Remove(list, &timers[0]);
  expect(timers[0].Next == NULL && timers[0].Prev == NULL);
  TM_Remove(list, &timers[0]);
  TM_Remove(NULL, &timers[1]); /* the list was never looked at */
  expect(timers[1].Next == NULL && timers[1].Prev == NULL);
  expect(TM_GetEarliest(list) == NULL);
  TM_Remove(list, NULL);
  insert(list, &timers[0], 1, 0);
  expect(TM_GetEarliest(list) == &timers[0]);
  expect_int(TM_Final(&list), 0);
}

CASE(expired_timer_has_no_time_left_and_no_debt) {
  struct TM_Elem* list = NULL;
  struct TM_Elem expired, also, later, never;
  expect_int(TM_Init(&list), 0);
  insert(list, &expired, 0, 0);
  insert(list, &also, 0, 1);
  insert(list, &later, 1000, 0);
  insert(list, &never, -1, -1);
  while (TM_Rescan(list) < 2) {
  }
  expect_int(TM_Rescan(list), 2);
  expect(expired.TimeLeft.tv_sec == 0 && expired.TimeLeft.tv_usec == 0);
  expect(also.TimeLeft.tv_sec == 0 && also.TimeLeft.tv_usec == 0);
  expect(later.TimeLeft.tv_sec > 0);
  expect(TM_GetExpired(list) == &expired);
  expect_int(TM_Rescan(NULL), 0);
  TM_Remove(list, &expired);
  expect(TM_GetExpired(list) == &also);
  expect_int(TM_Final(&list), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(removed_timer_has_no_links),
      cmocka_unit_test(expired_timer_has_no_time_left_and_no_debt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
