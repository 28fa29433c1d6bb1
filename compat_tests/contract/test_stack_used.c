/* SPDX-License-Identifier: MIT */
/* test_stack_used.c - how large the stack of an LWP is, and how much of it has been used. */
#include <limits.h>
#include <string.h>

#include "lwp_case.h"

/* What calls on the way may need beyond what a case uses on purpose: the dynamic linker saves all
 * vector registers when it binds a symbol. Coda's way of making a stack uses some, too. */
#ifdef LWP_LWP_H
enum { kSlack = 5000 };
#else
enum { kSlack = 16384 };
#endif

static char event;

/* Uses the stack down to `bytes` below this call, without leaving a byte as it was. */
static __attribute__((noinline)) void use_stack(size_t bytes) {
  volatile char* const area = __builtin_alloca(bytes);
  size_t i;
  for (i = 0; i < bytes; ++i) area[i] = 0x55;
}

static void use_and_wait(void* parm) {
  use_stack(*(size_t*)parm);
  LWP_WaitProcess(&event);
}

static PROCESS spawn_user(int stack_size, size_t* bytes) {
  PROCESS pid;
  expect_int(LWP_CreateProcess(use_and_wait, stack_size, 1, bytes, "U", &pid), LWP_SUCCESS);
  return pid;
}

CASE(sizes_are_raised_and_rounded) {
  const int wanted[][2] = {{0, 32768},     {1, 32768},     {32767, 32768}, {32768, 32768},
                           {32769, 36864}, {36864, 36864}, {36865, 40960}, {1 << 20, 1 << 20}};
  unsigned i;
  host(1);
  for (i = 0; i < sizeof wanted / sizeof wanted[0]; ++i) {
    int max = -1, used = -1;
    size_t bytes = 1;
    PROCESS pid = spawn_user(wanted[i][0], &bytes);
    expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
    expect_int(max, wanted[i][1]);
    expect(used > 0 && used <= max);
  }
}

CASE(use_of_a_fresh_stack_is_told_within_a_page_or_so) {
  size_t bytes;
  host(1);
  for (bytes = 1000; bytes < 100000; bytes = bytes * 3 / 2) {
    int max, used;
    PROCESS pid = spawn_user(1 << 17, &bytes);
    expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
    if (used < (int)bytes || used > (int)bytes + kSlack) {
      expect_failed(__FILE__, __LINE__, "used %d of %d when using %d", used, max, (int)bytes);
    }
  }
}

CASE(use_of_a_recycled_stack_is_that_of_its_last_owner) {
  const size_t uses[] = {25000, 100, 9000, 100, 28000, 2000, 100, 100};
  int i;
  host(1);
  for (i = 0; i < 200; ++i) {
    size_t bytes = uses[i % 8];
    int max, used;
    PROCESS pid = spawn_user(1, &bytes);
    expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
    if (used < (int)bytes || used > (int)bytes + kSlack) {
      expect_failed(__FILE__, __LINE__, "round %d: used %d when using %d", i, used, (int)bytes);
    }
    LWP_DestroyProcess(pid);
  }
}

CASE(nor_is_it_that_of_another_after_one_of_another_size) {
  size_t deep = 28000, shallow = 100;
  int max, used;
  PROCESS pid;
  host(1);
  LWP_DestroyProcess(spawn_user(1, &deep));
  LWP_DestroyProcess(spawn_user(1 << 18, &shallow));
  pid = spawn_user(1, &shallow); /* on the stack of the first */
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect(used < 100 + kSlack);
}

static void ask_for_own_use(void* parm) {
  int max, used, used_later;
  PROCESS self;
  (void)parm;
  LWP_CurrentProcess(&self);
  expect_int(LWP_StackUsed(self, &max, &used), LWP_SUCCESS);
  use_stack(20000);
  expect_int(LWP_StackUsed(self, &max, &used_later), LWP_SUCCESS);
  expect(used_later > 20000);
  expect(used_later > used);
  note("asked");
}

CASE(the_running_lwp_can_ask_too) {
  host(1);
  spawn("S", 1, ask_for_own_use, NULL);
  expect_transcript("asked");
}

static __attribute__((noinline)) int recurse(int depth, volatile int* deepest) {
  volatile char frame[200];
  memset((void*)frame, depth, sizeof frame);
  *deepest = depth;
  return depth == 0 ? frame[7] : recurse(depth - 1, deepest) + frame[3];
}

static void recurse_deeply(void* parm) {
  volatile int deepest;
  recurse(*(int*)parm, &deepest);
  note("%d", deepest);
}

CASE(a_request_of_one_byte_gives_enough_for_twenty_kilobytes) {
  int depth = 100; /* of frames of more than 200 bytes */
  PROCESS pid;
  host(1);
  expect_int(LWP_CreateProcess(recurse_deeply, 1, 1, &depth, "R", &pid), LWP_SUCCESS);
  expect_transcript("0");
}

CASE(unused_without_accounting) {
  size_t bytes = 10000;
  int max = -1, used = -1;
  PROCESS pid, accounted;
  host(1);
  accounted = spawn_user(1, &bytes);
  lwp_stackUseEnabled = 0;
  pid = spawn_user(40000, &bytes);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_NO_STACK);
  expect_int(max, 40960);
  expect_int(used, 0);
#ifdef LWP_LWP_H /* Coda asks the variable, not what it has done at the creation. */
  expect_int(LWP_StackUsed(accounted, &max, &used), LWP_SUCCESS);
#endif
  lwp_stackUseEnabled = 1;
  expect_int(LWP_StackUsed(accounted, &max, &used), LWP_SUCCESS);
  expect(used >= 10000);
}

#ifdef LWP_LWP_H

CASE(accounting_switched_on_again_ignores_what_was_not_accounted) {
  size_t deep = 28000, shallow = 100;
  int max, used;
  PROCESS pid;
  host(1);
  lwp_stackUseEnabled = 0;
  pid = spawn_user(1, &deep);
  LWP_DestroyProcess(pid);
  lwp_stackUseEnabled = 1;
  pid = spawn_user(1, &shallow);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect(used < 100 + kSlack);
}

/* Leaves the stack alone but for a byte far down. */
static void touch_deeply_and_wait(void* parm) {
  volatile char area[28000];
  (void)parm;
  area[0] = 0x55;
  expect_int(area[0], 0x55);
  LWP_WaitProcess(&event);
}

CASE(nor_does_it_see_traces_far_from_what_is_looked_at) {
  size_t shallow = 100;
  int i, max, used;
  PROCESS pid;
  host(1);
  for (i = 0; i < 3; ++i) LWP_DestroyProcess(spawn_user(1, &shallow));
  lwp_stackUseEnabled = 0;
  pid = spawn("D", 1, touch_deeply_and_wait, NULL);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_NO_STACK);
  LWP_DestroyProcess(pid);
  lwp_stackUseEnabled = 1;
  pid = spawn_user(1, &shallow);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect(used < 100 + kSlack);
}

CASE(the_stack_of_the_first_lwp_is_not_known) {
  int max = -1, used = -1;
  PROCESS self = host(1);
  expect_int(LWP_StackUsed(self, &max, &used), LWP_NO_STACK);
  expect_int(max, 0);
  expect_int(used, 0);
}

CASE(an_lwp_that_has_never_run_has_hardly_used_its_stack) {
  int max, used;
  PROCESS pid;
  host(2);
  pid = spawn("N", 1, note_and_end, NULL);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect(used > 0 && used < 1024);
}

CASE(use_is_never_more_than_the_size) {
  size_t bytes = 32700;
  int max, used;
  PROCESS pid;
  host(1);
  pid = spawn_user(1, &bytes); /* goes into the room for signals */
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect_int(used, max);
}

CASE_IF(sizeof(void*) == 8 && !under_valgrind(), "there is no room for so large a stack",
        the_largest_size_is_rounded_down) {
  size_t bytes = 100;
  int max, used;
  PROCESS pid;
  host(1);
  pid = spawn_user(INT_MAX, &bytes);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect_int(max, INT_MAX / 4096 * 4096);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_are_raised_and_rounded),
      cmocka_unit_test(use_of_a_fresh_stack_is_told_within_a_page_or_so),
      cmocka_unit_test(use_of_a_recycled_stack_is_that_of_its_last_owner),
      cmocka_unit_test(nor_is_it_that_of_another_after_one_of_another_size),
      cmocka_unit_test(the_running_lwp_can_ask_too),
      cmocka_unit_test(a_request_of_one_byte_gives_enough_for_twenty_kilobytes),
      cmocka_unit_test(unused_without_accounting),
#ifdef LWP_LWP_H
      cmocka_unit_test(accounting_switched_on_again_ignores_what_was_not_accounted),
      cmocka_unit_test(nor_does_it_see_traces_far_from_what_is_looked_at),
      cmocka_unit_test(the_stack_of_the_first_lwp_is_not_known),
      cmocka_unit_test(an_lwp_that_has_never_run_has_hardly_used_its_stack),
      cmocka_unit_test(use_is_never_more_than_the_size),
      cmocka_unit_test(the_largest_size_is_rounded_down),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
