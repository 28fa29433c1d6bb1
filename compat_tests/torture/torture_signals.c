/* SPDX-License-Identifier: MIT */
/* torture_signals.c - a storm of the program's own signals beside the ticks: its handler calls the
 * library at any instant, and what it interrupts stays whole. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "torture.h"

/* From one signal's handler to the next signal: an interval that a slow handler could fill would
 * leave no time for anybody else. */
enum { kStormNs = 70000, kReceivers = 3 };

static timer_t storm;
static PROCESS receivers[kReceivers];
static volatile long sent[kReceivers];
static volatile long received[kReceivers];
static volatile long handled;
static long handler_work = 10;

static void next_signal(void) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value.tv_nsec = kStormNs;
  timer_settime(storm, 0, &when, NULL);
}

/* Credits to receivers in turn, an event for everybody, and a section with a library call in it. */
static void on_storm(int signo) {
  const int to = (int)(handled % kReceivers);
  const int keep_errno = errno;
  int rc;
  (void)signo;
  ++handled;
  rc = LWP_QSignal(receivers[to]);
  if (rc == LWP_SUCCESS || rc == LWP_ENOWAIT) ++sent[to];
  PRE_BeginCritical();
  work(handler_work);
  rc = LWP_NoYieldSignal(&storm);
  expect(rc == LWP_SUCCESS || rc == LWP_ENOWAIT);
  next_signal();
  PRE_EndCritical();
  errno = keep_errno;
}

static void receive(void* parm) {
  volatile long* const count = (volatile long*)parm;
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    ++*count;
  }
}

static void allocate(struct worker* self) {
  enum { kBlocks = 8 };
  unsigned char* blocks[kBlocks];
  size_t sizes[kBlocks];
  int i;
  for (i = 0; i < kBlocks; ++i) {
    sizes[i] = 1 + draw(self, 300);
    blocks[i] = (unsigned char*)malloc(sizes[i]);
    memset(blocks[i], self->number, sizes[i]);
  }
  for (i = 0; i < kBlocks; ++i) {
    expect_int(blocks[i][0], self->number);
    expect_int(blocks[i][sizes[i] - 1], self->number);
    free(blocks[i]);
  }
}

static void format(struct worker* self) {
  char text[100];
  double value = 0;
  snprintf(text, sizeof text, "%f", self->number + 0.25);
  expect_int(sscanf(text, "%lf", &value), 1);
  expect(value == self->number + 0.25);
}

static void call_the_library(struct worker* self) {
  LWP_QSignal(LWP_ThisProcess());
  LWP_QWait();
  if (draw(self, 2) == 0) LWP_DispatchProcess();
  LWP_NoYieldSignal(self);
}

static void short_life(void* parm) {
  PRE_PreemptMe();
  ++*(volatile int*)parm;
}

static void bear(struct worker* self) {
  volatile int born = 0;
  (void)self;
  expect_int(LWP_CreateProcess(short_life, 0, 4, (void*)&born, "short", NULL), LWP_SUCCESS);
  expect_int(born, 1);
}

static void wait_for_storm(struct worker* self) {
  (void)self;
  if (!closing_time) LWP_WaitProcess(&storm);
}

static void any(struct worker* self) {
  void (*const rounds[])(struct worker*) = {allocate, format, call_the_library, bear,
                                            wait_for_storm};
  rounds[self->number % 5](self);
}

static void start_storm(void) {
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  expect_int(timer_create(CLOCK_MONOTONIC, &event, &storm), 0);
  next_signal();
}

static int has_stormed(void) { return handled > 0; }

/* LWPs that wait for the storm can not leave without it, so it goes on until they have. */
static void storm_over(int lwps, void (*round)(struct worker*), long slice, int flags) {
  struct sigaction action;
  int i;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_storm;
  action.sa_flags = flags;
  open_shop();
  for (i = 0; i < kReceivers; ++i) {
    expect_int(LWP_CreateProcess(receive, 0, 4, (void*)&received[i], "receiver", &receivers[i]),
               LWP_SUCCESS);
  }
  hire(lwps, round);
  sigaction(SIGUSR1, &action, NULL);
  seen_enough = has_stormed;
  start_storm();
  work_and_close(slice);
  timer_delete(storm);
  for (i = 0; i < 3; ++i) LWP_DispatchProcess();
  for (i = 0; i < kReceivers; ++i) expect_int(received[i], sent[i]);
}

CASE(storm_over_allocation) { storm_over(10, allocate, 50, SA_RESTART); }
CASE(storm_over_formatting) { storm_over(10, format, 20, SA_RESTART); }
CASE(storm_over_library_calls) { storm_over(10, call_the_library, 20, SA_RESTART); }
CASE(storm_over_births) { storm_over(5, bear, 50, SA_RESTART); }
CASE(storm_over_waits) { storm_over(10, wait_for_storm, 50, SA_RESTART); }
CASE(storm_over_anything) { storm_over(40, any, 50, SA_RESTART); }

/* Most of the time is spent in the handler, so most ticks come there. */
CASE(storm_of_long_handlers_over_allocation) {
  handler_work = 50000;
  storm_over(10, allocate, 20, SA_RESTART);
}

/* --- A handler that blocks nothing, not even itself. Whoever it interrupts goes on next, so while
 * it has not ended nobody but handlers runs. */

static volatile int handlers_running;

/* Sometimes the next signal is on its way while it still works. */
static void on_open_storm(int signo) {
  const PROCESS self = LWP_ThisProcess();
  const int outer = __atomic_add_fetch(&handlers_running, 1, __ATOMIC_RELAXED) == 1;
  const int early = outer && __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED) % 2 == 0;
  (void)signo;
  if (early) next_signal();
  work(handler_work);
  PRE_BeginCritical();
  LWP_NoYieldSignal(&storm);
  work(10);
  PRE_EndCritical();
  expect(LWP_ThisProcess() == self);
  if (!early) next_signal();
  __atomic_sub_fetch(&handlers_running, 1, __ATOMIC_RELAXED);
}

static void run_between_handlers(struct worker* self) {
  expect_int(handlers_running, 0);
  work(draw(self, 300));
  expect_int(handlers_running, 0);
  switch (draw(self, 8)) {
    case 0:
      LWP_DispatchProcess();
      break;
    case 1:
      PRE_BeginCritical();
      work(100);
      PRE_EndCritical();
      break;
    case 2:
      allocate(self);
      break;
    default:
      break;
  }
  expect_int(handlers_running, 0);
}

static void open_storm(long slice) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_open_storm;
  action.sa_flags = SA_RESTART | SA_NODEFER;
  open_shop();
  hire(10, run_between_handlers);
  sigaction(SIGUSR1, &action, NULL);
  seen_enough = has_stormed;
  start_storm();
  work_and_close(slice);
  timer_delete(storm);
  expect_int(handlers_running, 0);
}

CASE_OF_OPEN_HANDLERS(storm_of_handlers_that_block_nothing) { open_storm(20); }
CASE_OF_OPEN_HANDLERS(storm_of_long_handlers_that_block_nothing) {
  handler_work = 50000;
  open_storm(20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(storm_over_allocation),
      cmocka_unit_test(storm_over_formatting),
      cmocka_unit_test(storm_over_library_calls),
      cmocka_unit_test(storm_over_births),
      cmocka_unit_test(storm_over_waits),
      cmocka_unit_test(storm_over_anything),
      cmocka_unit_test(storm_of_long_handlers_over_allocation),
      cmocka_unit_test(storm_of_handlers_that_block_nothing),
      cmocka_unit_test(storm_of_long_handlers_that_block_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
