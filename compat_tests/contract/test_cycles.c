/* SPDX-License-Identifier: MIT */
/* test_cycles.c - starting and ending a host over and over leaves nothing behind. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address_space.h"
#include "lwp_case.h"

static char events[64];

/* Neighbouring ones of one kind count as one, so there is a look at the address space as well. Not
 * known under Valgrind either: always 0. */
static int mappings(void) {
  static char buffer[1 << 16];
  FILE* maps;
  int lines = 0;
  int c;
  if (under_valgrind()) return 0;
  maps = fopen("/proc/self/maps", "r");
  expect(maps != NULL);
  setvbuf(maps, buffer, _IOFBF, sizeof buffer);
  while ((c = getc(maps)) != EOF) lines += c == '\n';
  fclose(maps);
  return lines;
}

static int descriptors(void) {
  DIR* const dir = opendir("/proc/self/fd");
  int count = 0;
  expect(dir != NULL);
  while (readdir(dir) != NULL) ++count;
  closedir(dir);
  return count;
}

static size_t heap_in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  return mallinfo2().uordblks;
#else
  return 0;
#endif
}

static void wait_for_many(void* parm) {
  const void* list[65];
  int i;
  (void)parm;
  for (i = 0; i < 64; ++i) list[i] = &events[i];
  list[64] = NULL;
  LWP_MwaitProcess(64, list);
}

/* One life of a host, with LWPs in every state at its end. */
static void live(void) {
  PROCESS pid;
  host(2);
  spawn("an LWP whose name does not fit into its control block", 2, wait_for_many, NULL);
  spawn("waiting", 2, wait_and_note, &events[0]);
  spawn("for credits", 2, take_credit_and_note, NULL);
  spawn("never run", 1, note_and_end, NULL);
  spawn("ended", 2, note_and_end, NULL);
  expect_int(LWP_CreateProcess(wait_and_note, 1 << 20, 2, &events[1], "large", &pid), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&events[0]), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_transcript("ended");
}

CASE(hundreds_of_cycles_leave_no_mapping_descriptor_or_memory_behind) {
  int i, mappings_before, descriptors_before;
  long space_before;
  size_t heap_before;
  for (i = 0; i < 10; ++i) live();
  (void)mappings(); /* allocates on its first use */
  (void)descriptors();
  mappings_before = mappings();
  descriptors_before = descriptors();
  space_before = address_space();
  heap_before = heap_in_use();
  for (i = 0; i < 400; ++i) live();
  expect_int(heap_in_use(), heap_before);
  expect_int(mappings(), mappings_before);
  expect_int(descriptors(), descriptors_before);
  expect(address_space() < space_before + 300); /* fewer than there were cycles */
}

static void wake(void* pid) { LWP_QSignal(pid); }

CASE(lwps_that_come_and_go_leave_nothing_behind) {
  int i, mappings_before = 0;
  size_t heap_before = 0;
  host(2);
  (void)mappings();
  for (i = 0; i < 3000; ++i) {
    PROCESS pid;
    if (i == 1000) {
      mappings_before = mappings();
      heap_before = heap_in_use();
    }
    pid = spawn("an LWP whose name does not fit into its control block", 2, wait_for_many, NULL);
    spawn("never run", 1, note_and_end, NULL);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
    LWP_NoYieldSignal(&events[3]);
    if (i % 10 == 9) {
      /* Let those below end. */
      spawn("waker", 0, wake, LWP_ThisProcess());
      LWP_QWait();
    }
  }
  expect_int(heap_in_use(), heap_before);
  expect_int(mappings(), mappings_before);
}

#ifdef LWP_LWP_H

#include <lwp/lwpx.h>
#include <preempt/policy.h>

static int create_wrongly(void) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  wanted.priority = LWP_MAX_PRIORITY + 1;
  expect_int(LWP_CreateProcess(note_and_end, 0, -1, NULL, "X", NULL), LWP_EBADPRI);
  return LWPX_CreateProcess(&wanted, note_and_end, NULL, NULL);
}

CASE(creations_that_are_refused_leave_nothing_behind) {
  long space_before = 0;
  size_t heap_before = 0;
  int i;
  host(2);
  for (i = 0; i < 1100; ++i) {
    if (i == 100) {
      (void)mappings();
      space_before = address_space();
      heap_before = heap_in_use();
    }
    expect_int(create_wrongly(), LWP_EBADPRI);
  }
  expect_int(heap_in_use(), heap_before);
  expect(address_space() < space_before + 300); /* fewer than there were creations */
}

static void live_without_timers(void) {
  struct timeval slice = {0, 1000};
  host(2);
  expect_int(PRE_InitPreempt(&slice), LWP_ESYSTEM);
  expect_int(PRE_SetPolicy(PRE_POLICY_LEGACY), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(hosts_that_get_no_timers_leave_nothing_behind) {
  struct rlimit limit;
  size_t heap_before;
  int i;
  getrlimit(RLIMIT_SIGPENDING, &limit);
  limit.rlim_cur = 0; /* each timer has a signal of its own */
  expect_int(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
  for (i = 0; i < 10; ++i) live_without_timers();
  heap_before = heap_in_use();
  for (i = 0; i < 50; ++i) live_without_timers();
  expect_int(heap_in_use(), heap_before);
}

/* All LWPs that there are handles for, without asking for more memory. The first LWP has one. */
enum { kFirstHandles = 255 };

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        a_name_whose_handle_found_no_memory_is_not_left_behind) {
  char name[2000];
  void* volatile reserve; /* else the compiler takes the allocation out */
  size_t heap_before;
  int i;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  host(2);
  for (i = 1; i < kFirstHandles; ++i) spawn("W", 2, wait_and_note, &events[0]);
  reserve = malloc(4 * sizeof name);
  exhaust_memory();
  free(reserve); /* the name finds memory, and the handle none */
  heap_before = heap_in_use();
  expect_int(LWP_CreateProcess(note_and_end, 0, 2, NULL, "short", NULL), LWP_ENOMEM);
  expect_int(LWP_CreateProcess(note_and_end, 0, 2, NULL, name, NULL), LWP_ENOMEM);
  expect_int(heap_in_use(), heap_before);
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hundreds_of_cycles_leave_no_mapping_descriptor_or_memory_behind),
      cmocka_unit_test(lwps_that_come_and_go_leave_nothing_behind),
#ifdef LWP_LWP_H
      cmocka_unit_test(creations_that_are_refused_leave_nothing_behind),
      cmocka_unit_test(hosts_that_get_no_timers_leave_nothing_behind),
      cmocka_unit_test(a_name_whose_handle_found_no_memory_is_not_left_behind),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
