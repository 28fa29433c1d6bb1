/* SPDX-License-Identifier: MIT */
/* test_iomgr_select.c - waiting for descriptors and for time to pass. */
#include <limits.h>

#include "io_case.h"

static void write_later(void* fd) {
  note("writer");
  expect_int(write(*(int*)fd, "x", 1), 1);
}

CASE(select_returns_when_a_descriptor_becomes_readable) {
  int ends[2];
  fd_set set;
  PROCESS writer;
  struct timeval timeout = ms_timeval(5000);
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[0]);
  expect_int(LWP_CreateProcess(write_later, 0, 1, &ends[1], "writer", &writer), 0);
  note("select");
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &timeout), 1);
  expect(FD_ISSET(ends[0], &set));
  expect_transcript("select writer");
  expect_int(timeout.tv_sec, 5);
  expect_int(timeout.tv_usec, 0);
}

CASE(select_counts_every_ready_bit_and_clears_the_others) {
  int a[2], b[2], idle[2];
  fd_set reads, writes;
  start_with_io();
  expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
  expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
  expect_int(pipe(idle), 0);
  expect_int(write(a[1], "x", 1), 1);
  set_of_one(&reads, a[0]);
  FD_SET(b[0], &reads);
  FD_SET(idle[0], &reads);
  set_of_one(&writes, b[0]);
  expect_int(IOMGR_Select(idle[1] + 1, &reads, &writes, NULL, NULL), 2);
  expect(FD_ISSET(a[0], &reads) && FD_ISSET(b[0], &writes));
  expect(!FD_ISSET(b[0], &reads) && !FD_ISSET(idle[0], &reads));
}

CASE(timeout_returns_zero_clears_the_sets_and_leaves_the_timeval_alone) {
  int ends[2];
  fd_set set;
  struct timeval timeout = ms_timeval(30);
  double begin = now_seconds();
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &timeout), 0);
  expect(!FD_ISSET(ends[0], &set));
  expect_int(timeout.tv_usec, 30000);
  expect(now_seconds() - begin >= 0.03);
}

CASE(microseconds_beyond_a_second_are_accepted) {
  struct timeval timeout;
  double begin = now_seconds();
  timeout.tv_sec = 0;
  timeout.tv_usec = 1200000;
  start_with_io();
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
  expect(now_seconds() - begin >= 1.2);
}

static void wait_for_microseconds(void* count) {
  struct timeval timeout = {0, 0};
  timeout.tv_usec = *(long*)count;
  note("r%d", IOMGR_Select(0, NULL, NULL, NULL, &timeout));
}

CASE(more_microseconds_than_can_be_counted_do_not_end_at_once) {
  static long counts[] = {LONG_MAX, LONG_MAX / 1000 + 1, LONG_MAX / 2};
  int i;
  start_with_io();
  for (i = 0; i < 3; ++i) spawn("w", 3, wait_for_microseconds, &counts[i]);
  pause_ms(20);
  expect_transcript("");
}

CASE(zero_timeout_is_select_itself) {
  int ends[2];
  fd_set set;
  struct timeval now = ms_timeval(0);
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[1]);
  expect_int(IOMGR_Select(ends[1] + 1, NULL, &set, NULL, &now), 1);
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &now), 0);
  close(ends[0]);
  errno = 0;
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &now), -1);
  expect_int(errno, EBADF);
}

static void wait_forever(void* pid) {
  struct timeval negative = {0, -1};
  fd_set set;
  *(PROCESS*)pid = LWP_ThisProcess();
  set_of_one(&set, 0);
  note("r%d", IOMGR_Select(0, &set, NULL, NULL, &negative));
  expect(!FD_ISSET(0, &set));
}

CASE(cancel_ends_a_wait_with_minus_two_and_does_not_yield) {
  static PROCESS waiter;
  PROCESS pid;
  start_with_io();
  expect_int(LWP_CreateProcess(wait_forever, 0, 3, &waiter, "w", &pid), 0);
  expect_int(IOMGR_Cancel(waiter), 0);
  note("cancelled");
  LWP_DispatchProcess();
  expect_transcript("cancelled r-2");
}

CASE(cancel_of_an_lwp_that_does_not_wait_is_minus_one) {
  start_with_io();
  expect_int(IOMGR_Cancel(LWP_ThisProcess()), -1);
  expect_int(IOMGR_Cancel(NULL), -1);
}

CASE(bad_descriptor_is_an_error_of_its_caller_alone) {
  fd_set set;
  struct timeval timeout = ms_timeval(1000);
  start_with_io();
  set_of_one(&set, 900);
  errno = 0;
  expect_int(IOMGR_Select(901, &set, NULL, NULL, &timeout), -1);
  expect_int(errno, EBADF);
  errno = 0;
  expect_int(IOMGR_Select(FD_SETSIZE + 1, &set, NULL, NULL, &timeout), -1);
  expect_int(errno, EINVAL);
}

static void close_later(void* fd) { close(*(int*)fd); }

CASE(descriptor_closed_under_a_waiting_lwp_ends_its_wait) {
  int ends[2];
  fd_set set;
  PROCESS pid;
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[0]);
  expect_int(LWP_CreateProcess(close_later, 0, 1, &ends[0], "c", &pid), 0);
  errno = 0;
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL), -1);
  expect_int(errno, EBADF);
}

CASE(number_of_a_closed_descriptor_can_be_waited_for_again) {
  int first[2], second[2];
  fd_set set;
  struct timeval soon = ms_timeval(10), late = ms_timeval(5000);
  PROCESS pid;
  start_with_io();
  expect_int(pipe(first), 0);
  set_of_one(&set, first[0]);
  expect_int(IOMGR_Select(first[0] + 1, &set, NULL, NULL, &soon), 0);
  close(first[0]);
  expect_int(pipe(second), 0);
  expect_int(second[0], first[0]);
  set_of_one(&set, second[0]);
  expect_int(LWP_CreateProcess(write_later, 0, 1, &second[1], "w", &pid), 0);
  expect_int(IOMGR_Select(second[0] + 1, &set, NULL, NULL, &late), 1);
}

CASE(duplicate_of_a_closed_descriptor_does_not_keep_the_processor_busy) {
  int ends[2], copy;
  fd_set set;
  struct timeval soon = ms_timeval(10), later = ms_timeval(300);
  double begin;
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &soon), 0);
  copy = dup(ends[0]);
  close(ends[0]);
  expect_int(write(ends[1], "x", 1), 1);
  begin = cpu_seconds();
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &later), 0);
  expect(cpu_seconds() - begin < 0.1);
  set_of_one(&set, copy);
  expect_int(IOMGR_Select(copy + 1, &set, NULL, NULL, &later), 1);
}

CASE(regular_files_are_always_ready) {
  int fd = open("/etc/passwd", O_RDONLY);
  fd_set set;
  start_with_io();
  set_of_one(&set, fd);
  expect_int(IOMGR_Select(fd + 1, &set, NULL, NULL, NULL), 1);
  expect(FD_ISSET(fd, &set));
}

CASE(select_without_initialize_is_refused) {
  struct timeval timeout = ms_timeval(10);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), 0);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), -1);
  expect_int(errno, EINVAL);
}

static int sleepers_done;

static void sleep_ms(void* n) {
  struct timeval timeout = ms_timeval((long)n);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
  note("%ld", (long)n);
  sleepers_done++;
}

/* Each sleeps from when it was created: they have to be in less time than lies between any two. */
static void start_sleepers(void) {
  const long lengths[] = {60, 20, 80, 40};
  PROCESS pid;
  int i;
  sleepers_done = 0;
  for (i = 0; i < 4; i++) {
    expect_int(LWP_CreateProcess(sleep_ms, 0, 2, (void*)lengths[i], "s", &pid), 0);
  }
}

CASE(sleepers_wake_in_order_of_their_deadlines) {
  struct timeval pause = ms_timeval(20);
  double begin, taken;
  start_with_io();
  do {
    forget_transcript();
    begin = now_seconds();
    start_sleepers();
    taken = now_seconds() - begin;
    while (sleepers_done < 4) expect_int(IOMGR_Select(0, NULL, NULL, NULL, &pause), 0);
  } while (taken >= 0.02);
  expect_transcript("20 40 60 80");
}

static void spin_then_write(void* fd) {
  int i;
  for (i = 0; i < 1000; i++) LWP_DispatchProcess();
  note("spun");
  expect_int(write(*(int*)fd, "x", 1), 1);
}

/* Would the manager sleep, nothing would ever end that. */
CASE(ready_lwp_of_priority_zero_does_not_wait_for_the_managers_sleep) {
  int ends[2];
  fd_set set;
  PROCESS pid;
  start_with_io();
  expect_int(pipe(ends), 0);
  set_of_one(&set, ends[0]);
  expect_int(LWP_CreateProcess(spin_then_write, 0, 0, &ends[1], "zero", &pid), 0);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL), 1);
  expect_transcript("spun");
}

CASE(waiting_costs_no_processor_time) {
  struct timeval timeout = ms_timeval(500);
  double begin;
  start_with_io();
  begin = cpu_seconds();
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &timeout), 0);
  expect(cpu_seconds() - begin < 0.1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(select_returns_when_a_descriptor_becomes_readable),
      cmocka_unit_test(select_counts_every_ready_bit_and_clears_the_others),
      cmocka_unit_test(timeout_returns_zero_clears_the_sets_and_leaves_the_timeval_alone),
      cmocka_unit_test(microseconds_beyond_a_second_are_accepted),
      cmocka_unit_test(more_microseconds_than_can_be_counted_do_not_end_at_once),
      cmocka_unit_test(zero_timeout_is_select_itself),
      cmocka_unit_test(cancel_ends_a_wait_with_minus_two_and_does_not_yield),
      cmocka_unit_test(cancel_of_an_lwp_that_does_not_wait_is_minus_one),
      cmocka_unit_test(bad_descriptor_is_an_error_of_its_caller_alone),
      cmocka_unit_test(descriptor_closed_under_a_waiting_lwp_ends_its_wait),
      cmocka_unit_test(number_of_a_closed_descriptor_can_be_waited_for_again),
      cmocka_unit_test(duplicate_of_a_closed_descriptor_does_not_keep_the_processor_busy),
      cmocka_unit_test(regular_files_are_always_ready),
      cmocka_unit_test(select_without_initialize_is_refused),
      cmocka_unit_test(sleepers_wake_in_order_of_their_deadlines),
      cmocka_unit_test(ready_lwp_of_priority_zero_does_not_wait_for_the_managers_sleep),
      cmocka_unit_test(waiting_costs_no_processor_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
