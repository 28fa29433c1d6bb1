/* SPDX-License-Identifier: MIT */
/*
 * torture_slots.c - threads of the course whose time ends in a tick, by the thousand: wherever they
 * are in the program's code, with their stacks taken again at once, and clean-up handlers to run.
 */
#define UTHREAD_TIME_SLOTS
#define UTHREAD_TICK_US 20L /* the shortest slice */
#include <lwp/dialect/uthread.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <stdlib.h>
#include <string.h>

#include "child_case.h"

static volatile long begun, cleaned, returned;

static double torture_seconds(void) {
  const char* const text = getenv("LWP_TORTURE_SECONDS");
  return text != NULL ? atof(text) : 1.0;
}

static void add_one(volatile long* number) {
  PRE_BeginCritical();
  ++*number;
  PRE_EndCritical();
}

/* What a thread has; on its stack. */
struct goods {
  char memory[200];
  char* volatile heap;
};

static void clean_up(void* parm) {
  struct goods* const goods = (struct goods*)parm;
  memset(goods->memory, 0, sizeof goods->memory);
  free(goods->heap);
  add_one(&cleaned);
}

/* Fills its stack and the heap, yields now and then, and never ends by itself. */
static void restless(void* number) {
  struct LWPX_Cleanup place;
  struct goods goods;
  unsigned i = (unsigned)(uintptr_t)number;
  PRE_BeginCritical();
  goods.heap = NULL;
  LWPX_PushCleanup(&place, clean_up, &goods);
  ++begun;
  PRE_EndCritical(); /* its time may be over here */
  for (;;) {
    const size_t size = i % 500 + 1;
    PRE_BeginCritical();
    goods.heap = (char*)malloc(size);
    PRE_EndCritical();
    memset(goods.memory, (int)i, sizeof goods.memory);
    memset(goods.heap, (int)i, size);
    PRE_BeginCritical();
    free(goods.heap);
    goods.heap = NULL;
    PRE_EndCritical();
    if (++i % 97 == 0) thread_yield();
  }
}

static void ends_by_itself(void* unused) {
  volatile int i;
  (void)unused;
  for (i = 0; i < 100; ++i) {
  }
  add_one(&returned);
}

/* Adds threads like itself, which take the stacks of those that have ended. */
static void bears(void* left) {
  const uintptr_t children = (uintptr_t)left;
  if (children > 1) {
    thread_add_runqueue(thread_create(bears, (void*)(children / 2), 50));
    thread_add_runqueue(thread_create(restless, (void*)children, 2));
  }
  restless(left);
}

/* Doubled while the machine takes longer than that to come to the first line of a thread. */
static int slots = 1;

CASE(threads_end_in_ticks_wherever_they_are) {
  const double end = now_seconds() + torture_seconds();
  uintptr_t i;
  long threads = 0;
  do {
    for (i = 0; i < 30; ++i, ++threads) {
      thread_add_runqueue(thread_create(restless, (void*)i, (int)(i % 5) + slots));
      thread_add_runqueue(thread_create(ends_by_itself, NULL, 0));
    }
    expect_int(thread_start_threading(1), LWP_SUCCESS);
    /* Some have ended before they came to count: their slot was over. */
    expect_int(cleaned, begun);
    if (begun == 0) slots *= 2;
  } while (now_seconds() < end || begun == 0);
  expect_int(returned, threads);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(threads_that_threads_add_end_too) {
  const double end = now_seconds() + torture_seconds();
  do {
    thread_add_runqueue(thread_create(bears, (void*)(uintptr_t)256, 50 * slots));
    expect_int(thread_start_threading(1), LWP_SUCCESS);
    expect_int(cleaned, begun);
    if (begun == 0) slots *= 2;
  } while (now_seconds() < end || begun == 0);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_end_in_ticks_wherever_they_are),
      cmocka_unit_test(threads_that_threads_add_end_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
