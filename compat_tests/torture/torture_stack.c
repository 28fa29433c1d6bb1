/* SPDX-License-Identifier: MIT */
/* torture_stack.c - ticks on stacks that are used up to the last byte that was asked for. */
#include <alloca.h>
#include <stdio.h>
#include <string.h>

#include "torture.h"

enum { kStack = 32768 };

/* What the callers below it, and the calls that a round makes, take at most. */
enum { kCallers = 1024, kCalls = 6144 };

static volatile int woken;

static void fill_stack(struct worker* self, size_t bytes) {
  char* const area = (char*)alloca(bytes);
  size_t i;
  memset(area, self->number, bytes);
  do {
    work(2000);
    self->round(self);
    ++self->rounds;
  } while (!closing_time);
  for (i = 0; i < bytes; ++i) expect_int(area[i], (char)self->number);
}

static void use_up(void* parm) {
  struct worker* const self = (struct worker*)parm;
  PRE_PreemptMe();
  fill_stack(self, kStack - kCallers - (self->random ? kCalls : 0));
  PRE_BeginCritical();
  ++workers_gone;
}

static void nothing(struct worker* self) { (void)self; }

static void allocate(struct worker* self) {
  char* const block = (char*)malloc(100 + (size_t)self->number);
  memset(block, 1, 100);
  free(block);
}

static void add(int count, void (*round)(struct worker*), int calls) {
  int i;
  for (i = 0; i < count; ++i) {
    struct worker* const self = &workers[worker_count];
    self->number = worker_count++;
    self->round = round;
    self->random = (unsigned)calls;
    expect_int(LWP_CreateProcess(use_up, kStack, 2, self, "full", NULL), LWP_SUCCESS);
  }
}

CASE(full_stacks_in_own_code) {
  open_shop();
  add(10, nothing, 0);
  work_and_close(20);
}

CASE(full_stacks_in_the_c_library) {
  open_shop();
  add(10, allocate, 1);
  work_and_close(20);
}

/* The tick that looks after those who wait does more than others. */
static void sleep_again_and_again(void* parm) {
  (void)parm;
  while (!closing_time) {
    struct timeval wait = {0, 200};
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(*(int*)parm, &readable);
    IOMGR_Select(*(int*)parm + 1, &readable, NULL, NULL, &wait);
    ++woken;
  }
}

static int somebody_was_woken(void) { return woken > 0; }

CASE(full_stacks_while_others_wait_for_descriptors) {
  int pipes[2];
  int i;
  expect_int(pipe(pipes), 0);
  open_shop();
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  add(5, nothing, 0);
  add(5, allocate, 1);
  for (i = 0; i < 40; ++i) {
    expect_int(LWP_CreateProcess(sleep_again_and_again, 65536, 2, &pipes[0], "sleeper", NULL),
               LWP_SUCCESS);
  }
  seen_enough = somebody_was_woken;
  work_and_close(20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(full_stacks_in_own_code),
      cmocka_unit_test(full_stacks_in_the_c_library),
      cmocka_unit_test(full_stacks_while_others_wait_for_descriptors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
