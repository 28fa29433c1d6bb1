/* SPDX-License-Identifier: MIT */
/* test_preempt_callbacks.c - LWPs that are moved in functions which the C library calls back. */
#include <errno.h>
#include <lwp/lwp.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;

static void start(void (*other)(void*)) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_by_hand();
  start_lwp(other, 2, (void*)&turns);
  PRE_PreemptMe();
}

/* Each comparison is the end of a slice, so two sorts and searches are taken apart into all of
 * their steps, and these go on alternately. */
static int compare(const void* left, const void* right) {
  const int a = *(const int*)left;
  const int b = *(const int*)right;
  tick_here();
  return a < b ? -1 : a > b;
}

enum { kNumbers = 200 };

static int visited;
static void visit(const void* node, VISIT order, int depth) {
  (void)depth;
  tick_here();
  if (order != postorder && order != leaf) return;
  expect_int(**(int* const*)node, visited * 2);
  ++visited;
}

static void sort_and_search(unsigned seed) {
  static int numbers[2][kNumbers];
  int* const mine = numbers[seed % 2];
  int i;
  for (i = 0; i < kNumbers; ++i) mine[i] = i * 2;
  for (i = kNumbers - 1; i > 0; --i) {
    const int other = (int)((seed = seed * 1103515245u + 12345u) >> 16) % (i + 1);
    const int kept = mine[i];
    mine[i] = mine[other];
    mine[other] = kept;
  }
  qsort(mine, kNumbers, sizeof mine[0], compare);
  for (i = 0; i < kNumbers; ++i) expect_int(mine[i], i * 2);
  for (i = 0; i < kNumbers; i += 7) {
    const int key = i * 2;
    const int absent = key + 1;
    expect(bsearch(&key, mine, kNumbers, sizeof mine[0], compare) == &mine[i]);
    expect(bsearch(&absent, mine, kNumbers, sizeof mine[0], compare) == NULL);
  }
}

static void sort_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) {
    sort_and_search(2 * (unsigned)*count + 1);
    ++*count;
  }
}

CASE(sorts_and_searches_may_be_taken_apart) {
  unsigned round;
  start(sort_for_ever);
  for (round = 0; round < 10; ++round) sort_and_search(2 * round);
  expect(turns > 5);
}

CASE(trees_may_be_walked_by_turns) {
  static int numbers[kNumbers];
  void* root = NULL;
  int i;
  start(count_turns);
  for (i = 0; i < kNumbers; ++i) {
    numbers[i] = (i * 37 % kNumbers) * 2;
    expect(tsearch(&numbers[i], &root, compare) != NULL);
  }
  turns = 0;
  twalk(root, visit);
  expect_int(visited, kNumbers);
  expect(turns > kNumbers);
}

/*
 * A stream locks itself while it calls the program's functions. The lock belongs to the kernel
 * thread and is recursive: an LWP that comes while another one was moved in there walks in.
 */
static FILE* stream;
static volatile int inside;
static volatile int met;

static ssize_t write_slowly(void* cookie, const char* text, size_t size) {
  (void)cookie;
  (void)text;
  if (inside) met = 1;
  inside = 1;
  tick_here();
  inside = 0;
  return (ssize_t)size;
}

static void print_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  for (;;) {
    fputs("other\n", stream);
    ++*count;
    LWP_DispatchProcess();
  }
}

static void open_stream(void) {
  const cookie_io_functions_t functions = {NULL, write_slowly, NULL, NULL};
  stream = fopencookie(NULL, "w", functions);
  setvbuf(stream, NULL, _IONBF, 0);
}

CASE(two_lwps_can_meet_inside_a_callback_of_stdio) {
  open_stream();
  start(print_for_ever);
  fputs("main\n", stream);
  expect_int(met, 1);
}

CASE(a_section_around_the_call_keeps_them_apart) {
  open_stream();
  start(print_for_ever);
  turns = 0;
  PRE_BeginCritical();
  fputs("main\n", stream);
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
  expect_int(met, 0);
}

/* A mutex belongs to the kernel thread, that is, to all its LWPs. */
static pthread_mutex_t mutex;

static void try_to_lock(void* parm) {
  volatile long* const result = (volatile long*)parm;
  for (;;) {
    *result = pthread_mutex_lock(&mutex);
    if (*result == 0) pthread_mutex_unlock(&mutex);
    LWP_DispatchProcess();
  }
}

static void make_mutex(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&mutex, &attributes);
}

CASE(a_mutex_does_not_keep_lwps_apart) {
  make_mutex();
  start(try_to_lock);
  expect_int(pthread_mutex_lock(&mutex), 0);
  tick_here();
  expect_int(turns, EDEADLK);
  expect_int(pthread_mutex_unlock(&mutex), 0);
}

CASE(a_section_around_the_mutex_does) {
  make_mutex();
  start(try_to_lock);
  PRE_BeginCritical();
  expect_int(pthread_mutex_lock(&mutex), 0);
  turns = -1;
  tick_here();
  expect_int(turns, -1);
  expect_int(pthread_mutex_unlock(&mutex), 0);
  PRE_EndCritical();
  expect_int(turns, 0);
}

/* A once function that is under way is not taken for done, nor begun again. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static volatile int begun;
static void initialise(void) {
  ++begun;
  tick_here();
}

static void pass_once(void* parm) {
  volatile long* const passed = (volatile long*)parm;
  LWP_DispatchProcess();
  pthread_once(&once, initialise);
  ++*passed;
  for (;;) LWP_DispatchProcess();
}

CASE(a_section_around_once_lets_it_end_first) {
  start(pass_once);
  PRE_BeginCritical();
  pthread_once(&once, initialise);
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
  expect_int(begun, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorts_and_searches_may_be_taken_apart),
      cmocka_unit_test(trees_may_be_walked_by_turns),
      cmocka_unit_test(two_lwps_can_meet_inside_a_callback_of_stdio),
      cmocka_unit_test(a_section_around_the_call_keeps_them_apart),
      cmocka_unit_test(a_mutex_does_not_keep_lwps_apart),
      cmocka_unit_test(a_section_around_the_mutex_does),
      cmocka_unit_test(a_section_around_once_lets_it_end_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
