/* SPDX-License-Identifier: MIT */
/* test_lwpx_cancel_loops.c - LWPX_Cancel acts in preemptible loops and at checkpoints. */
#include <lwp/lwpx.h>
#include <preempt/loop.h>
#include <string.h>

#include "lwp_case.h"
#include "ticks.h"

static void clean_up(void* what) { note("%s", (const char*)what); }

static void loop_with_clean_up(void* parm) {
  struct LWPX_Cleanup place;
  int i;
  PRE_LOOP(loop);
  (void)parm;
  LWPX_PushCleanup(&place, clean_up, "cleaned");
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    note("%d", i);
    LWP_DispatchProcess();
  }
  note("never");
}

static void checkpoint_with_clean_up(void* parm) {
  struct LWPX_Cleanup place;
  (void)parm;
  LWPX_PushCleanup(&place, clean_up, "cleaned");
  for (;;) {
    note("round");
    LWP_DispatchProcess();
    PRE_Checkpoint();
  }
}

CASE(cancelled_lwp_ends_at_the_next_iteration) {
  PROCESS pid;
  host(2);
  pid = start_lwp(loop_with_clean_up, 2, NULL);
  LWP_DispatchProcess();
  expect_transcript("0 1");
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  expect_transcript("");
  LWP_DispatchProcess();
  expect_transcript("cleaned");
  expect_int(LWPX_Cancel(pid), LWP_EBADPID);
}

/* Somebody else passes checkpoints meanwhile. */
CASE(cancelled_lwp_ends_at_its_next_checkpoint) {
  PROCESS pid, other;
  host(2);
  pid = start_lwp(checkpoint_with_clean_up, 2, NULL);
  other = start_lwp(checkpoint_with_clean_up, 2, NULL);
  LWP_DispatchProcess();
  expect_transcript("round round round round round");
  expect_int(LWPX_Cancel(other), LWP_SUCCESS);
  PRE_Checkpoint();
  LWP_DispatchProcess();
  expect_transcript("round cleaned");
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("cleaned");
}

CASE(checkpoints_are_quick_again_when_it_has_ended) {
  PROCESS pid;
  host(2);
  pid = start_lwp(checkpoint_with_clean_up, 2, NULL);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("round cleaned");
  PRE_Checkpoint();
  expect_int(lwpx_checkpoint_due, 0);
}

static void loop_with_cancel_disabled(void* parm) {
  struct LWPX_Cleanup place;
  int i;
  PRE_LOOP(loop);
  (void)parm;
  LWPX_PushCleanup(&place, clean_up, "cleaned");
  LWPX_SetCancelState(LWPX_CANCEL_DISABLE, NULL);
  PRE_FOR_UP(loop, i, 0, 10, 1) {
    note("%d", i);
    LWP_DispatchProcess();
    PRE_Checkpoint();
    if (i == 3) LWPX_SetCancelState(LWPX_CANCEL_ENABLE, NULL);
  }
}

CASE(disabled_cancellation_waits_in_loops) {
  PROCESS pid;
  int i;
  host(2);
  pid = start_lwp(loop_with_cancel_disabled, 2, NULL);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  for (i = 0; i < 6; ++i) LWP_DispatchProcess();
  expect_transcript("0 1 2 3 cleaned");
}

static volatile long rounds;

static void spin_for_ever(void* parm) {
  long i;
  volatile long* const count = parm;
  PRE_LOOP(loop);
  PRE_PreemptMe();
  for (;;) PRE_FOR_UP(loop, i, 0, 100, 1)++* count;
}

/* Alone in the end, so that no tick comes any more. */
CASE(hot_loop_is_cancelled_while_its_canceller_waits) {
  struct timespec tick = {0, 1000000};
  PROCESS pid;
  host(3);
  slices_of(200);
  pid = start_lwp(spin_for_ever, 2, (void*)&rounds);
  while (rounds < 1000) LWPX_Sleep(&tick);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  while (LWPX_Cancel(pid) != LWP_EBADPID) LWPX_Sleep(&tick);
}

/* The handler has interrupted the C library: nobody ends there. */
static void loop_in_handler(int signo) {
  int i;
  PRE_LOOP(loop);
  (void)signo;
  PRE_FOR_UP(loop, i, 0, 2, 1) {
    note("handler");
    PRE_Checkpoint();
  }
}

static void loop_around_handler(void* parm) {
  int i;
  PRE_LOOP(loop);
  (void)parm;
  PRE_FOR_UP(loop, i, 0, 3, 1) {
    note("%d", i);
    LWPX_Cancel(LWP_ThisProcess());
    raise(SIGUSR1);
  }
  note("never");
}

CASE(handlers_are_no_cancellation_points) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = loop_in_handler;
  sigaction(SIGUSR1, &action, NULL);
  host(2);
  start_lwp(loop_around_handler, 2, NULL);
  expect_transcript("0 handler handler");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cancelled_lwp_ends_at_the_next_iteration),
      cmocka_unit_test(cancelled_lwp_ends_at_its_next_checkpoint),
      cmocka_unit_test(checkpoints_are_quick_again_when_it_has_ended),
      cmocka_unit_test(disabled_cancellation_waits_in_loops),
      cmocka_unit_test(hot_loop_is_cancelled_while_its_canceller_waits),
      cmocka_unit_test(handlers_are_no_cancellation_points),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
