/* SPDX-License-Identifier: MIT */
/* test_iomgr_wait.c - LWPs that wait are cancelled, destroyed, credited; odd sets and descriptors.
 */
#include <sys/resource.h>

#include "io_case.h"

static int ends[2];
static int event;

static void in_select(void* parm) {
  fd_set set;
  set_of_one(&set, ends[0]);
  (void)parm;
  note("%d", IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL));
  expect(!FD_ISSET(ends[0], &set));
}

static void in_big_select(void* parm) {
  fd_set set;
  int i, fds[40];
  FD_ZERO(&set);
  (void)parm;
  for (i = 0; i < 40; ++i) {
    fds[i] = dup(ends[0]);
    FD_SET(fds[i], &set);
  }
  note("%d", IOMGR_Select(fds[39] + 1, &set, NULL, NULL, NULL));
}

static void in_poll(void* parm) {
  struct pollfd look = {ends[0], POLLIN, 0};
  (void)parm;
  note("%d", LWPX_Poll(&look, 1, NULL) == -1 ? -errno : 0);
}

static void in_read(void* parm) {
  char c;
  (void)parm;
  note("%d", LWPX_Read(ends[0], &c, 1) == -1 ? -errno : 0);
}

static void in_sleep(void* parm) {
  (void)parm;
  note("%d", LWPX_Sleep(NULL));
}

static void in_timed_wait(void* parm) {
  const void* events[] = {&event, &ends, NULL};
  (void)parm;
  note("%d", LWPX_MwaitProcessUntil(2, events, NULL));
}

static void* nap(void* parm) {
  usleep(50000);
  return parm;
}

static void in_blocking(void* parm) { note("%d", LWPX_Blocking(nap, parm, NULL)); }

static void (*const bodies[])(void*) = {in_select, in_big_select, in_poll,
                                        in_read,   in_sleep,      in_timed_wait};
enum { kBodies = sizeof bodies / sizeof bodies[0] };

CASE(each_kind_of_wait_can_be_cancelled) {
  PROCESS pids[kBodies];
  int i;
  start_with_io();
  stream_pair(ends);
  for (i = 0; i < kBodies; ++i) pids[i] = spawn("w", 4, bodies[i], NULL);
  pause_ms(1);
  for (i = 0; i < kBodies; ++i) expect_int(IOMGR_Cancel(pids[i]), 0);
  for (i = 0; i < kBodies; ++i) expect_int(IOMGR_Cancel(pids[i]), -1);
  pause_ms(1);
  expect_transcript("-2 -2 -125 -125 -18 -18");
}

CASE(each_kind_of_waiter_can_be_destroyed) {
  int i, round;
  char c;
  start_with_io();
  stream_pair(ends);
  for (round = 0; round < 3; ++round) {
    for (i = 0; i < kBodies; ++i) {
      const PROCESS pid = spawn("w", 4, bodies[i], NULL);
      if (round > 0) pause_ms(1);
      expect_int(LWP_DestroyProcess(pid), 0);
      expect_int(IOMGR_Cancel(pid), -1);
      if (round > 1) expect_int(write(ends[1], "x", 1), 1);
      LWP_NoYieldSignal(&event);
      pause_ms(1);
      if (round > 1) expect_int(recv(ends[0], &c, 1, 0), 1);
    }
  }
  expect_transcript("");
  expect_int(LWP_TerminateProcessSupport(), 0);
}

CASE(blocking_call_can_not_be_cancelled_and_its_waiter_can_be_destroyed) {
  PROCESS pid;
  start_with_io();
  pid = spawn("w", 4, in_blocking, NULL);
  expect_int(IOMGR_Cancel(pid), -1);
  expect_int(LWP_DestroyProcess(pid), 0);
  pause_ms(80);
  expect_transcript("");
  expect_int(LWP_TerminateProcessSupport(), 0);
}

CASE(credit_for_a_waiting_lwp_is_kept_and_does_not_wake_it) {
  int i;
  start_with_io();
  stream_pair(ends);
  for (i = 0; i < kBodies; ++i) {
    const PROCESS pid = spawn("w", 4, bodies[i], NULL);
    expect_int(LWP_QSignal(pid), LWP_ENOWAIT);
    pause_ms(1);
    expect_transcript("");
    expect_int(LWP_DestroyProcess(pid), 0);
  }
}

static void select_then_take(void* parm) {
  struct timeval soon = ms_timeval(10);
  (void)parm;
  expect_int(LWP_QSignal(LWP_ThisProcess()), LWP_ENOWAIT);
  note("%d", IOMGR_Select(0, NULL, NULL, NULL, &soon));
  expect_int(LWP_QWait(), 0);
  note("taken");
}

CASE(credit_from_before_a_select_is_there_after_it) {
  start_with_io();
  spawn("w", 4, select_then_take, NULL);
  expect_transcript("");
  wait_for_notes(2);
  expect_transcript("0 taken");
}

CASE(bits_beyond_the_count_are_ignored_and_come_back_clear) {
  fd_set set;
  int more[2], high;
  start_with_io();
  stream_pair(ends);
  stream_pair(more);
  high = fcntl(more[0], F_DUPFD, ends[1] + 100);
  expect(high > ends[1]);
  expect_int(write(ends[1], "x", 1), 1);
  expect_int(write(more[1], "x", 1), 1);
  set_of_one(&set, ends[0]);
  FD_SET(ends[1], &set); /* so that the system looks, not a shortcut */
  FD_SET(high, &set);
  expect_int(IOMGR_Select(ends[1] + 1, &set, NULL, NULL, NULL), 1);
  expect(FD_ISSET(ends[0], &set) && !FD_ISSET(ends[1], &set) && !FD_ISSET(high, &set));
}

static void want_write(void* fd) {
  fd_set set;
  set_of_one(&set, *(int*)fd);
  note("w%d", IOMGR_Select(*(int*)fd + 1, NULL, &set, NULL, NULL));
}

static void want_except(void* fd) {
  fd_set set;
  set_of_one(&set, *(int*)fd);
  note("e%d", IOMGR_Select(*(int*)fd + 1, NULL, NULL, &set, NULL));
}

CASE(hang_up_that_concerns_nobody_does_not_keep_the_processor_busy) {
  int pipe_ends[2];
  start_with_io();
  expect_int(pipe(pipe_ends), 0);
  close(pipe_ends[1]);
  /* select says neither writable nor exceptional of the read end of an abandoned pipe. */
  spawn("w", 4, want_write, &pipe_ends[0]);
  spawn("e", 4, want_except, &pipe_ends[0]);
  pause_ms(5);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
}

CASE(error_that_concerns_nobody_does_not_keep_the_processor_busy) {
  int pipe_ends[2];
  start_with_io();
  expect_int(pipe(pipe_ends), 0);
  close(pipe_ends[0]);
  spawn("e", 4, want_except, &pipe_ends[1]);
  pause_ms(5);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
}

CASE(exception_on_a_regular_file_never_comes_and_costs_nothing) {
  int fd = open("/etc/passwd", O_RDONLY);
  start_with_io();
  spawn("e", 4, want_except, &fd);
  pause_ms(5);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
}

static void close_both_ends(void* parm) {
  (void)parm;
  pause_ms(300);
  close(ends[0]);
  note("closed");
}

static void select_bad(void* exceptions) {
  fd_set set, *const read = exceptions == NULL ? &set : NULL;
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, read, NULL, read == NULL ? &set : NULL, NULL), -1);
  note("%d", errno == EBADF);
}

CASE(descriptor_closed_long_after_the_wait_began_ends_it) {
  start_with_io();
  stream_pair(ends);
  spawn("s", 3, select_bad, NULL);
  spawn("c", 3, close_both_ends, NULL);
  wait_for_notes(2);
  expect_transcript("closed 1");
}

CASE(regular_file_closed_under_one_who_waits_for_an_exception_ends_the_wait) {
  start_with_io();
  ends[0] = open("/etc/passwd", O_RDONLY);
  spawn("s", 3, select_bad, &ends);
  pause_ms(5);
  close(ends[0]);
  wait_for_notes(1);
  expect_transcript("1");
}

CASE(more_waiters_than_one_look_serves_see_that_a_descriptor_is_closed) {
  enum { kMany = 700 };
  static char wanted[kMany * 2 + 1];
  int i;
  start_with_io();
  stream_pair(ends);
  for (i = 0; i < kMany; ++i) spawn("s", 3, select_bad, NULL);
  pause_ms(5);
  close(ends[0]);
  while (notes() < kMany) pause_ms(500);
  for (i = 0; i < kMany; ++i) strcat(wanted, i == 0 ? "1" : " 1");
  expect_transcript(wanted);
}

static void select_read(void* fd) {
  fd_set set;
  set_of_one(&set, *(int*)fd);
  note("r%d", IOMGR_Select(*(int*)fd + 1, &set, NULL, NULL, NULL));
}

CASE(duplicate_of_a_closed_descriptor_does_not_report_for_its_successor) {
  int second[2], copy;
  start_with_io();
  stream_pair(ends);
  spawn("a", 4, select_read, &ends[0]);
  pause_ms(1);
  expect_int(write(ends[1], "x", 1), 1);
  pause_ms(1);
  copy = dup(ends[0]);
  spawn("b", 4, select_read, &ends[0]);
  pause_ms(1);
  expect_transcript("r1 r1");
  /* The file stays open and readable, its number names another one. */
  expect_int(pipe(second), 0);
  expect(dup2(second[0], ends[0]) == ends[0]);
  spawn("c", 4, select_read, &ends[0]);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
  expect_int(write(second[1], "x", 1), 1);
  pause_ms(1);
  expect_transcript("r1");
  close(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_wait_can_be_cancelled),
      cmocka_unit_test(each_kind_of_waiter_can_be_destroyed),
      cmocka_unit_test(blocking_call_can_not_be_cancelled_and_its_waiter_can_be_destroyed),
      cmocka_unit_test(credit_for_a_waiting_lwp_is_kept_and_does_not_wake_it),
      cmocka_unit_test(credit_from_before_a_select_is_there_after_it),
      cmocka_unit_test(bits_beyond_the_count_are_ignored_and_come_back_clear),
      cmocka_unit_test(hang_up_that_concerns_nobody_does_not_keep_the_processor_busy),
      cmocka_unit_test(error_that_concerns_nobody_does_not_keep_the_processor_busy),
      cmocka_unit_test(exception_on_a_regular_file_never_comes_and_costs_nothing),
      cmocka_unit_test(descriptor_closed_long_after_the_wait_began_ends_it),
      cmocka_unit_test(regular_file_closed_under_one_who_waits_for_an_exception_ends_the_wait),
      cmocka_unit_test(more_waiters_than_one_look_serves_see_that_a_descriptor_is_closed),
      cmocka_unit_test(duplicate_of_a_closed_descriptor_does_not_report_for_its_successor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
