/* SPDX-License-Identifier: MIT */
/*
 * installed_program.c - what install.py builds against an installed library: uses each package a
 * little. With the argument "static" preemption must be refused, but for loops; else it must work.
 */
#include <limits.h>
#include <lwp/lwp.h>
#include <preempt/loop.h>
#include <preempt/policy.h>
#include <preempt/preempt.h>
#include <stdio.h>
#include <string.h>

static volatile long turns;
static char event;

static void wait_and_count(void* parm) {
  (void)parm;
  for (;;) {
    LWP_WaitProcess(&event);
    ++turns;
  }
}

static void count_for_ever(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) ++turns;
}

static void loop_for_ever(void* parm) {
  long i;
  PRE_LOOP(loop);
  (void)parm;
  PRE_PreemptMe();
  PRE_FOR_UP(loop, i, 0, LONG_MAX, 1)++ turns;
}

/* Two loops without end share the processor, though ticks move nobody. */
static int check_loops(struct timeval* slice) {
  const long last = turns;
  long i;
  PRE_LOOP(loop);
  if (PRE_SetPolicy(PRE_POLICY_OFF) != LWP_SUCCESS || PRE_InitPreempt(slice) != LWP_SUCCESS)
    return 0;
  LWP_CreateProcess(loop_for_ever, 0, LWP_NORMAL_PRIORITY, NULL, "loop", NULL);
  PRE_PreemptMe();
  PRE_FOR_UP(loop, i, 0, LONG_MAX, 1) {
    if (turns != last) return 1;
  }
  return 0;
}

static int check(int good, const char* what) {
  if (!good) fprintf(stderr, "installed_program: %s\n", what);
  return good ? 0 : 1;
}

int main(int argc, char** argv) {
  const int linked_statically = argc > 1 && strcmp(argv[1], "static") == 0;
  struct timeval slice = {0, 1000};
  int bad = 0;
  int rc;
  bad += check(LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL) == LWP_SUCCESS, "LWP_Init");
  bad += check(LWP_CreateProcess(wait_and_count, 0, LWP_NORMAL_PRIORITY, NULL, "waiter", NULL) ==
                   LWP_SUCCESS,
               "LWP_CreateProcess");
  bad += check(LWP_SignalProcess(&event) == LWP_SUCCESS && turns == 1, "LWP_SignalProcess");
  rc = PRE_InitPreempt(&slice);
  bad += check(rc == (linked_statically ? LWP_ESYSTEM : LWP_SUCCESS), "PRE_InitPreempt");
  if (rc == LWP_SUCCESS) {
    long last;
    LWP_CreateProcess(count_for_ever, 0, LWP_NORMAL_PRIORITY, NULL, "counter", NULL);
    PRE_PreemptMe();
    for (last = turns; turns == last;) {
    }
  }
  if (linked_statically) bad += check(check_loops(&slice), "loops");
  bad += check(PRE_EndPreempt() == LWP_SUCCESS, "PRE_EndPreempt");
  bad += check(LWP_TerminateProcessSupport() == LWP_SUCCESS, "LWP_TerminateProcessSupport");
  if (bad == 0) puts("good");
  return bad;
}
