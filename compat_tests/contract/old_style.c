/* SPDX-License-Identifier: MIT */
/*
 * old_style.c - a program written the way sources for Coda 1.x are: functions without prototypes,
 * char * events, entry points that return int, headers without a folder. It must compile as C with
 * no more than warnings, and be preempted.
 *
 * Two counters never give up the processor; a listener waits for one event of two, and is served
 * all the same. Says "good" if all had their turn.
 */
#include "lock.h"
#include "lwp.h"
#include "preempt.h"

#define COUNTERS 2

char done[1], never[1];
int turns[COUNTERS];
int heard = FALSE;
struct Lock guard;
static PFIC counter_body;

int count_for_ever(n)
char* n;
{
  int* mine = (int*)n;
  PRE_PreemptMe();
  for (;;) {
    PRE_BeginCritical();
    (*(volatile int*)mine)++;
    PRE_EndCritical();
  }
}

int await_either(unused)
char* unused;
{
  char* events[3];
  events[0] = never;
  events[1] = done;
  events[2] = 0;
  LWP_MwaitProcess(1, events);
  ObtainWriteLock(&guard);
  heard = TRUE;
  ReleaseWriteLock(&guard);
  return 0;
}

int soft(rock)
char* rock;
{ LWP_NoYieldSignal(rock); }

main(argc, argv) int argc;
char** argv;
{
  PROCESS pid, counters[COUNTERS], listener;
  struct timeval slice, pause;
  int i;

  slice.tv_sec = 0;
  slice.tv_usec = 1000;
  counter_body = count_for_ever;
  if (LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, &pid) != LWP_SUCCESS) exit(1);
  if (IOMGR_Initialize() != LWP_SUCCESS) exit(2);
  Lock_Init(&guard);
  if (LWP_CreateProcess(await_either, 8192, LWP_NORMAL_PRIORITY, 0, "listener", &listener)) exit(3);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) exit(4);
  for (i = 0; i < COUNTERS; i++)
    if (LWP_CreateProcess(counter_body, 8192, LWP_NORMAL_PRIORITY, (char*)&turns[i], "counter",
                          &counters[i]))
      exit(5);
  /* The first counter was preempted for this to be reached. */
  if (IOMGR_SoftSig(soft, done) != 0) exit(6);
  for (i = 0; heard == FALSE || turns[0] == 0 || turns[1] == 0; i++) {
    pause.tv_sec = 0;
    pause.tv_usec = 1000;
    IOMGR_Select(0, 0, 0, 0, &pause);
    LWP_DispatchProcess();
  }
  PRE_EndPreempt();
  for (i = 0; i < COUNTERS; i++) LWP_DestroyProcess(counters[i]);
  if (LWP_TerminateProcessSupport() != LWP_SUCCESS) exit(7);
  printf("good\n");
  exit(0);
}
