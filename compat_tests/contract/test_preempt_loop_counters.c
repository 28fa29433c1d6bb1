/* SPDX-License-Identifier: MIT */
/* test_preempt_loop_counters.c - loops with a tick in each iteration: counters of all types take
 * the values that they take in plain loops. */
#include <limits.h>
#include <preempt/loop.h>

#include "lwp_case.h"
#include "ticks.h"

static volatile long turns; /* of an LWP at main's priority that yields at once */

static void start(void) {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

#define EXPECT_SAME_COUNTS(type, begin, limit, step, MACRO, condition, next) \
  do {                                                                       \
    type i;                                                                  \
    type plain = (type)(begin);                                              \
    long rounds = 0;                                                         \
    const long turns_before = turns;                                         \
    PRE_LOOP(loop);                                                          \
    MACRO(loop, i, (type)(begin), (type)(limit), (type)(step)) {             \
      expect(i == plain && plain condition(type)(limit));                    \
      plain = (type)(plain next(step));                                      \
      ++rounds;                                                              \
      tick_in_libc();                                                        \
    }                                                                        \
    expect(i == plain && !(plain condition(type)(limit)));                   \
    expect(rounds > 1);                                                      \
    PRE_Checkpoint(); /* what the last iteration has left */                 \
    expect_int(turns, turns_before + rounds);                                \
  } while (0)

#define EXPECT_SAME_BOTH_WAYS(type, low, high, step)               \
  do {                                                             \
    EXPECT_SAME_COUNTS(type, low, high, step, PRE_FOR_UP, <, +);   \
    EXPECT_SAME_COUNTS(type, high, low, step, PRE_FOR_DOWN, >, -); \
  } while (0)

CASE(counters_of_any_integer_type_keep_their_values) {
  start();
  EXPECT_SAME_BOTH_WAYS(signed char, SCHAR_MIN + 1, SCHAR_MAX - 1, 1);
  EXPECT_SAME_BOTH_WAYS(unsigned char, 1, UCHAR_MAX, 1);
  EXPECT_SAME_BOTH_WAYS(short, SHRT_MIN + 300, SHRT_MAX - 300, 299);
  EXPECT_SAME_BOTH_WAYS(unsigned short, 300, USHRT_MAX - 300, 299);
  EXPECT_SAME_BOTH_WAYS(int, -5, 7, 1);
  EXPECT_SAME_BOTH_WAYS(int, INT_MIN + 100, INT_MIN + 200, 1);
  EXPECT_SAME_BOTH_WAYS(int, INT_MAX - 200, INT_MAX - 100, 1);
  EXPECT_SAME_BOTH_WAYS(unsigned, 1, 100, 1);
  EXPECT_SAME_BOTH_WAYS(unsigned, UINT_MAX - 100, UINT_MAX - 1, 1);
  EXPECT_SAME_BOTH_WAYS(long, -5, 7, 1);
  EXPECT_SAME_BOTH_WAYS(long, LONG_MIN + 100, LONG_MIN + 200, 3);
  EXPECT_SAME_BOTH_WAYS(long, LONG_MAX - 200, LONG_MAX - 100, 3);
  EXPECT_SAME_BOTH_WAYS(unsigned long, 1, 100, 1);
  EXPECT_SAME_BOTH_WAYS(unsigned long, ULONG_MAX - 100, ULONG_MAX - 1, 1);
  EXPECT_SAME_BOTH_WAYS(volatile unsigned short, 1, 100, 1);
  EXPECT_SAME_BOTH_WAYS(volatile long, -50, 100, 1);
  EXPECT_SAME_BOTH_WAYS(size_t, 10, 1000, 10);
  EXPECT_SAME_BOTH_WAYS(long long, LLONG_MIN + 100, LLONG_MIN + 200, 3);
}

CASE(pointers_keep_their_values) {
  static int items[50];
  const int* item;
  int sum = 0;
  int n;
  PRE_LOOP(loop);
  start();
  for (n = 0; n < 50; ++n) items[n] = n;
  PRE_FOR_UP(loop, item, items, items + 50, 1) {
    sum += *item;
    tick_in_libc();
  }
  expect_int(sum, 1225);
  PRE_FOR_DOWN(loop, item, items + 49, items, 7) {
    sum -= *item;
    tick_in_libc();
  }
  expect_int(sum, 1225 - (49 + 42 + 35 + 28 + 21 + 14 + 7));
  expect(item == items);
  expect_int(turns, 50 + 6); /* the second loop began with the last tick of the first */
}

CASE(while_forms_leave_the_counter_to_the_body) {
  unsigned i = 1;
  PRE_LOOP(loop);
  start();
  PRE_WHILE_BELOW(loop, i, 1000) {
    note("%u", i);
    i *= 3;
    tick_in_libc();
  }
  PRE_WHILE_ABOVE(loop, i, 10) {
    i /= 9;
    note("%u", i);
    tick_in_libc();
  }
  expect_transcript("1 3 9 27 81 243 729 243 27 3");
  expect_int(turns, 9);
}

CASE(a_loop_of_no_iterations_is_one) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 5, 5, 1) expect(0);
  expect_int(i, 5);
  PRE_FOR_DOWN(loop, i, -5, 5, 1) expect(0);
  expect_int(i, -5);
  tick_in_libc();
  PRE_FOR_UP(loop, i, 5, 4, 1) expect(0);
  expect(!PRE_LoopCancelled(loop));
}

static int evaluated;
static int limit_of_four(void) {
  ++evaluated;
  return 4;
}

CASE(the_limit_is_evaluated_once) {
  int i;
  PRE_LOOP(loop);
  start();
  PRE_FOR_UP(loop, i, 0, limit_of_four(), 1) tick_in_libc();
  expect_int(evaluated, 1);
  expect_int(i, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counters_of_any_integer_type_keep_their_values),
      cmocka_unit_test(pointers_keep_their_values),
      cmocka_unit_test(while_forms_leave_the_counter_to_the_body),
      cmocka_unit_test(a_loop_of_no_iterations_is_one),
      cmocka_unit_test(the_limit_is_evaluated_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
