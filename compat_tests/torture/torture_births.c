/* SPDX-License-Identifier: MIT */
/*
 * torture_births.c - LWPs that are made in every way, and what is done to them before they have
 * run, if they ever do: under ticks, by the hands of preemptible LWPs.
 *
 * Each begins with the rounding mode of its creator and with nothing of whoever had its block
 * before. Each ends once, in a way that is known, and then its handle is refused.
 */
#include <fenv.h>
#include <lwp/lwpx.h>
#include <preempt/watch.h>
#include <stdio.h>
#include <sys/wait.h>

#include "torture.h"

enum { kAtOnce = 4 };

enum end { kReturns, kExits, kDestroysItself, kEnds };

struct infant {
  int credits, yields, works, rounding, is_busy, is_preemptible;
  enum end end;
  PROCESS pid;
  volatile int began, ended, destroyed, cancelled;
};

static struct infant infants[kMostLwps][kAtOnce];
static volatile long never_began, ended_by[kEnds], destroyed, cancelled, forked;
static FILE* nowhere;
static pid_t parent;

static const int roundings[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

static void live(void* parm) {
  struct infant* const self = (struct infant*)parm;
  struct LWPX_Cleanup place;
  char* value;
  int i;
  expect_int(fegetround(), self->rounding);
  expect_int(LWP_GetRock(1, &value), LWP_EBADROCK);
  expect_int(LWPX_PopCleanup(0), LWP_EBADCOUNT);
  self->began = 1;
  PRE_PreemptMe();
  work(self->works);
  if (self->is_busy) {
    volatile double third = 1;
    third /= 3;
    expect_int(LWP_NewRock(1, (char*)self), LWP_SUCCESS);
    expect_int(LWPX_PushCleanup(&place, (void (*)(void*))abort, NULL), LWP_SUCCESS);
    expect_int(LWPX_PopCleanup(0), LWP_SUCCESS);
  }
  for (i = 0; i < self->yields; ++i) LWP_DispatchProcess();
  for (i = 0; i < self->credits; ++i) LWP_QWait();
  expect_int(fegetround(), self->rounding);
  PRE_BeginCritical();
  self->ended = 1;
  ++ended_by[self->end];
  if (self->end == kDestroysItself) LWP_DestroyProcess(LWP_ThisProcess());
  if (self->end == kExits) LWPX_Exit(NULL);
}

static void conceive(struct worker* self, struct infant* infant) {
  memset((void*)infant, 0, sizeof *infant);
  infant->credits = draw(self, 3) == 0;
  infant->yields = draw(self, 3) == 0;
  infant->works = (int)draw(self, 200);
  infant->is_busy = draw(self, 4) == 0;
  infant->rounding = roundings[draw(self, 4)];
  infant->end = (enum end)draw(self, kEnds);
}

/* At the priority of the others, or below it, where nobody runs who is not helped. */
static void give_birth(struct worker* self, struct infant* infant) {
  const int priority = 1 + (draw(self, 3) == 0), before = fegetround();
  PROCESS pid = NULL;
  PRE_BeginCritical();
  lwp_stackUseEnabled = draw(self, 2) != 0;
  fesetround(infant->rounding);
  if (draw(self, 3) != 0) {
    const char* const name = draw(self, 8) != 0 ? "short" : "one that does not fit into the block";
    expect_int(LWP_CreateProcess(live, 0, priority, infant, name, &pid), LWP_SUCCESS);
  } else {
    struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
    wanted.priority = priority;
    infant->is_preemptible = draw(self, 2) != 0;
    wanted.flags = infant->is_preemptible ? LWPX_PREEMPTIBLE : 0;
    if (draw(self, 3) == 0) wanted.flags |= LWPX_SUSPENDED;
    expect_int(LWPX_CreateProcess(&wanted, live, infant, &pid), LWP_SUCCESS);
  }
  infant->pid = pid;
  fesetround(before);
  PRE_EndCritical();
}

static int success_or(int rc, int other) { return rc == LWP_SUCCESS || rc == other; }

/* In a section, so that what it is known to have done is what it has done. */
static void meddle(struct worker* self, struct infant* infant) {
  struct PRE_Counters counters;
  int max, used, priority;
  PRE_BeginCritical();
  switch (draw(self, 8)) {
    case 0:
      if (LWP_DestroyProcess(infant->pid) != LWP_SUCCESS) break;
      infant->destroyed = 1;
      ++destroyed;
      break;
    case 1:
      if (LWPX_Cancel(infant->pid) == LWP_SUCCESS) infant->cancelled = 1;
      break;
    case 2:
      expect(success_or(LWPX_Suspend(infant->pid), LWP_EBADPID));
      break;
    case 3:
      priority = (int)draw(self, 3);
      expect(success_or(LWPX_SetPriority(infant->pid, priority), LWP_EBADPID));
      break;
    case 4:
      if (LWP_StackUsed(infant->pid, &max, &used) == LWP_SUCCESS) expect(used > 0 && used <= max);
      break;
    case 5:
      memset(&counters, 0, sizeof counters);
      counters.size = sizeof counters;
      if (PRE_GetCounters(infant->pid, &counters) != LWP_SUCCESS) break;
      /* One that is preemptible may have been moved before it could say that it has begun. */
      if (!infant->began && !infant->is_preemptible) expect_int(counters.ticks, 0);
      break;
    case 6:
      if (draw(self, 10) == 0) LWP_Print_Processes();
      break;
    default:
      (void)LWP_QSignal(infant->pid);
  }
  PRE_EndCritical();
}

static void see_it_end(struct infant* infant) {
  int priority;
  while (LWP_GetProcessPriority(infant->pid, &priority) != LWP_EBADPID) {
    (void)LWPX_SetPriority(infant->pid, 2);
    (void)LWPX_Ready(infant->pid);
    (void)LWP_QSignal(infant->pid);
    LWP_DispatchProcess();
  }
  PRE_BeginCritical();
  expect(infant->ended || infant->destroyed || infant->cancelled);
  expect(!infant->ended || !infant->destroyed);
  if (!infant->began) ++never_began;
  if (infant->cancelled && !infant->ended && !infant->destroyed) ++cancelled;
  PRE_EndCritical();
}

/* All that are alive go on in the child, too, which has no ticks. */
static void see_them_end_in_a_child(struct infant* mine) {
  pid_t child;
  int i, status = -1;
  if (getpid() != parent) return;
  PRE_BeginCritical();
  child = fork();
  if (child == 0) {
    alarm(CHILD_CASE_SECONDS);
    for (i = 0; i < kAtOnce; ++i) see_it_end(&mine[i]);
    _exit(0);
  }
  expect_int(waitpid(child, &status, 0), child);
  expect_int(status, 0);
  ++forked;
  PRE_EndCritical();
}

static void bear_some(struct worker* self) {
  struct infant* const mine = infants[self->number];
  int i, meddlings = (int)draw(self, 6);
  for (i = 0; i < kAtOnce; ++i) {
    conceive(self, &mine[i]);
    give_birth(self, &mine[i]);
  }
  while (meddlings-- > 0) meddle(self, &mine[draw(self, kAtOnce)]);
  if (draw(self, 200) == 0) see_them_end_in_a_child(mine);
  for (i = 0; i < kAtOnce; ++i) see_it_end(&mine[i]);
}

static int everything_has_happened(void) {
  int end, all = never_began > 0 && destroyed > 0 && cancelled > 0 && forked > 0;
  for (end = 0; end < kEnds; ++end) all &= ended_by[end] > 0;
  return all;
}

static void open_maternity(void) {
  parent = getpid();
  nowhere = fopen("/dev/null", "w");
  expect(nowhere != NULL);
  open_shop();
  LWP_SetLog(nowhere, 0);
  seen_enough = everything_has_happened;
}

CASE(lwps_are_born_and_end_as_they_should) {
  open_maternity();
  hire(12, bear_some);
  work_and_close(20);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

/* Creations that find nobody else ready, who then do not have to go through the dispatcher. */
CASE(lwps_of_a_single_parent_are_born_and_end_as_they_should) {
  open_maternity();
  hire(1, bear_some);
  work_and_close(20);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lwps_are_born_and_end_as_they_should),
      cmocka_unit_test(lwps_of_a_single_parent_are_born_and_end_as_they_should),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
