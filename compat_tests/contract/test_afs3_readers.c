/* SPDX-License-Identifier: MIT */
/* Readers and writers the way AFS-3 sources have them, with slices: on Linux they never had any. */
#include <lock.h>
#include <lwp.h>
#include <preempt.h>
#include <string.h>

#include "afs3_case.h"

#define READERS 5
#define MESSAGES 400

static struct Lock lock;
static char queue_event;
static int queue[MESSAGES], first, end;
static char taken[MESSAGES];
static int asleep, preempted;
static volatile int running;

static int is_empty(void) { return first == end; }

/* Removing is protected by the critical section, as many readers hold the lock. */
static void* read_process(void* id) {
  volatile int i;
  LWP_DispatchProcess();
  PRE_PreemptMe();
  for (;;) {
    int message = -1;
    PRE_BeginCritical();
    asleep++;
    ObtainReadLock(&lock);
    while (is_empty()) LWP_WaitProcessR(&queue_event, &lock), ObtainReadLock(&lock);
    asleep--;
    message = queue[first++];
    running = *(int*)id;
    PRE_EndCritical();
    for (i = 0; i < 50000; i++) {
      if (running != *(int*)id) {
        running = *(int*)id;
        ++preempted;
      }
    }
    taken[message]++;
    ReleaseReadLock(&lock);
    LWP_DispatchProcess();
  }
  return NULL;
}

static void* write_process(void* unused) {
  int i;
  PRE_PreemptMe();
  for (i = 0; i < MESSAGES; i++) {
    ObtainWriteLock(&lock);
    queue[end] = i;
    end++;
    ReleaseWriteLock(&lock);
    LWP_SignalProcess(&queue_event);
  }
  asleep++;
  return unused;
}

CASE(readers_are_preempted_and_each_message_is_read_once) {
  struct timeval slice = {0, 100};
  PROCESS readers[READERS], writer;
  int ids[READERS], i;
  host(0);
  Lock_Init(&lock);
  expect_int(PRE_InitPreempt(&slice), LWP_SUCCESS);
  for (i = 0; i < READERS; i++) {
    ids[i] = i + 1;
    readers[i] = spawn("Reader", 0, read_process, &ids[i]);
  }
  writer = spawn("Writer", 1, write_process, NULL);
  while (asleep != READERS + 1) LWP_DispatchProcess();
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_int(first, MESSAGES);
  for (i = 0; i < MESSAGES; i++) expect_int(taken[i], 1);
  expect(preempted > 0);
  for (i = 0; i < READERS; i++) expect_int(LWP_DestroyProcess(readers[i]), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(writer), LWP_EBADPID); /* ended by itself */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(readers_are_preempted_and_each_message_is_read_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
