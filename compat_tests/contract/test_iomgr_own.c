/* SPDX-License-Identifier: MIT */
/* test_iomgr_own.c - descriptor numbers of the library's own, and the program's that come near. */
#include <signal.h>

#include "io_case.h"

static int ends[2], others[2];

static void read_and_tell(void* fd) {
  char c;
  const ssize_t size = LWPX_Read(*(int*)fd, &c, 1);
  note(size < 0 && errno == EBADF ? "bad" : "?%d", (int)size);
}

static void select_and_tell(void* fd) {
  fd_set set;
  int result;
  set_of_one(&set, *(int*)fd);
  result = IOMGR_Select(*(int*)fd + 1, &set, NULL, NULL, NULL);
  note(result == -1 && errno == EBADF ? "bad" : "?%d", result);
}

/* Sleeps take as long as is asked, give or take what a loaded machine does. */
static void expect_sleeps(void) {
  int i;
  for (i = 0; i < 8; ++i) {
    const struct timespec time = us_timespec(10000);
    const double begin = now_seconds();
    expect_int(LWPX_Sleep(&time), 0);
    expect(now_seconds() - begin >= 0.01);
  }
}

static void expect_numbers_to_be_of_no_use(void) {
  int fd;
  for (fd = STDERR_FILENO + 1; fd < 32; ++fd) {
    struct timeval soon = ms_timeval(20);
    fd_set set;
    set_of_one(&set, fd);
    expect_int(IOMGR_Select(fd + 1, &set, NULL, NULL, &soon), -1);
    expect_int(errno, EBADF);
    expect_sleeps();
  }
}

CASE(sleeps_end_after_a_wait_for_a_number_of_the_librarys_own) {
  close_inherited_descriptors();
  start_with_io();
  expect_numbers_to_be_of_no_use();
}

CASE(sleeps_end_in_a_child_after_a_wait_for_a_number_of_the_librarys_own) {
  pid_t child;
  close_inherited_descriptors();
  start_with_io();
  child = fork();
  if (child == 0) {
    expect_numbers_to_be_of_no_use();
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
}

/* As those of the library's own do. */
CASE(socket_that_announces_input_by_the_last_signal_is_waited_for) {
  struct sockaddr_un address;
  socklen_t size = sizeof address;
  int i;
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  expect_int(bind(fd, (struct sockaddr*)&address, sizeof address.sun_family), 0);
  expect_int(getsockname(fd, (struct sockaddr*)&address, &size), 0);
  expect_int(fcntl(fd, F_SETSIG, SIGRTMAX), 0);
  start_with_io();
  for (i = 0; i < 2; ++i) {
    struct timeval soon = ms_timeval(1);
    fd_set set;
    set_of_one(&set, fd);
    expect_int(IOMGR_Select(fd + 1, &set, NULL, NULL, &soon), 0);
    expect_int(LWPX_Connect(fd, (struct sockaddr*)&address, size), 0);
  }
}

static void begin_with_waiters(int* selected, int* read_from) {
  close_inherited_descriptors();
  stream_pair(ends);
  stream_pair(others);
  start_with_io();
  spawn("s", 3, select_and_tell, selected);
  spawn("r", 3, read_and_tell, read_from);
}

static void* nap(void* parm) {
  usleep(2000);
  return parm;
}

static void expect_two_told(void) {
  pause_ms(300);
  while (notes() < 2) pause_ms(300);
  expect_transcript("bad bad");
}

/* Descriptors that the library opens for the child must not take the closed numbers. */
CASE(closed_descriptors_end_waits_in_a_child_whose_sleeps_go_on) {
  pid_t child;
  int i;
  begin_with_waiters(&ends[0], &others[0]);
  pause_ms(1);
  child = fork();
  if (child == 0) {
    close(ends[0]);
    close(others[0]);
    expect_two_told();
    for (i = 0; i < 20; ++i) expect_int(LWPX_Blocking(nap, NULL, NULL), 0);
    expect_sleeps();
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
}

/* A duplicate keeps the file of ends[0] open, for which an LWP has waited. */
enum { DUPLICATE = 40 };

static void wait_and_duplicate(void) {
  const PROCESS pid = spawn("s", 3, select_and_tell, &ends[0]);
  pause_ms(1);
  expect_int(dup2(ends[0], DUPLICATE), DUPLICATE);
  expect_int(LWP_DestroyProcess(pid), 0);
}

/* The system reports a number that is closed, so the library has to begin anew. */
static void close_and_report(void) {
  close(ends[0]);
  expect_int(write(ends[1], "x", 1), 1);
}

CASE(closed_descriptors_end_waits_though_another_still_reports) {
  begin_with_waiters(&others[0], &others[1]);
  wait_and_duplicate();
  close(others[0]);
  close(others[1]);
  close_and_report();
  expect_two_told();
  expect_sleeps();
}

/* As after close(0) and open: programs count on it. */
CASE(closed_number_is_free_for_the_program_after_the_library_has_begun_anew) {
  close_inherited_descriptors();
  stream_pair(ends);
  start_with_io();
  wait_and_duplicate();
  close_and_report();
  expect_sleeps();
  expect_int(dup(DUPLICATE), ends[0]);
}

static void read_twice(void* fd) {
  char c;
  int i;
  for (i = 0; i < 2; ++i) note("%d", (int)LWPX_Read(*(int*)fd, &c, 1));
}

enum { ENOUGH = 128 };
static const char* const kLimits = "Valgrind lets nobody limit its own descriptors";

static void limit_descriptors(rlim_t count) {
  const struct rlimit limit = {count, ENOUGH};
  expect_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

CASE_IF(!under_valgrind(), kLimits, program_goes_on_when_no_descriptor_is_to_be_had_to_begin_anew) {
  close_inherited_descriptors();
  start_with_io();
  stream_pair(others);
  stream_pair(ends);
  spawn("r", 3, read_twice, &others[0]);
  wait_and_duplicate();
  limit_descriptors(0);
  close_and_report();
  expect_sleeps();
  expect(cpu_of_pause(300) < 0.1);
  expect_int(write(others[1], "x", 1), 1);
  wait_for_notes(1);
  limit_descriptors(ENOUGH);
  expect_sleeps();
  expect_int(write(others[1], "x", 1), 1);
  wait_for_notes(2);
  expect_transcript("1 1");
}

CASE_IF(!under_valgrind(), kLimits, library_begins_anew_though_the_program_uses_all_descriptors) {
  close_inherited_descriptors();
  start_with_io();
  stream_pair(others);
  stream_pair(ends);
  spawn("r", 3, read_twice, &others[0]);
  wait_and_duplicate();
  limit_descriptors(64);
  expect_int(dup2(ends[1], 50), 50);
  close_and_report();
  while (dup(50) >= 0) continue;
  expect_sleeps();
  expect_int(write(others[1], "xx", 2), 2);
  wait_for_notes(2);
  expect_transcript("1 1");
  limit_descriptors(ENOUGH); /* what looks for leaks at the end needs one */
}

CASE_IF(!under_valgrind(), kLimits, child_that_gets_no_descriptor_sleeps_and_is_told) {
  pid_t child;
  close_inherited_descriptors();
  start_with_io();
  stream_pair(ends);
  limit_descriptors(0);
  child = fork();
  if (child == 0) {
    fd_set set;
    struct timeval soon = ms_timeval(10);
    set_of_one(&set, ends[0]);
    expect_sleeps();
    expect(cpu_of_pause(300) < 0.1);
    expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &soon), -1);
    expect_int(errno, EMFILE);
    limit_descriptors(ENOUGH);
    set_of_one(&set, ends[0]);
    expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &soon), 0);
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  limit_descriptors(ENOUGH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sleeps_end_after_a_wait_for_a_number_of_the_librarys_own),
      cmocka_unit_test(sleeps_end_in_a_child_after_a_wait_for_a_number_of_the_librarys_own),
      cmocka_unit_test(socket_that_announces_input_by_the_last_signal_is_waited_for),
      cmocka_unit_test(closed_descriptors_end_waits_in_a_child_whose_sleeps_go_on),
      cmocka_unit_test(closed_descriptors_end_waits_though_another_still_reports),
      cmocka_unit_test(closed_number_is_free_for_the_program_after_the_library_has_begun_anew),
      cmocka_unit_test(program_goes_on_when_no_descriptor_is_to_be_had_to_begin_anew),
      cmocka_unit_test(library_begins_anew_though_the_program_uses_all_descriptors),
      cmocka_unit_test(child_that_gets_no_descriptor_sleeps_and_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
