/* SPDX-License-Identifier: MIT */
/* test_timer.c - the TM package: what is in a list, in which order, and when it has expired. */
#include <lwp/lwp.h>
#include <lwp/timer.h>
#include <stddef.h>
#include <string.h>

#include "child_case.h"

#if defined(__LP64__)
_Static_assert(sizeof(struct TM_Elem) == 56, "as in programs that are linked already");
_Static_assert(offsetof(struct TM_Elem, Next) == 0, "");
_Static_assert(offsetof(struct TM_Elem, Prev) == 8, "");
_Static_assert(offsetof(struct TM_Elem, TotalTime) == 16, "");
_Static_assert(offsetof(struct TM_Elem, TimeLeft) == 32, "");
_Static_assert(offsetof(struct TM_Elem, BackPointer) == 48, "");
#endif

static struct TM_Elem* list;
static struct TM_Elem timers[6];

static void insert(struct TM_Elem* timer, long seconds, long microseconds) {
  timer->TotalTime.tv_sec = seconds;
  timer->TotalTime.tv_usec = microseconds;
  TM_Insert(list, timer);
}

static void note_list(void){FOR_ALL_ELTS(timer, list, { note("%d", (int)(timer - timers)); })}

CASE(list_is_empty_at_first) {
  expect_int(TM_Init(&list), 0);
  expect(list->Next == list && list->Prev == list);
  expect(TM_GetEarliest(list) == NULL);
  expect(TM_GetExpired(list) == NULL);
  expect_int(TM_Rescan(list), 0);
}

CASE(final_frees_the_list_once) {
  expect_int(TM_Init(&list), 0);
  insert(&timers[0], 5, 0);
  expect_int(TM_Final(&list), 0);
  expect(list == NULL);
  expect_int(TM_Final(&list), -1);
  expect_int(TM_Final(NULL), -1);
  expect_int(TM_Init(&list), 0);
  insert(&timers[0], 5, 0); /* its links still said that it was in the old list */
  expect(TM_GetEarliest(list) == &timers[0]);
}

CASE(order_is_by_expiry_then_by_age_then_the_infinite) {
  TM_Init(&list);
  insert(&timers[0], -1, -1);
  insert(&timers[1], 300, 0);
  insert(&timers[2], 100, 0);
  insert(&timers[3], 0, -1);
  insert(&timers[4], 200, 500000);
  insert(&timers[5], -1, 0);
  note_list();
  expect_transcript("2 4 1 0 3 5");
  expect(list->Prev == &timers[5] && list->Prev->Prev == &timers[3]);
  expect(TM_GetEarliest(list) == &timers[2]);
}

CASE(equal_timers_keep_the_order_of_insertion) {
  int i;
  TM_Init(&list);
  for (i = 0; i < 6; ++i) insert(&timers[i], 100, 0);
  note_list();
  expect_transcript("0 1 2 3 4 5");
}

CASE(insert_turns_total_time_into_expiry_and_fills_time_left) {
  struct timeval before, after;
  TM_Init(&list);
  gettimeofday(&before, NULL);
  insert(&timers[0], 100, 250000);
  gettimeofday(&after, NULL);
  before.tv_sec += 100;
  after.tv_sec += 101;
  expect(timers[0].TotalTime.tv_sec >= before.tv_sec);
  expect(timers[0].TotalTime.tv_sec <= after.tv_sec);
  expect_int(timers[0].TimeLeft.tv_sec, 100);
  expect_int(timers[0].TimeLeft.tv_usec, 250000);
  insert(&timers[1], -1, -1);
  expect_int(timers[1].TotalTime.tv_sec, -1);
  expect_int(timers[1].TimeLeft.tv_usec, -1);
}

CASE(insert_ignores_old_links) {
  TM_Init(&list);
  memset(&timers[0], 0xee, sizeof timers[0]);
  insert(&timers[0], 100, 0);
  expect(list->Next == &timers[0] && list->Prev == &timers[0]);
  expect(timers[0].Next == list && timers[0].Prev == list);
}

CASE(rescan_updates_time_left_and_counts_the_expired) {
  TM_Init(&list);
  insert(&timers[0], 0, 0);
  insert(&timers[1], 0, 500);
  insert(&timers[2], 100, 0);
  insert(&timers[3], -1, -1);
  expect(TM_GetExpired(list) == &timers[0]); /* no time left from the beginning */
  usleep(2000);
  expect_int(timers[1].TimeLeft.tv_usec, 500); /* until somebody looks */
  expect_int(TM_Rescan(list), 2);
  expect(timers[1].TimeLeft.tv_sec < 0);
  expect(timers[1].TimeLeft.tv_usec >= 0 && timers[1].TimeLeft.tv_usec < 1000000);
  expect(timers[2].TimeLeft.tv_sec < 100 && timers[2].TimeLeft.tv_sec > 0);
  expect_int(timers[3].TimeLeft.tv_sec, -1);
  expect(TM_GetExpired(list) == &timers[0]);
  TM_Remove(list, &timers[0]);
  expect(TM_GetExpired(list) == &timers[1]);
  TM_Remove(list, &timers[1]);
  expect(TM_GetExpired(list) == NULL);
  expect(TM_GetEarliest(list) == &timers[2]);
}

CASE(remove_does_not_need_the_right_list) {
  struct TM_Elem* other;
  int i;
  TM_Init(&list);
  TM_Init(&other);
  for (i = 0; i < 6; ++i) insert(&timers[i], 100 + i, 0);
  TM_Remove(NULL, &timers[2]);
  TM_Remove(other, &timers[0]);
  TM_Remove(&timers[3], &timers[4]);
  note_list();
  expect_transcript("1 3 5");
  insert(&timers[2], 50, 0);
  insert(&timers[4], 102, 0);
  note_list();
  expect_transcript("2 1 4 3 5");
}

CASE(removed_timers_may_be_used_again) {
  TM_Init(&list);
  insert(&timers[0], 100, 0);
  insert(&timers[1], 200, 0);
  TM_Remove(list, &timers[0]);
  expect(timers[0].Next == &timers[0] && timers[0].Prev == &timers[0]);
  insert(&timers[0], 300, 0);
  note_list();
  expect_transcript("1 0");
}

CASE(walk_survives_removal_of_the_visited) {
  int i;
  TM_Init(&list);
  for (i = 0; i < 6; ++i) insert(&timers[i], 100 + i, 0);
  FOR_ALL_ELTS(timer, list, {
    note("%d", (int)(timer - timers));
    if ((timer - timers) % 2 == 0) {
      TM_Remove(list, timer);
      memset(timer, 0xee, sizeof *timer);
    }
  })
  expect_transcript("0 1 2 3 4 5");
  note_list();
  expect_transcript("1 3 5");
}

CASE(eql_compares_both_fields) {
  struct timeval a = {1, 2}, b = {1, 2}, c = {1, 3}, d = {2, 2};
  expect_int(TM_eql(&a, &b), 1);
  expect_int(TM_eql(&a, &c), 0);
  expect_int(TM_eql(&a, &d), 0);
}

#ifdef LWP_LWP_H /* not Coda's */

CASE(removing_twice_is_harmless) {
  TM_Init(&list);
  insert(&timers[0], 100, 0);
  insert(&timers[1], 200, 0);
  TM_Remove(list, &timers[0]);
  TM_Remove(list, &timers[0]);
  TM_Remove(NULL, &timers[0]);
  TM_Remove(list, &timers[2]); /* all zeros */
  note_list();
  expect_transcript("1");
}

/* Coda compares with the TimeLeft of the last rescan, so here it would insert in front. */
CASE(order_does_not_depend_on_a_rescan) {
  TM_Init(&list);
  insert(&timers[0], 0, 100000);
  usleep(60000);
  insert(&timers[1], 0, 90000);
  note_list();
  expect_transcript("0 1");
}

CASE(null_arguments_are_harmless) {
  TM_Init(&list);
  expect_int(TM_Init(NULL), -1);
  TM_Insert(NULL, &timers[0]);
  TM_Insert(list, NULL);
  TM_Insert(list, list);
  TM_Remove(list, NULL);
  TM_Remove(list, list);
  expect_int(TM_Rescan(NULL), 0);
  expect(TM_GetExpired(NULL) == NULL);
  expect(TM_GetEarliest(NULL) == NULL);
  expect_int(TM_eql(NULL, NULL), 0);
  expect(TM_GetEarliest(list) == NULL);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_is_empty_at_first),
      cmocka_unit_test(final_frees_the_list_once),
      cmocka_unit_test(order_is_by_expiry_then_by_age_then_the_infinite),
      cmocka_unit_test(equal_timers_keep_the_order_of_insertion),
      cmocka_unit_test(insert_turns_total_time_into_expiry_and_fills_time_left),
      cmocka_unit_test(insert_ignores_old_links),
      cmocka_unit_test(rescan_updates_time_left_and_counts_the_expired),
      cmocka_unit_test(remove_does_not_need_the_right_list),
      cmocka_unit_test(removed_timers_may_be_used_again),
      cmocka_unit_test(walk_survives_removal_of_the_visited),
      cmocka_unit_test(eql_compares_both_fields),
#ifdef LWP_LWP_H
      cmocka_unit_test(removing_twice_is_harmless),
      cmocka_unit_test(order_does_not_depend_on_a_rescan),
      cmocka_unit_test(null_arguments_are_harmless),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
