/* SPDX-License-Identifier: MIT */
/* test_iomgr_start.c - the I/O manager begins, ends and begins again, and leaves nothing behind. */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "asleep.h"
#include "io_case.h"

static int event;

CASE(nothing_works_without_lwps) {
  struct timeval soon = ms_timeval(1);
  expect_int(IOMGR_Initialize(), LWP_EINIT);
  expect_int(IOMGR_Finalize(), LWP_EINIT);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &soon), -1);
  expect_int(errno, EINVAL);
  expect_int(IOMGR_Cancel(NULL), -1);
  expect_int(IOMGR_Poll(), LWP_EINIT);
  expect_int(IOMGR_SoftSig(note_and_end, NULL), -1);
}

CASE(nothing_but_soft_signals_works_without_initialize) {
  struct timeval soon = ms_timeval(1);
  host(1);
  expect_int(IOMGR_Finalize(), LWP_EINIT);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &soon), -1);
  expect_int(errno, EINVAL);
  expect_int(IOMGR_Cancel(LWP_ThisProcess()), -1);
  expect_int(IOMGR_Poll(), LWP_EINIT);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_EINIT);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_EINIT);
  expect_int(IOMGR_SoftSig(note_and_end, NULL), 0);
}

CASE(again_is_success_and_changes_nothing) {
  start_with_io();
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  pause_ms(1);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(IOMGR_Finalize(), LWP_EINIT);
}

CASE(initialize_lets_equals_run) {
  host(2);
  expect_int(LWP_CreateProcess(note_and_yield, 0, 2, NULL, "a", NULL), 0);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_transcript("a a");
}

static void wait_and_tell(void* parm) {
  (void)parm;
  note("%d", IOMGR_Select(0, NULL, NULL, NULL, NULL));
}

CASE(finalize_wakes_nobody_and_later_cancel_finds_nobody) {
  PROCESS pid;
  start_with_io();
  pid = spawn("w", 3, wait_and_tell, NULL);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Cancel(pid), -1);
  pause_ms(5);
  expect_transcript("");
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
}

static int ends[2];

static void poll_it(void* parm) {
  struct pollfd look = {ends[0], POLLIN, 0};
  (void)parm;
  note("P%d", LWPX_Poll(&look, 1, NULL));
}

static void read_it(void* parm) {
  char text[8];
  (void)parm;
  note("R%d", (int)LWPX_Read(ends[0], text, sizeof text));
}

static void select_it(void* parm) {
  fd_set read, except;
  (void)parm;
  set_of_one(&read, ends[0]);
  set_of_one(&except, ends[1]);
  note("S%d",
       IOMGR_Select((ends[0] > ends[1] ? ends[0] : ends[1]) + 1, &read, NULL, &except, NULL));
}

/* Woken, but it has not run yet. */
CASE(who_was_woken_before_finalize_has_its_result_or_waits_again) {
  void (*const waits[])(void*) = {poll_it, select_it, read_it};
  char byte;
  int i, is_still_there;
  start_with_io();
  stream_pair(ends);
  for (i = 0; i < 6; ++i) {
    spawn("waiter", LWP_NORMAL_PRIORITY, waits[i / 2], NULL);
    expect_int(write(ends[1], "x", 1), 1);
    expect_int(IOMGR_Poll(), 1);
    is_still_there = i % 2;
    if (!is_still_there) expect_int(read(ends[0], &byte, 1), 1);
    expect_int(IOMGR_Finalize(), LWP_SUCCESS);
    LWP_DispatchProcess();
    note("-");
    expect_int(IOMGR_Initialize(), LWP_SUCCESS);
    if (!is_still_there) expect_int(write(ends[1], "x", 1), 1);
    pause_ms(1);
    if (waits[i / 2] != read_it) expect_int(read(ends[0], &byte, 1), 1);
  }
  expect_transcript("- P1 P1 - - S1 S1 - - R1 R1 -");
}

CASE(finalize_gives_signals_back) {
  struct sigaction action;
  start_with_io();
  expect(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  expect_int(IOMGR_Finalize(), 0);
  expect_int(sigaction(SIGUSR1, NULL, &action), 0);
  expect(action.sa_handler == SIG_IGN);
}

CASE(cycles_leave_no_descriptor_and_no_mapping) {
  int i, descriptors = 0, regions = 0;
  PROCESS pid;
  host(3);
  for (i = 0; i < 60; ++i) {
    expect_int(IOMGR_Initialize(), LWP_SUCCESS);
    pid = spawn("w", 3, wait_and_tell, NULL);
    if (i == 0) pause_ms(1);
    expect_int(IOMGR_Finalize(), LWP_SUCCESS);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS); /* or its guard may be a mapping more */
    if (i == 10) descriptors = open_descriptors();
    if (i == 10) regions = mapped_regions();
  }
  expect_int(open_descriptors(), descriptors);
  expect_int(mapped_regions(), regions);
}

CASE(terminate_without_finalize_leaves_nothing_and_init_starts_afresh) {
  int i, descriptors = 0, regions = 0;
  struct sigaction action;
  for (i = 0; i < 40; ++i) {
    start_with_io();
    spawn("w", 3, wait_and_tell, NULL);
    expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
    pause_ms(1);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
    expect_int(IOMGR_Poll(), LWP_EINIT);
    if (i == 10) descriptors = open_descriptors();
    if (i == 10) regions = mapped_regions();
  }
  expect_int(open_descriptors(), descriptors);
  expect_int(mapped_regions(), regions);
  expect_int(sigaction(SIGUSR1, NULL, &action), 0);
  expect(action.sa_handler == SIG_DFL);
}

static void wait_for_many(void* parm) {
  fd_set set;
  int fd;
  FD_ZERO(&set);
  for (fd = 600; fd < 650; ++fd) {
    expect_int(dup2(*(int*)parm, fd), fd);
    FD_SET(fd, &set);
  }
  IOMGR_Select(fd, &set, NULL, NULL, NULL);
}

static void* nap(void* parm) {
  usleep(2000);
  return parm;
}

static void call_often(void* parm) {
  while (LWPX_Blocking(nap, parm, NULL) == 0) {
  }
}

/* All kinds of waits are under way when it ends. */
static void a_busy_life(void) {
  static int ends[2];
  int i;
  start_with_io();
  stream_pair(ends);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  for (i = 0; i < 10; ++i) {
    spawn("a name that is too long to be kept in the block itself", 3, wait_for_many, &ends[0]);
    spawn("b", 3, call_often, NULL);
    spawn("w", 3, wait_and_tell, NULL);
  }
  pause_ms(5);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  close(ends[0]);
  close(ends[1]);
}

CASE_IF(have_descriptors(700), "too few descriptors here",
        terminate_gives_all_memory_back_whatever_is_under_way) {
  size_t used;
  int i;
  a_busy_life(); /* the C library keeps a little for threads to come */
  used = mallinfo2().uordblks;
  for (i = 0; i < 5; ++i) a_busy_life();
  expect(mallinfo2().uordblks <= used + 2048);
}

static void finalize_in_handler(int signo) {
  (void)signo;
  note("%d", IOMGR_Finalize());
}

CASE(finalize_in_a_handler_while_the_program_runs) {
  start_with_io();
  pause_ms(1);
  signal(SIGUSR1, finalize_in_handler);
  raise(SIGUSR1);
  expect_transcript("0");
  expect_int(IOMGR_Poll(), LWP_EINIT);
}

/* The handler may have interrupted malloc. */
CASE(finalize_leaves_the_heap_alone) {
  size_t used;
  start_with_io();
  pause_ms(1);
  used = mallinfo2().uordblks;
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(mallinfo2().uordblks, used);
}

/* Before what else is done at exit: leak checkers do not see the stack of main from here. */
static void at_exit(void) { _exit(7); }

static void finalize_and_exit(int signo) {
  (void)signo;
  if (IOMGR_Finalize() != LWP_EBLOCKED) _exit(1);
  exit(0);
}

static void sleep_until_exit(void) {
  signal(SIGALRM, finalize_and_exit);
  signal_when_asleep(SIGALRM);
  atexit(at_exit);
  start_with_io();
  IOMGR_Select(0, NULL, NULL, NULL, NULL);
}

static void exit_in_a_handler_ends_a_program_that_sleeps(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(sleep_until_exit, &outcome);
  if (outcome.exit_status != 7) print_error("%s%s", outcome.out, outcome.err);
  assert_int_equal(outcome.exit_status, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_works_without_lwps),
      cmocka_unit_test(nothing_but_soft_signals_works_without_initialize),
      cmocka_unit_test(again_is_success_and_changes_nothing),
      cmocka_unit_test(initialize_lets_equals_run),
      cmocka_unit_test(finalize_wakes_nobody_and_later_cancel_finds_nobody),
      cmocka_unit_test(who_was_woken_before_finalize_has_its_result_or_waits_again),
      cmocka_unit_test(finalize_gives_signals_back),
      cmocka_unit_test(cycles_leave_no_descriptor_and_no_mapping),
      cmocka_unit_test(terminate_without_finalize_leaves_nothing_and_init_starts_afresh),
      cmocka_unit_test(terminate_gives_all_memory_back_whatever_is_under_way),
      cmocka_unit_test(finalize_in_a_handler_while_the_program_runs),
      cmocka_unit_test(finalize_leaves_the_heap_alone),
      cmocka_unit_test(exit_in_a_handler_ends_a_program_that_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
