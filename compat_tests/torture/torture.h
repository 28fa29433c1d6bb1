/* SPDX-License-Identifier: MIT */
/*
 * torture.h - many LWPs that do something delicate for a while, under the shortest slices.
 *
 * Each LWP counts its rounds. A run ends when its time is over and everybody has advanced; that
 * nobody starves is part of the test. What else a case wants to have seen, but depends on how fast
 * the machine is, keeps the run going as well, by `seen_enough`. In the environment,
 * LWP_TORTURE_SECONDS stretches each run, and LWP_TORTURE_SEED adds forced preemption
 * (<preempt/testing.h>) at a third of its places.
 */
#ifndef TORTURE_TORTURE_H
#define TORTURE_TORTURE_H

#include <preempt/testing.h>
#include <stdint.h>
#include <stdlib.h>

#include "child_case.h"
#include "ticks.h"

enum { kMostLwps = 200 };

struct worker {
  volatile long rounds;
  int number;
  unsigned random;
  void (*round)(struct worker*);
};

static struct worker workers[kMostLwps];
static int worker_count;
static volatile int closing_time;
static volatile int workers_gone;
static void (*wake_at_closing_time)(void); /* who waits for others, which may have left */
static int (*seen_enough)(void);

static inline double torture_seconds(void) {
  const char* const text = getenv("LWP_TORTURE_SECONDS");
  return text != NULL ? atof(text) : 1.0;
}

static inline unsigned draw(struct worker* self, unsigned below) {
  self->random = self->random * 1664525u + 1013904223u;
  return (self->random >> 8) % below;
}

static void work_until_closing_time(void* parm) {
  struct worker* const self = (struct worker*)parm;
  PRE_PreemptMe();
  while (!closing_time) {
    self->round(self);
    ++self->rounds;
  }
  PRE_BeginCritical();
  ++workers_gone;
  LWP_DestroyProcess(LWP_ThisProcess());
}

/* Adds `count` LWPs at priority 2 that repeat `round`; they begin when main lets them. */
static inline void hire(int count, void (*round)(struct worker*)) {
  const int end = worker_count + count;
  expect(end <= kMostLwps);
  for (; worker_count < end; ++worker_count) {
    struct worker* const self = &workers[worker_count];
    self->number = worker_count;
    self->random = 12345u + (unsigned)worker_count * 7919u;
    self->round = round;
    /* From above, so that the LWP waits for its turn. */
    expect_int(LWP_CreateProcess(work_until_closing_time, 65536, 2, self, "worker", NULL),
               LWP_SUCCESS);
  }
}

/* Main runs at priority 3 while it hires, and can not be preempted. */
static inline void open_shop(void) {
  const char* const seed = getenv("LWP_TORTURE_SEED");
  expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
  if (seed != NULL) expect_int(PRE_ForcePreemption(strtoul(seed, NULL, 10), 3), LWP_SUCCESS);
}

static void look_after(void* parm) {
  const double end = now_seconds() + torture_seconds();
  int everybody = 0;
  (void)parm;
  PRE_PreemptMe();
  while (now_seconds() < end || !everybody) {
    int i;
    everybody = 1;
    for (i = 0; i < worker_count; ++i) everybody &= workers[i].rounds > 0;
    if (seen_enough != NULL) everybody &= seen_enough();
    LWP_DispatchProcess();
  }
  closing_time = 1;
  while (workers_gone < worker_count) {
    if (wake_at_closing_time != NULL) wake_at_closing_time();
    LWP_DispatchProcess();
  }
  LWP_SignalProcess((const void*)&closing_time);
  for (;;) LWP_DispatchProcess();
}

/* Lets everybody work under slices of that length; returns when all of them have ended. */
static inline void work_and_close(long slice_us) {
  slices_of(slice_us);
  expect_int(LWP_CreateProcess(look_after, 65536, 2, NULL, "keeper", NULL), LWP_SUCCESS);
  expect_int(LWP_WaitProcess((const void*)&closing_time), LWP_SUCCESS);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_int(workers_gone, worker_count);
}

#define TORTURE(name, lwps, round, slice_us) \
  CASE(name) {                               \
    open_shop();                             \
    hire(lwps, round);                       \
    work_and_close(slice_us);                \
  }

#endif
