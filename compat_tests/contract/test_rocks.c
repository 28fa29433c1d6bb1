/* SPDX-License-Identifier: MIT */
/* test_rocks.c - values that LWPs keep under tags. */
#include <limits.h>

#include "lwp_case.h"

enum { kRocks = 8 };
static char stones[kRocks + 1];

CASE(a_rock_is_found_under_its_tag) {
  char* value = NULL;
  host(1);
  expect_int(LWP_NewRock(5, &stones[0]), LWP_SUCCESS);
  expect_int(LWP_NewRock(-7, &stones[1]), LWP_SUCCESS);
  expect_int(LWP_NewRock(INT_MIN, &stones[2]), LWP_SUCCESS);
  expect_int(LWP_NewRock(0, NULL), LWP_SUCCESS);
  expect_int(LWP_GetRock(-7, &value), LWP_SUCCESS);
  expect(value == &stones[1]);
  expect_int(LWP_GetRock(5, &value), LWP_SUCCESS);
  expect(value == &stones[0]);
  expect_int(LWP_GetRock(INT_MIN, &value), LWP_SUCCESS);
  expect(value == &stones[2]);
  expect_int(LWP_GetRock(0, &value), LWP_SUCCESS);
  expect(value == NULL);
}

CASE(an_unknown_tag_stores_nothing) {
  char* value = &stones[3];
  host(1);
  expect_int(LWP_GetRock(0, &value), LWP_EBADROCK);
  LWP_NewRock(1, &stones[0]);
  expect_int(LWP_GetRock(2, &value), LWP_EBADROCK);
  expect(value == &stones[3]);
}

CASE(a_rock_is_written_once) {
  char* value;
  host(1);
  expect_int(LWP_NewRock(1, &stones[0]), LWP_SUCCESS);
  expect_int(LWP_NewRock(1, &stones[1]), LWP_EBADROCK);
  expect_int(LWP_NewRock(1, &stones[0]), LWP_EBADROCK);
  LWP_GetRock(1, &value);
  expect(value == &stones[0]);
}

CASE(there_are_eight_and_a_taken_tag_is_told_first) {
  char* value;
  int tag;
  host(1);
  for (tag = 0; tag < kRocks; ++tag) expect_int(LWP_NewRock(tag, &stones[tag]), LWP_SUCCESS);
  expect_int(LWP_NewRock(kRocks, &stones[kRocks]), LWP_ENOROCKS);
  expect_int(LWP_NewRock(3, &stones[kRocks]), LWP_EBADROCK);
  for (tag = 0; tag < kRocks; ++tag) {
    expect_int(LWP_GetRock(tag, &value), LWP_SUCCESS);
    expect(value == &stones[tag]);
  }
  expect_int(LWP_GetRock(kRocks, &value), LWP_EBADROCK);
}

static void fill_and_check(void* parm) {
  char* const own = parm;
  char* value;
  int tag;
  expect_int(LWP_GetRock(0, &value), LWP_EBADROCK);
  for (tag = 0; tag < kRocks; ++tag) {
    expect_int(LWP_NewRock(tag, own + tag), LWP_SUCCESS);
    LWP_DispatchProcess();
  }
  for (tag = 0; tag < kRocks; ++tag) {
    expect_int(LWP_GetRock(tag, &value), LWP_SUCCESS);
    expect(value == own + tag);
  }
  note("%s", LWP_Name());
}

CASE(every_lwp_has_rocks_of_its_own) {
  int i;
  host(1);
  spawn("A", 1, fill_and_check, stones);
  spawn("B", 1, fill_and_check, &stones[1]);
  fill_and_check(stones);
  for (i = 0; i < kRocks; ++i) LWP_DispatchProcess();
  expect_transcript("A B Main Process");
}

CASE(the_next_lwp_on_the_same_stack_starts_without_rocks) {
  int i;
  host(1);
  for (i = 0; i < 3; ++i) {
    int turn;
    spawn("A", 1, fill_and_check, stones);
    for (turn = 0; turn < kRocks; ++turn) LWP_DispatchProcess();
    expect_transcript("A");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rock_is_found_under_its_tag),
      cmocka_unit_test(an_unknown_tag_stores_nothing),
      cmocka_unit_test(a_rock_is_written_once),
      cmocka_unit_test(there_are_eight_and_a_taken_tag_is_told_first),
      cmocka_unit_test(every_lwp_has_rocks_of_its_own),
      cmocka_unit_test(the_next_lwp_on_the_same_stack_starts_without_rocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
