/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_static.c - LWPs that live in memory of the program's: nothing is allocated, and what
 * does not fit is told.
 */
#include <lwp/lock.h>

#include "no_heap.h"

CASE(codes) {
  PROCESS pid = NULL;
  size_t bytes;
  expect_int(LWPX_InitStatic(NULL, 0, 1, &pid), LWP_ENOMEM);
  expect_int(LWPX_InitStatic(NULL, sizeof memory, 1, &pid), LWP_ENOMEM);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, -1, &pid), LWP_EBADPRI);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, LWP_MAX_PRIORITY + 1, &pid), LWP_EBADPRI);
  expect_int(LWPX_InitStatic(&memory, (size_t)-1, 1, &pid), LWP_ENOMEM);
  for (bytes = 0; bytes < LWPX_RUNTIME_BYTES; bytes += 61) {
    const int code = LWPX_InitStatic(memory.bytes + 1, bytes, 1, &pid);
    if (code == LWP_SUCCESS) break;
    expect_int(code, LWP_ENOMEM);
    expect_int(LWP_DispatchProcess(), LWP_EINIT);
  }
  expect(bytes < LWPX_RUNTIME_BYTES);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, 1, &pid), LWP_ESYSTEM);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, 1, NULL), LWP_SUCCESS);
}

static void keep_name(void* parm) { strcpy((char*)parm, LWP_Name()); }

/* It is taken at once, as the sender's runtime is the receiver's. */
CASE(a_spawn_with_a_long_name_allocates_nothing) {
  static const char name[] = "12345678901234567890123456789012345678901234567890";
  char taken[sizeof name] = "";
  LWPX_RUNTIME self;
  host(2);
  self = LWPX_ThisRuntime();
  spawn("first", 2, note_and_end, NULL); /* leaves a stack */
  watching = 1;
  expect_int(LWPX_SpawnOn(self, keep_name, 16384, 2, taken, name), LWP_SUCCESS);
  watching = 0;
  LWP_DispatchProcess();
  expect_int(strlen(taken), 31);
  expect(strncmp(taken, name, 31) == 0);
}

static void use_stack(void* bytes) {
  char frame[kStack - 4096];
  memset(frame, 1, (size_t)bytes);
  tell(frame[0] == 1 ? 'u' : '-');
}

/* The documented bytes are enough for the documented number, and their stacks for what was asked
 * for, whoever came and went before. */
CASE(the_memory_per_lwp_is_what_the_header_says) {
  PROCESS pids[kLwps];
  int i, round;
  begin_without_heap(sizeof memory.exact, 2);
  for (round = 0; round < 50; ++round) {
    for (i = 0; i < kLwps; ++i) {
      expect_int(LWP_CreateProcess(wait_for_event, kStack, 2, &event, "W", &pids[i]), LWP_SUCCESS);
    }
    for (i = 0; i < kLwps; ++i) {
      if ((i * 7 + round) % 3 == 0) expect_int(LWP_DestroyProcess(pids[i]), LWP_SUCCESS);
    }
    for (i = 0; i < kLwps; ++i) {
      if ((i * 7 + round) % 3 != 0) continue;
      expect_int(LWP_CreateProcess(use_stack, kStack, 2, (void*)(kStack - 4096L), "U", NULL),
                 LWP_SUCCESS);
    }
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    for (i = 0; record[i] != '\0'; ++i) expect(record[i] != '-');
    expect_int(i, kLwps);
    memset(record, 0, sizeof record);
  }
  end_without_heap();
}

/* Many: tables grow. */
CASE(and_for_many_too) {
  enum { kMany = 300 };
  static char large[LWPX_STATIC_BYTES(kMany, 0)];
  int i, round;
  watching = 1;
  expect_int(LWPX_InitStatic(large, sizeof large, 2, NULL), LWP_SUCCESS);
  for (round = 0; round < 3; ++round) {
    for (i = 0; i < kMany; ++i) {
      expect_int(LWP_CreateProcess(wait_for_event, 0, 2, &event, "W", NULL), LWP_SUCCESS);
    }
    expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
    for (i = 0; i < kMany; ++i) {
      memset(record, 0, sizeof record);
      LWP_DispatchProcess();
    }
  }
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  watching = 0;
}

CASE(running_out_is_told_and_what_is_given_back_is_used_again) {
  PROCESS pids[200];
  int count = 0, again = 0, round;
  begin_without_heap(sizeof memory.exact, 2);
  for (round = 0; round < 20; ++round) {
    struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
    int code;
    for (count = 0;; ++count) {
      code = LWP_CreateProcess(wait_for_event, 0, 1, &event, "W", &pids[count]);
      if (code != LWP_SUCCESS) break;
    }
    expect_int(code, LWP_ENOMEM);
    expect(count >= kLwps);
    expect(again == 0 || again == count);
    again = count;
    expect_int(LWPX_CreateProcess(&attributes, wait_for_event, &event, NULL), LWP_ENOMEM);
    while (count > 0) expect_int(LWP_DestroyProcess(pids[--count]), LWP_SUCCESS);
  }
  end_without_heap();
}

static void wait_for_three(void* rounds) {
  static char other, third;
  const void* list[] = {&event, &other, &third, NULL};
  long i;
  for (i = 0; i < (long)rounds; ++i) expect_int(LWP_MwaitProcess(1, list), LWP_SUCCESS);
  tell('m');
}

CASE(lists_names_and_rocks_come_from_the_same_memory) {
  static char name[300];
  static const void* many[2000];
  char* value;
  int i, count;
  PROCESS pid;
  begin_without_heap(sizeof memory.exact, 2);
  memset(name, 'n', sizeof name - 1);
  for (i = 0; i < 100; ++i) {
    expect_int(LWP_CreateProcess(wait_for_three, 0, 2, (void*)2L, name, &pid), LWP_SUCCESS);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_record("m");
    expect_int(LWP_CreateProcess(wait_for_three, 0, 2, (void*)9L, name, &pid), LWP_SUCCESS);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  }
  expect_int(LWP_NewRock(1, name), LWP_SUCCESS);
  expect_int(LWP_GetRock(1, &value), LWP_SUCCESS);
  /* a list that can not fit */
  for (i = 0; i < 1999; ++i) many[i] = &many[i];
  count = fill_memory(2);
  expect_int(LWP_MwaitProcess(1, many), LWP_ENOMEM);
  expect_int(LWP_SignalProcess(&many[7]), LWP_ENOWAIT);
  expect_all_to_run(count);
  end_without_heap();
}

static struct Lock lock;

static void lock_and_end(void* parm) {
  (void)parm;
  ObtainWriteLock(&lock);
  tell('l');
  ReleaseWriteLock(&lock);
}

static void take_credits(void* parm) {
  (void)parm;
  for (;;) {
    LWP_QWait();
    tell('q');
  }
}

static void clean(void* what) { tell(*(char*)what); }

static void push_and_wait(void* what) {
  struct LWPX_Cleanup place;
  LWPX_PushCleanup(&place, clean, "c");
  LWP_WaitProcess(what);
}

CASE(locks_credits_joins_and_cancellation_allocate_nothing) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  void* status;
  PROCESS pid;
  int i;
  begin_without_heap(sizeof memory.exact, 2);
  for (i = 0; i < 100; ++i) {
    ObtainWriteLock(&lock);
    expect_int(LWP_CreateProcess(lock_and_end, 0, 2, NULL, "L", NULL), LWP_SUCCESS);
    ReleaseWriteLock(&lock);
    LWP_DispatchProcess();
    expect_int(LWP_CreateProcess(take_credits, 0, 2, NULL, "Q", &pid), LWP_SUCCESS);
    expect_int(LWP_QSignal(pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
    attributes.flags = LWPX_JOINABLE | LWPX_SUSPENDED;
    expect_int(LWPX_CreateProcess(&attributes, push_and_wait, &event, &pid), LWP_SUCCESS);
    expect_int(LWPX_Ready(pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
    expect_int(LWPX_Join(pid, NULL, &status), LWP_SUCCESS);
    expect(status == LWPX_CANCELED);
    expect_record("lqc");
  }
  end_without_heap();
}

static char own[2][LWPX_PROCESS_BYTES(0)];

CASE(own_memory_of_lwps_works_beside_it) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  PROCESS pid;
  int i;
  begin_without_heap(LWPX_RUNTIME_BYTES, 2);
  expect_int(LWP_CreateProcess(wait_for_event, 0, 2, &event, "W", NULL), LWP_ENOMEM);
  for (i = 0; i < 1000; ++i) {
    attributes.memory = own[i % 2];
    attributes.memory_size = sizeof own[0];
    expect_int(LWPX_CreateProcess(&attributes, wait_for_event, &event, &pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_record("w");
  }
  end_without_heap();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes),
      cmocka_unit_test(a_spawn_with_a_long_name_allocates_nothing),
      cmocka_unit_test(the_memory_per_lwp_is_what_the_header_says),
      cmocka_unit_test(and_for_many_too),
      cmocka_unit_test(running_out_is_told_and_what_is_given_back_is_used_again),
      cmocka_unit_test(lists_names_and_rocks_come_from_the_same_memory),
      cmocka_unit_test(locks_credits_joins_and_cancellation_allocate_nothing),
      cmocka_unit_test(own_memory_of_lwps_works_beside_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
