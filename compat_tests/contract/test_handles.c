/* SPDX-License-Identifier: MIT */
/* test_handles.c - every call that takes a handle refuses one that is not of a living LWP. */
#include "lwp_case.h"

#ifdef LWP_LWP_H /* Coda follows any pointer. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static void refused_everywhere(PROCESS pid) {
  int number = 77, used = 78;
  expect_int(LWP_DestroyProcess(pid), LWP_EBADPID);
  expect_int(LWP_GetProcessPriority(pid, &number), LWP_EBADPID);
  expect_int(LWP_QSignal(pid), LWP_EBADPID);
  expect_int(LWP_StackUsed(pid, &number, &used), LWP_EBADPID);
  expect_int(number, 77);
  expect_int(used, 78);
}

CASE(null_is_refused) {
  host(1);
  refused_everywhere(NULL);
}

CASE(garbage_is_refused) {
  const uintptr_t patterns[] = {1, 2, 0x1000, UINTPTR_MAX, UINTPTR_MAX / 2, UINTPTR_MAX - 4095};
  char local;
  unsigned i;
  host(1);
  spawn("A", 1, note_and_yield, NULL);
  for (i = 0; i < sizeof patterns / sizeof patterns[0]; ++i) {
    refused_everywhere((PROCESS)patterns[i]);
  }
  refused_everywhere((PROCESS)&local);
  refused_everywhere((PROCESS)patterns);
  refused_everywhere((PROCESS)&lwp_debug);
}

CASE(every_handle_but_the_true_ones_is_refused) {
  const uintptr_t self = (uintptr_t)host(1);
  const uintptr_t other = (uintptr_t)spawn("A", 1, note_and_yield, NULL);
  unsigned bit;
  for (bit = 0; bit < sizeof(PROCESS) * 8; ++bit) {
    const uintptr_t flip = (uintptr_t)1 << bit;
    if ((self ^ flip) != other) refused_everywhere((PROCESS)(self ^ flip));
    if ((other ^ flip) != self) refused_everywhere((PROCESS)(other ^ flip));
  }
}

CASE(handles_of_the_dead_are_refused) {
  PROCESS pid;
  host(1);
  pid = spawn("E", 1, note_and_end, NULL);
  refused_everywhere(pid);
  pid = spawn("D", 1, note_and_yield, NULL);
  LWP_DestroyProcess(pid);
  refused_everywhere(pid);
}

CASE(handles_of_the_dead_stay_refused_when_their_place_is_taken) {
  enum { kGenerations = sizeof(void*) == 8 ? 5000 : 4000 }; /* of 4096 on 32-bit systems */
  static PROCESS dead[kGenerations];
  int i;
  int priority;
  host(2);
  for (i = 0; i < kGenerations; ++i) {
    PROCESS alive = spawn("A", 1, note_and_yield, NULL);
    expect_int(LWP_GetProcessPriority(alive, &priority), LWP_SUCCESS);
    if (i > 0) refused_everywhere(dead[i - 1]);
    refused_everywhere(dead[i / 2]);
    dead[i] = alive;
    LWP_DestroyProcess(alive);
  }
  spawn("A", 1, note_and_yield, NULL);
  for (i = 0; i < kGenerations; ++i) refused_everywhere(dead[i]);
}

CASE(handles_of_all_living_are_different_and_accepted) {
  enum { kLwps = 2000 };
  static PROCESS living[kLwps];
  int i;
  host(1);
  for (i = 0; i < kLwps; ++i) living[i] = spawn("L", i % 2, note_and_end, NULL);
  for (i = 0; i < kLwps; ++i) {
    int priority = -1;
    const int rc = LWP_GetProcessPriority(living[i], &priority);
    if (i % 2 == 0) expect_int(rc, LWP_SUCCESS);
    if (i % 2 == 0) expect_int(priority, 0);
    if (i % 2 == 1) expect_int(rc, LWP_EBADPID); /* has ended already */
  }
}

static PROCESS foreign_main;
static PROCESS foreign_lwp;
static pthread_barrier_t barrier;

static void* host_elsewhere(void* parm) {
  foreign_main = host(1);
  foreign_lwp = spawn("F", 1, note_and_yield, NULL);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return parm;
}

CASE(handles_of_another_kernel_thread_are_refused) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  host(1);
  pthread_create(&thread, NULL, host_elsewhere, NULL);
  pthread_barrier_wait(&barrier);
  expect(foreign_main != NULL && foreign_lwp != NULL);
  refused_everywhere(foreign_main);
  refused_everywhere(foreign_lwp);
  spawn("A", 1, note_and_yield, NULL);
  refused_everywhere(foreign_main);
  refused_everywhere(foreign_lwp);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(null_is_refused),
      cmocka_unit_test(garbage_is_refused),
      cmocka_unit_test(every_handle_but_the_true_ones_is_refused),
      cmocka_unit_test(handles_of_the_dead_are_refused),
      cmocka_unit_test(handles_of_the_dead_stay_refused_when_their_place_is_taken),
      cmocka_unit_test(handles_of_all_living_are_different_and_accepted),
      cmocka_unit_test(handles_of_another_kernel_thread_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
