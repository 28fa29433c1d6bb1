/* SPDX-License-Identifier: MIT */
/* torture_lost_ticks.c - a tick that finds nobody else ready, and so turns the ticks off, at each
 * instruction of the call after which somebody is ready: they come again. Else one of two LWPs, the
 * one that waits for the other to advance, would have the processor for ever. */
#include <lwp/iomgr.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include "stepper.h"
#include "torture.h"

#define STEPPED(name) CASE_IF(STEPPER_WORKS, "no stepper here", name)

static char event;
static PROCESS waiter;
static volatile long advances;

static PROCESS stepped;
static int stepped_runs(void) { return LWP_ThisProcess() == stepped; }

static void begin(void) {
  stepper_begin();
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  stepped = LWP_ThisProcess();
  step_only_if(stepped_runs);
  slices_of(1000);
  PRE_PreemptMe();
}

/* What body(NULL) does can be done over and over. It ends with ticks that come. If its instructions
 * are too many for the time, the signal comes before each of so many. */
static void turn_ticks_off_in(void (*body)(void*)) {
  double per_run;
  long number, stride;
  struct step_run run;
  body(NULL); /* binds names, touches memory */
  per_run = cpu_seconds();
  run = step_through(body, NULL, SIGALRM, kNoStep, kNoStep);
  per_run = cpu_seconds() - per_run + 2e-3; /* slices until the other has advanced */
  stride = (long)((double)run.steps * per_run / (3 * torture_seconds())) + 1;
  for (number = 1; run.steps > 0; number += stride) {
    body(NULL);
    run = step_through(body, NULL, SIGALRM, number, kNoStep);
    if (run.signals == 0) break;
  }
}

static void spin_until_the_other_advances(long before) {
  (void)step_pause();
  while (advances == before) {
  }
}

static void advance_at_events(void* parm) {
  (void)parm;
  for (;;) {
    expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
    ++advances;
  }
}

static void signal_and_spin(void* parm) {
  const long before = advances;
  (void)parm;
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  spin_until_the_other_advances(before);
}

STEPPED(ticks_come_when_a_signal_has_woken_an_equal) {
  begin();
  start_lwp(advance_at_events, 2, NULL);
  turn_ticks_off_in(signal_and_spin);
}

static void advance_by_credits(void* parm) {
  (void)parm;
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    ++advances;
  }
}

static void give_a_credit_and_spin(void* parm) {
  const long before = advances;
  (void)parm;
  expect_int(LWP_QSignal(waiter), LWP_SUCCESS);
  spin_until_the_other_advances(before);
}

STEPPED(ticks_come_when_a_credit_has_woken_an_equal) {
  begin();
  waiter = start_lwp(advance_by_credits, 2, NULL);
  turn_ticks_off_in(give_a_credit_and_spin);
}

static void advance_once(void* parm) {
  (void)parm;
  ++advances;
}

static void create_and_spin(void* parm) {
  const long before = advances;
  (void)parm;
  /* Else the new one would run at once. */
  expect_int(LWPX_SetPriority(LWP_ThisProcess(), 3), LWP_SUCCESS);
  expect_int(LWP_CreateProcess(advance_once, 0, 2, NULL, "new", NULL), LWP_SUCCESS);
  expect_int(LWPX_SetPriority(LWP_ThisProcess(), 2), LWP_SUCCESS);
  spin_until_the_other_advances(before);
}

STEPPED(ticks_come_when_the_caller_is_lowered_to_a_new_equal) {
  begin();
  turn_ticks_off_in(create_and_spin);
}

static void advance_for_ever(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) ++advances;
}

static void wake_main_by_turns(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) {
    spin_until_the_other_advances(advances);
    expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
    LWP_DispatchProcess();
  }
}

static void wait_for_the_event(void* parm) {
  (void)parm;
  expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
}

STEPPED(ticks_come_when_a_wait_leaves_only_lower_ones) {
  begin();
  start_lwp(wake_main_by_turns, 1, NULL);
  start_lwp(advance_for_ever, 1, NULL);
  turn_ticks_off_in(wait_for_the_event);
}

static PROCESS rival;

/* The end of the section pays a tick when nobody is ready any more. */
static void owe_a_tick_until_the_rival_has_gone(void* parm) {
  (void)parm;
  PRE_BeginCritical();
  expect_int(LWPX_Ready(rival), LWP_SUCCESS);
  tick_here();
  expect_int(LWPX_Suspend(rival), LWP_SUCCESS);
  PRE_EndCritical();
}

static void never_run(void* parm) {
  (void)parm;
  expect(0);
}

STEPPED(ticks_come_when_a_caught_signal_is_to_wake_an_equal) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  struct step_run run;
  long number, stride;
  begin();
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Signal(SIGUSR1, &event), 0);
  start_lwp(advance_at_events, 2, NULL);
  wanted.flags = LWPX_SUSPENDED;
  expect_int(LWPX_CreateProcess(&wanted, never_run, NULL, &rival), LWP_SUCCESS);
  owe_a_tick_until_the_rival_has_gone(NULL); /* binds names, touches memory */
  run = step_through(owe_a_tick_until_the_rival_has_gone, NULL, SIGUSR1, kNoStep, kNoStep);
  stride = (long)((double)run.steps * 4e-3 / (3 * torture_seconds())) + 1;
  for (number = 1;; number += stride) {
    const long before = advances;
    run = step_through(owe_a_tick_until_the_rival_has_gone, NULL, SIGUSR1, number, kNoStep);
    if (run.signals == 0) break;
    while (advances == before) {
    }
  }
  expect(number > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_come_when_a_signal_has_woken_an_equal),
      cmocka_unit_test(ticks_come_when_a_credit_has_woken_an_equal),
      cmocka_unit_test(ticks_come_when_the_caller_is_lowered_to_a_new_equal),
      cmocka_unit_test(ticks_come_when_a_wait_leaves_only_lower_ones),
      cmocka_unit_test(ticks_come_when_a_caught_signal_is_to_wake_an_equal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
