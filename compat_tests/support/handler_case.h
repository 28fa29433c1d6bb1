/* SPDX-License-Identifier: MIT */
/*
 * handler_case.h - what cases about ticks in signal handlers of the program have in common:
 * handlers in which ticks come, and an LWP that counts its turns, of which it must not get one
 * meanwhile.
 */
#ifndef SUPPORT_HANDLER_CASE_H
#define SUPPORT_HANDLER_CASE_H

#include <lwp/lwp.h>
#include <signal.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

/* More ticks under one mask than it takes to be taken for the program's new normal. */
enum { kManyTicks = 100 };

static volatile long turns;

static inline void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

static inline void handle(int signo, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  expect_int(sigaction(signo, &action, NULL), 0);
}

static volatile sig_atomic_t handled;

static inline void with_one_tick(int signo) {
  (void)signo;
  tick_here();
  expect_int(turns, 0);
  ++handled;
}

/* Whatever the handler interrupted may be half done, so its sections must not end in a switch. */
static inline void with_an_owed_tick(int signo) {
  (void)signo;
  PRE_BeginCritical();
  tick_in_libc();
  PRE_EndCritical();
  expect_int(turns, 0);
  LWP_NoYieldSignal((void*)&turns);
  LWP_QSignal(LWP_ThisProcess());
  expect_int(turns, 0);
  ++handled;
}

/* The handler runs for many slices. */
static inline void with_many_ticks(int signo) {
  int i;
  (void)signo;
  for (i = 0; i < kManyTicks; ++i) {
    tick_here();
    expect_int(turns, 0);
    PRE_BeginCritical();
    tick_in_libc();
    PRE_EndCritical();
    expect_int(turns, 0);
  }
  ++handled;
}

static volatile long begun_at;

static inline void run_handler(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  turns = 0;
  handled = 0;
  raise(SIGUSR1);
  expect_int(handled, 1);
  begun_at = turns;
  tick_here();
  expect_int(turns, begun_at + 1);
  note("done");
  for (;;) LWP_DispatchProcess();
}

/* On the stack of the first LWP and on that of another one. */
static inline void expect_to_stay(void (*handler)(int), int flags) {
  start();
  handle(SIGUSR1, handler, flags);
  handle(SIGUSR2, with_many_ticks, flags);
  raise(SIGUSR1);
  expect_int(handled, 1);
  tick_here();
  expect_int(turns, 1);
  start_lwp(run_handler, 2, NULL);
  while (handled == 0 || turns < begun_at + 1) LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript("done");
}

static char memory[1 << 17];

#endif
