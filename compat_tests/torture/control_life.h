/* SPDX-License-Identifier: MIT */
/*
 * control_life.h - the life of an LWP that is controlled by others: what it does, how its end is
 * held against that, and its clean-up handlers.
 */
#ifndef TORTURE_CONTROL_LIFE_H
#define TORTURE_CONTROL_LIFE_H

#include "control_waits.h"

static inline void clean_up(void* parm) {
  struct cleanup* const self = (struct cleanup*)parm;
  struct cleanup* later;
  expect_int(self->state, kPushed);
  for (later = self + 1; later < self->life->cleanups + kCleanups; ++later) {
    expect(later->state != kPushed);
  }
  self->state = kRun;
  if (self->waits) {
    const struct timespec shortly = us_timespec(20);
    LWP_DispatchProcess();
    LWPX_Sleep(&shortly);
  }
  if (!self->exits) return;
  self->life->way = kExits;
  LWPX_Exit(self->life);
}

static inline void live(void* parm) {
  struct life* const self = (struct life*)parm;
  struct LWPX_Cleanup places[kCleanups];
  int i, before = -1;
  if (self->calls_preempt_me) PRE_PreemptMe();
  if (self->disables_cancel) {
    expect_int(LWPX_SetCancelState(LWPX_CANCEL_DISABLE, &before), LWP_SUCCESS);
    expect_int(before, LWPX_CANCEL_ENABLE);
  }
  for (i = 0; i < self->pushes; ++i) {
    self->cleanups[i].state = kPushed;
    expect_int(LWPX_PushCleanup(&places[i], clean_up, &self->cleanups[i]), LWP_SUCCESS);
  }
  for (; i > self->pushes - self->pops; --i) {
    const int execute = (int)(self->random >> i) & 1;
    if (!execute) self->cleanups[i - 1].state = kPopped;
    expect_int(LWPX_PopCleanup(execute), LWP_SUCCESS);
    expect_int(self->cleanups[i - 1].state, execute ? kRun : kPopped);
  }
  if (self->disables_cancel) {
    expect_int(LWPX_TestCancel(), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWPX_SetCancelState(LWPX_CANCEL_ENABLE, NULL), LWP_SUCCESS);
  }
  waits[self->wait](self);
  work((long)(self->random % 500));
  self->way = self->end;
  if (self->end == kExits) LWPX_Exit(self);
  if (self->end == kDestroysItself) LWP_DestroyProcess(self->pid);
}

static inline void check_end(struct life* life, void* status) {
  int i;
  const int cleans_up = !life->destroyed && life->way != kReturns && life->way != kDestroysItself;
  if (life->destroyed || life->way == kDestroysItself) {
    expect(status == LWPX_CANCELED);
  } else if (life->way == kByOthers) {
    expect(life->cancelled);
    expect(status == LWPX_CANCELED);
  } else {
    expect(status == (life->way == kExits ? (void*)life : NULL));
  }
  for (i = 0; cleans_up && i < kCleanups; ++i) expect(life->cleanups[i].state != kPushed);
}

/* Together, as seen by everybody. */
static inline int try_to_join(struct life* life, const struct timespec* deadline) {
  void* status = NULL;
  int rc;
  PRE_BeginCritical();
  rc = LWPX_Join(life->pid, deadline, &status);
  if (rc == LWP_SUCCESS) {
    ++life->joins;
    check_end(life, status);
  }
  PRE_EndCritical();
  return rc;
}

#endif
