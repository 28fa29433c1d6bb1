/* SPDX-License-Identifier: MIT */
/* torture_life.c - LWPs come, wait, signal and go under ticks, by the hands of preemptible LWPs. */
#include <stdio.h>
#include <string.h>

#include "torture.h"

static volatile long born;
static volatile long died;

static void add_one(volatile long* number) {
  PRE_BeginCritical();
  ++*number;
  PRE_EndCritical();
}

static void short_life(void* parm) {
  volatile int* const done = (volatile int*)parm;
  PRE_PreemptMe();
  add_one(&born);
  work(50);
  *done = 1;
  add_one(&died);
  LWP_NoYieldSignal((const void*)done);
}

/* A parent waits for its child: an event, and a flag for the case that the child was faster. The
 * child is no lower, as others never wait. */
static void bear_and_wait(struct worker* self) {
  volatile int done = 0;
  PROCESS child = NULL;
  char name[60];
  snprintf(name, sizeof name, "a child of %d with a name to be allocated", self->number);
  expect_int(
      LWP_CreateProcess(short_life, 40000, 2 + (int)draw(self, 2), (void*)&done, name, &child),
      LWP_SUCCESS);
  PRE_BeginCritical();
  while (!done) LWP_WaitProcess((const void*)&done);
  PRE_EndCritical();
}

static void live_for_ever(void* parm) {
  char buffer[500];
  PRE_PreemptMe();
  add_one(&born);
  for (;;) {
    memset(buffer, (int)(intptr_t)parm, sizeof buffer);
    work(20);
  }
}

static void wait_for_ever(void* parm) {
  const void* events[4];
  events[0] = parm;
  events[1] = (const void*)&born;
  events[2] = parm;
  events[3] = NULL;
  add_one(&born);
  LWP_MwaitProcess(3, events);
}

static void bear_and_kill(struct worker* self) {
  PROCESS child = NULL;
  expect_int(LWP_CreateProcess(self->rounds % 2 != 0 ? live_for_ever : wait_for_ever, 40000, 2,
                               (void*)&died, "victim", &child),
             LWP_SUCCESS);
  work((long)draw(self, 2000));
  expect_int(LWP_DestroyProcess(child), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(child), LWP_EBADPID);
}

/* Tokens go round among all workers by credits; none is lost and none is invented. */
static PROCESS handles[kMostLwps];
static volatile long given;
static volatile long taken;

static void give_and_take(struct worker* self) {
  if (self->rounds == 0) {
    handles[self->number] = LWP_ThisProcess();
    LWP_DispatchProcess();
  }
  PRE_BeginCritical();
  ++given;
  LWP_QSignal(handles[self->number]);
  PRE_EndCritical();
  expect_int(LWP_QWait(), LWP_SUCCESS);
  add_one(&taken);
}

/* Pairs play: the ball is a flag, its arrival an event. */
static volatile int ball[kMostLwps / 2];

static void play(struct worker* self) {
  volatile int* const mine = &ball[self->number / 2];
  const int me = self->number % 2;
  PRE_BeginCritical();
  while (*mine != me && !closing_time) {
    work(20);
    LWP_WaitProcess((const void*)mine);
  }
  PRE_EndCritical();
  work(100);
  *mine = !me;
  LWP_NoYieldSignal((const void*)mine);
}

static void wake_players(void) {
  int pair;
  for (pair = 0; pair < worker_count / 2; ++pair) LWP_NoYieldSignal((const void*)&ball[pair]);
}

static void yield_much(struct worker* self) {
  if (draw(self, 2) == 0) LWP_DispatchProcess();
  expect_int(LWP_NoYieldSignal(self), LWP_ENOWAIT);
}

static void everything(struct worker* self) {
  switch (self->number / 2 % 4) {
    case 0:
      bear_and_wait(self);
      break;
    case 1:
      bear_and_kill(self);
      break;
    case 2:
      play(self);
      break;
    default:
      yield_much(self);
  }
}

CASE(parents_wait_for_children) {
  open_shop();
  hire(10, bear_and_wait);
  work_and_close(20);
  expect_int(born, died);
}

TORTURE(victims_of_ten, 10, bear_and_kill, 50)

CASE(credits_add_up) {
  open_shop();
  hire(20, give_and_take);
  work_and_close(20);
  expect_int(given, taken);
}

TORTURE(yields_of_fifty, 50, yield_much, 20)

CASE(pairs_play) {
  wake_at_closing_time = wake_players;
  open_shop();
  hire(20, play);
  work_and_close(20);
}

CASE(everything_of_forty) {
  wake_at_closing_time = wake_players;
  open_shop();
  hire(40, everything);
  work_and_close(50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parents_wait_for_children),
      cmocka_unit_test(victims_of_ten),
      cmocka_unit_test(credits_add_up),
      cmocka_unit_test(yields_of_fifty),
      cmocka_unit_test(pairs_play),
      cmocka_unit_test(everything_of_forty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
