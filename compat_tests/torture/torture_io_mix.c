/* SPDX-License-Identifier: MIT */
/*
 * torture_io_mix.c - many LWPs that read, sleep and time out while others cancel and destroy them,
 * against a model that knows what each may come back with.
 */
#include <stdlib.h>

#include "io_case.h"
#include "torture.h"

enum { kLwps = 60 };

enum doing { kNothing, kReading, kSleeping, kTiming };

static struct actor {
  PROCESS pid;
  int ends[2];
  enum doing doing;
  long unread;   /* bytes on their way to it */
  long signals;  /* of its event, since it began to wait */
  int cancelled; /* cancels, since it began to wait */
  unsigned random;
  volatile long waits;
} actors[kLwps];

static unsigned draw_of(unsigned* random, unsigned below) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % below;
}

static void read_once(struct actor* self) {
  char text[16];
  const ssize_t n = LWPX_Read(self->ends[0], text, sizeof text);
  if (n < 0) {
    expect_int(errno, ECANCELED);
    expect_int(self->cancelled, 1);
  } else {
    expect(n > 0 && n <= self->unread);
    __atomic_fetch_sub(&self->unread, n, __ATOMIC_RELAXED);
    expect_int(self->cancelled, 0);
  }
}

static void sleep_once(struct actor* self) {
  const struct timespec time = us_timespec(draw_of(&self->random, 500));
  const double begin = now_seconds();
  const int rc = LWPX_Sleep(&time);
  expect_int(rc, self->cancelled ? LWPX_ECANCELED : LWP_SUCCESS);
  if (rc == LWP_SUCCESS) expect(now_seconds() - begin >= (double)time.tv_nsec / 1e9);
}

static void time_out_once(struct actor* self) {
  const struct timespec deadline = us_from_now(draw_of(&self->random, 500));
  const int rc = LWPX_WaitProcessUntil(self, &deadline);
  if (rc == LWP_SUCCESS) {
    expect_int(self->signals, 1);
  } else {
    expect_int(rc, self->cancelled ? LWPX_ECANCELED : LWPX_ETIMEOUT);
    expect_int(self->signals, 0);
  }
}

static void act(void* parm) {
  struct actor* const self = (struct actor*)parm;
  PRE_PreemptMe();
  for (;;) {
    self->cancelled = 0;
    self->signals = 0;
    self->doing = (enum doing)(1 + draw_of(&self->random, 3));
    if (self->doing == kReading) read_once(self);
    if (self->doing == kSleeping) sleep_once(self);
    if (self->doing == kTiming) time_out_once(self);
    self->doing = kNothing;
    ++self->waits;
  }
}

static void hire_actor(struct actor* self, int priority) {
  self->doing = kNothing;
  expect_int(LWP_CreateProcess(act, 0, priority, self, "actor", &self->pid), 0);
}

static void disturb(struct actor* other, unsigned* random) {
  switch (draw_of(random, 8)) {
    case 0:
      if (IOMGR_Cancel(other->pid) == 0) ++other->cancelled;
      return;
    case 1:
      if (LWP_NoYieldSignal(other) == LWP_SUCCESS) ++other->signals;
      return;
    case 2:
      if (draw_of(random, 10) != 0) return;
      expect_int(LWP_DestroyProcess(other->pid), LWP_SUCCESS);
      expect_int(IOMGR_Cancel(other->pid), -1);
      hire_actor(other, (int)draw_of(random, 5));
      return;
    case 3:
      expect(IOMGR_Poll() >= 0);
      return;
    default:
      if (other->unread > 1000) return;
      __atomic_fetch_add(&other->unread, 1, __ATOMIC_RELAXED);
      expect_int(write(other->ends[1], "x", 1), 1);
  }
}

/* However slow the machine is: everybody has waited, and all together often. */
static int all_have_waited(void) {
  long waits = 0;
  int i;
  for (i = 0; i < kLwps; ++i) {
    if (actors[i].waits == 0) return 0;
    waits += actors[i].waits;
  }
  return waits > 1000;
}

static void mix_for_a_while(int ticks) {
  const double end = now_seconds() + torture_seconds();
  unsigned random = 99;
  int i;
  start_with_io();
  for (i = 0; i < kLwps; ++i) {
    actors[i].random = 7u + (unsigned)i;
    stream_pair(actors[i].ends);
    hire_actor(&actors[i], i % 5);
  }
  if (ticks) slices_of(50);
  while (now_seconds() < end || !all_have_waited()) {
    for (i = 0; i < 5; ++i) disturb(&actors[draw_of(&random, kLwps)], &random);
    if (draw_of(&random, 3) == 0) LWP_DispatchProcess();
    if (draw_of(&random, 3) == 0) {
      struct timespec nap = us_timespec(draw_of(&random, 300));
      expect_int(LWPX_Sleep(&nap), 0);
    }
  }
  if (ticks) expect_int(PRE_EndPreempt(), 0);
  expect_int(LWP_TerminateProcessSupport(), 0);
}

CASE(nobody_is_forgotten_and_nobody_comes_back_with_anothers_result) { mix_for_a_while(0); }
CASE(the_same_under_the_shortest_slices) { mix_for_a_while(1); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody_is_forgotten_and_nobody_comes_back_with_anothers_result),
      cmocka_unit_test(the_same_under_the_shortest_slices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
