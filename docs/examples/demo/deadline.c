/* SPDX-License-Identifier: MIT */
/* deadline.c - the urgent LWP and its timer. */
#include "deadline.h"

#include <lwp/lwp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "screen.h"

#define DEADLINES_MAX 100000u

static PROCESS urgent;
static timer_t timer;
static int64_t first_due;
static volatile sig_atomic_t stopping;

/* LWP_QSignal may be called here whatever has been interrupted. */
static void on_deadline(int signo) {
  (void)signo;
  const int also_passed = timer_getoverrun(timer);
  for (int i = 0; i <= also_passed; ++i) LWP_QSignal(urgent);
}

static void serve_deadlines(void* parm) {
  struct deadlines* const deadlines = parm;
  for (;;) {
    LWP_QWait();
    if (stopping) return;
    const int64_t now = now_ns();
    if (deadlines->count == DEADLINES_MAX) continue;
    struct service* const service = &deadlines->list[deadlines->count];
    service->due = first_due + (int64_t)deadlines->count * PERIOD;
    service->served = now;
    ++deadlines->count;
  }
}

static struct timespec to_timespec(int64_t ns) {
  return (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
}

void deadlines_start(struct deadlines* deadlines, int64_t begin) {
  deadlines->list = must(calloc(DEADLINES_MAX, sizeof *deadlines->list));
  deadlines->count = 0;
  first_due = begin + PERIOD;
  stopping = 0;
  if (LWP_CreateProcess(serve_deadlines, 65536, LWP_MAX_PRIORITY, deadlines, "urgent", &urgent)) {
    die("the urgent LWP can not be created");
  }
  struct sigaction action = {.sa_flags = SA_RESTART};
  action.sa_handler = on_deadline;
  sigaction(SIGRTMIN, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  const struct itimerspec every = {.it_value = to_timespec(first_due),
                                   .it_interval = to_timespec(PERIOD)};
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
      timer_settime(timer, TIMER_ABSTIME, &every, NULL) != 0) {
    die("the timer of the deadlines can not be started");
  }
}

void deadlines_stop(void) {
  signal(SIGRTMIN, SIG_IGN); /* also throws away one that is pending */
  timer_delete(timer);
  stopping = 1;
  LWP_QSignal(urgent);
  LWP_DispatchProcess();
}

static int compare_times(const void* a, const void* b) {
  const int64_t x = *(const int64_t*)a, y = *(const int64_t*)b;
  return (x > y) - (x < y);
}

void deadlines_waits(const struct deadlines* deadlines, struct waits* ret_waits) {
  memset(ret_waits, 0, sizeof *ret_waits);
  const size_t count = deadlines->count;
  if (count == 0) return;
  int64_t* const wait = must(calloc(count, sizeof *wait));
  for (size_t i = 0; i < count; ++i) {
    wait[i] = deadlines->list[i].served - deadlines->list[i].due;
    ret_waits->missed += wait[i] >= PERIOD;
  }
  qsort(wait, count, sizeof *wait, compare_times);
  ret_waits->min = wait[0];
  ret_waits->median = wait[count / 2];
  ret_waits->p99 = wait[(count - 1) * 99 / 100];
  ret_waits->max = wait[count - 1];
  free(wait);
}
