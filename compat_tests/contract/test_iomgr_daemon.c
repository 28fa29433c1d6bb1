/* SPDX-License-Identifier: MIT */
/*
 * test_iomgr_daemon.c - programs that close all descriptors, the library's too, as daemons do when
 * they begin, and open their own under the same numbers.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "asleep.h"
#include "io_case.h"

enum { FIRST = STDERR_FILENO + 1, NUMBERS = 8 };

static int event;

static void close_all(void) {
  int fd;
  for (fd = FIRST; fd < 64; ++fd) close(fd);
}

/* In place of all the library had open. */
static void open_files(void) {
  int i;
  for (i = 0; i < NUMBERS; ++i) expect_int(memfd_create("a file", 0), FIRST + i);
}

static void expect_files_untouched(void) {
  struct stat status;
  int i;
  for (i = 0; i < NUMBERS; ++i) {
    expect_int(fstat(FIRST + i, &status), 0);
    expect_int(status.st_size, 0);
  }
}

static void wait_for_event(void* parm) {
  (void)parm;
  for (;;) {
    LWP_WaitProcess(&event);
    note("e");
  }
}

static void tell_event(int signo) {
  (void)signo;
  LWP_NoYieldSignal(&event);
}

/* What ends the sleep for them is the handler alone. */
static void expect_handlers_end_sleeps(void) {
  int i;
  signal(SIGALRM, tell_event);
  for (i = 1; i <= 3; ++i) {
    signal_when_asleep(SIGALRM);
    while (notes() < i) LWPX_WaitProcessUntil(&event, NULL);
  }
  forget_transcript();
}

CASE(program_sleeps_and_its_files_stay_empty_when_it_has_closed_all) {
  start_with_io();
  spawn("w", 3, wait_for_event, NULL);
  pause_ms(1);
  close_all();
  expect(cpu_of_pause(300) < 0.1);
  close_all();
  open_files();
  expect(cpu_of_pause(300) < 0.1);
  expect_handlers_end_sleeps();
  expect_files_untouched();
  expect_int(IOMGR_Finalize(), 0);
  expect_files_untouched();
}

static void become_a_daemon(int signo) {
  close_all();
  open_files();
  tell_event(signo);
}

CASE(handler_that_has_closed_all_does_not_write_into_files) {
  start_with_io();
  spawn("w", 4, wait_for_event, NULL);
  signal(SIGALRM, become_a_daemon);
  signal_when_asleep(SIGALRM);
  while (notes() < 1) LWPX_WaitProcessUntil(&event, NULL);
  expect_files_untouched();
}

static int ends[2], others[2];

static void read_twice(void* fd) {
  char c;
  int i;
  for (i = 0; i < 2; ++i) note("%d", (int)LWPX_Read(*(int*)fd, &c, 1));
}

static void expect_io_works(void) {
  struct timeval soon = ms_timeval(10);
  fd_set set;
  stream_pair(ends);
  stream_pair(others);
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, &soon), 0);
  spawn("r", 3, read_twice, &ends[0]);
  spawn("r", 3, read_twice, &others[0]);
  expect_int(write(ends[1], "x", 1), 1);
  expect_int(write(others[1], "x", 1), 1);
  wait_for_notes(2);
  pause_ms(1);
  expect_int(write(ends[1], "x", 1), 1);
  expect_int(write(others[1], "x", 1), 1);
  wait_for_notes(4);
  expect_transcript("1 1 1 1");
}

CASE(descriptors_are_waited_for_when_all_have_been_closed) {
  start_with_io();
  pause_ms(1);
  close_all();
  expect_io_works();
  close_all();
  open_files();
  expect_io_works();
  expect_files_untouched();
}

CASE(descriptors_are_waited_for_in_a_child_that_has_closed_all) {
  pid_t child;
  start_with_io();
  pause_ms(1);
  child = fork();
  if (child == 0) {
    close_all();
    open_files();
    expect_io_works();
    expect(cpu_of_pause(300) < 0.1);
    expect_files_untouched();
    _exit(0);
  }
  expect_int(status_of_child(child), 0);
  expect_io_works();
}

/* Under the number of the library's set, whichever that is; they report all the time. */
CASE(programs_own_epoll_sets_are_not_taken_for_the_librarys) {
  struct epoll_event input;
  int i, pair[2];
  start_with_io();
  pause_ms(1);
  close_all();
  for (i = 0; i < NUMBERS; ++i) expect_int(epoll_create1(0), FIRST + i);
  stream_pair(pair);
  for (i = 0; i < NUMBERS; ++i) {
    memset(&input, 0, sizeof input);
    input.events = EPOLLIN;
    input.data.fd = pair[0];
    expect_int(epoll_ctl(FIRST + i, EPOLL_CTL_ADD, pair[0], &input), 0);
  }
  expect_int(write(pair[1], "x", 1), 1);
  expect(cpu_of_pause(300) < 0.1);
  expect_io_works();
  for (i = 0; i < NUMBERS; ++i) {
    expect_int(epoll_wait(FIRST + i, &input, 1, 0), 1);
    expect_int(input.data.fd, pair[0]);
  }
}

enum { OWN = 4 }; /* descriptors of the library's, from FIRST on */

static void sleep_for_ever(void* parm) {
  const struct timespec time = us_timespec(20000);
  (void)parm;
  for (;;) LWPX_Sleep(&time);
}

static void* nap(void* parm) {
  usleep(1000);
  return parm;
}

/* The manager has slept until something else has ended that, and will rely on what it has set. */
static void leave_timer_set(void) {
  spawn("sleeper", 3, sleep_for_ever, NULL);
  expect_int(LWPX_Blocking(nap, NULL, NULL), LWP_SUCCESS);
}

static void expect_sleep_ends(void) {
  const struct timespec time = us_timespec(40000);
  expect_int(LWPX_Sleep(&time), LWP_SUCCESS);
}

/* Under the number of one that is closed, a file of that kind. */
static void close_and_open(int fd, const char* kind) {
  int file = -1;
  close(fd);
  if (*kind == 'f') file = memfd_create("a file", 0);
  if (*kind == 's') file = epoll_create1(0);
  if (*kind == 't') file = timerfd_create(CLOCK_MONOTONIC, 0);
  if (file < 0 || file == fd) return;
  expect_int(dup2(file, fd), fd);
  close(file);
}

static void expect_untouched(int fd, const char* kind) {
  struct itimerspec left;
  struct stat status;
  if (*kind == 'f') {
    expect_int(fstat(fd, &status), 0);
    expect_int(status.st_size, 0);
  } else if (*kind == 't') {
    expect_int(timerfd_gettime(fd, &left), 0);
    expect(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
  }
}

/* `which` has a bit for each of the library's own. */
static void expect_all_works_without(unsigned which, const char* kind) {
  int i;
  for (i = 0; i < OWN; ++i) {
    if ((which >> i & 1) != 0) close_and_open(FIRST + i, kind);
  }
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_sleep_ends();
  expect_int(LWPX_Blocking(nap, NULL, NULL), LWP_SUCCESS);
  expect_io_works();
  for (i = 0; i < OWN; ++i) {
    if ((which >> i & 1) != 0) expect_untouched(FIRST + i, kind);
  }
}

CASE(all_works_when_some_have_been_closed_and_the_manager_is_asked_for_again) {
  static const char* const kinds[] = {"", "file", "set", "timer"};
  unsigned which, kind;
  close_inherited_descriptors();
  start_with_io();
  expect(fcntl(FIRST + OWN - 1, F_GETFD) >= 0 && fcntl(FIRST + OWN, F_GETFD) < 0);
  for (which = 1; which < 1u << OWN; ++which) {
    for (kind = 0; kind < sizeof kinds / sizeof *kinds; ++kind) {
      const pid_t child = fork();
      if (child == 0) {
        leave_timer_set();
        expect_all_works_without(which, kinds[kind]);
        _exit(0);
      }
      expect_int(status_of_child(child), 0);
    }
  }
}

static void read_for_ever(void* fd) {
  char c;
  while (LWPX_Read(*(int*)fd, &c, 1) > 0) continue;
}

CASE(all_works_when_some_have_become_numbers_that_are_waited_for) {
  unsigned which;
  close_inherited_descriptors();
  start_with_io();
  for (which = 1; which < 1u << (OWN - 1); ++which) {
    const pid_t child = fork();
    if (child == 0) {
      int i, numbers[OWN];
      leave_timer_set();
      stream_pair(ends);
      for (i = 0; i < OWN; ++i) {
        if ((which >> i & 1) == 0) continue;
        numbers[i] = FIRST + i;
        expect_int(dup2(ends[0], numbers[i]), numbers[i]);
        if (which >> i == 1) spawn("reader", 3, read_for_ever, &numbers[i]);
      }
      expect_sleep_ends();
      _exit(0);
    }
    expect_int(status_of_child(child), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(program_sleeps_and_its_files_stay_empty_when_it_has_closed_all),
      cmocka_unit_test(handler_that_has_closed_all_does_not_write_into_files),
      cmocka_unit_test(descriptors_are_waited_for_when_all_have_been_closed),
      cmocka_unit_test(descriptors_are_waited_for_in_a_child_that_has_closed_all),
      cmocka_unit_test(programs_own_epoll_sets_are_not_taken_for_the_librarys),
      cmocka_unit_test(all_works_when_some_have_been_closed_and_the_manager_is_asked_for_again),
      cmocka_unit_test(all_works_when_some_have_become_numbers_that_are_waited_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
