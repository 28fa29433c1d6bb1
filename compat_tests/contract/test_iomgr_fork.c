/* SPDX-License-Identifier: MIT */
/* test_iomgr_fork.c - parent and child each wait for themselves. */
#include <pthread.h>
#include <signal.h>

#include "io_case.h"

static int ends[2], event;

static void read_and_note(void* parm) {
  char c;
  (void)parm;
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  note("%c", c);
}

/* Lets the parent wait for the child without sleeping in the kernel. */
static void expect_child(pid_t child) {
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) pause_ms(2);
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

CASE(waits_begun_before_a_fork_go_on_in_both) {
  pid_t child;
  int theirs[2];
  start_with_io();
  stream_pair(ends);
  stream_pair(theirs);
  spawn("r", 3, read_and_note, NULL);
  pause_ms(5);
  child = fork();
  if (child == 0) {
    /* The child's reader waits for the same number, which names another file now. */
    expect(dup2(theirs[0], ends[0]) == ends[0]);
    pause_ms(5);
    expect_transcript("");
    expect_int(write(theirs[1], "c", 1), 1);
    pause_ms(20);
    expect_transcript("c");
    _exit(0);
  }
  expect_child(child);
  expect_transcript("");
  expect_int(write(ends[1], "p", 1), 1);
  pause_ms(5);
  expect_transcript("p");
}

/* They must not set the same timer of the system. */
CASE(child_that_sleeps_long_does_not_put_off_the_parents_deadlines) {
  const struct timespec hour = {3600, 0};
  pid_t child;
  int i;
  start_with_io();
  pause_ms(5);
  child = fork();
  if (child == 0) {
    (void)LWPX_Sleep(&hour);
    _exit(1);
  }
  for (i = 0; i < 20; ++i) pause_ms(5);
  expect_int(kill(child, SIGKILL), 0);
  expect(waitpid(child, NULL, 0) == child);
}

CASE(child_that_ends_its_io_does_not_disturb_the_parent) {
  pid_t child;
  start_with_io();
  stream_pair(ends);
  spawn("r", 3, read_and_note, NULL);
  pause_ms(5);
  child = fork();
  if (child == 0) {
    expect_int(LWP_TerminateProcessSupport(), 0);
    start_with_io();
    pause_ms(5);
    expect_int(IOMGR_Finalize(), 0);
    _exit(0);
  }
  expect_child(child);
  expect_int(write(ends[1], "p", 1), 1);
  pause_ms(5);
  expect_transcript("p");
}

static void wait_for_event(void* parm) {
  (void)parm;
  for (;;) {
    LWP_WaitProcess(&event);
    note("s");
  }
}

CASE(signals_are_events_in_the_child_too) {
  pid_t child;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  spawn("w", 3, wait_for_event, NULL);
  pause_ms(5);
  child = fork();
  if (child == 0) {
    int i;
    for (i = 0; i < 20; ++i) {
      raise(SIGUSR1);
      pause_ms(1);
      expect_transcript("s");
    }
    _exit(0);
  }
  expect_child(child);
  expect_transcript("");
}

/* The first wait of the child is ended by a signal that comes from outside. */
CASE(signal_ends_the_first_sleep_of_a_child) {
  int i;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  for (i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      expect_int(LWP_WaitProcess(&event), 0);
      _exit(0);
    }
    usleep(10000);
    kill(child, SIGUSR1);
    expect_child(child);
  }
}

CASE(grandchildren_work_as_well) {
  pid_t child;
  start_with_io();
  stream_pair(ends);
  spawn("r", 3, read_and_note, NULL);
  pause_ms(1);
  child = fork();
  if (child == 0) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      expect_int(write(ends[1], "g", 1), 1);
      pause_ms(50);
      expect_transcript("g");
      _exit(0);
    }
    _exit(status_of_child(grandchild));
  }
  expect_int(status_of_child(child), 0);
}

static volatile int handled;

static void on_signal(int signo) { handled = signo; }

static void wait_and_tell(void* parm) {
  expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
  note("%s", (const char*)parm);
}

static void catch_in_child(void) {
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_SUCCESS);
  spawn("w", 3, wait_and_tell, (void*)"caught");
  raise(SIGUSR1);
  pause_ms(5);
  expect_transcript("caught");
  expect_int(handled, 0);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_SUCCESS);
  raise(SIGUSR1);
  expect_int(handled, SIGUSR1);
}

/* Of a parent without I/O manager. */
static void expect_end_of(pid_t child) {
  int status;
  expect_int(waitpid(child, &status, 0), child);
  expect_int(status, 0);
}

static void* fork_two(void* parm) {
  pid_t child;
  expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_EINIT);
  if ((child = fork()) == 0) {
    catch_in_child();
    _exit(0);
  }
  expect_end_of(child);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_ESYSTEM);
  if ((child = fork()) == 0) {
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
    expect_int(LWP_Init(LWP_VERSION, 3, NULL), LWP_SUCCESS);
    catch_in_child();
    _exit(0);
  }
  expect_end_of(child);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return parm;
}

/* Its LWPs are not there. */
CASE(child_may_catch_what_another_kernel_thread_of_its_parent_does) {
  pthread_t thread;
  signal(SIGUSR1, on_signal);
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_SUCCESS);
  expect_int(pthread_create(&thread, NULL, fork_two, NULL), 0);
  expect_int(pthread_join(thread, NULL), 0);
  spawn("w", 3, wait_and_tell, (void*)"parent");
  raise(SIGUSR1);
  pause_ms(5);
  expect_transcript("parent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_begun_before_a_fork_go_on_in_both),
      cmocka_unit_test(child_that_sleeps_long_does_not_put_off_the_parents_deadlines),
      cmocka_unit_test(child_that_ends_its_io_does_not_disturb_the_parent),
      cmocka_unit_test(signals_are_events_in_the_child_too),
      cmocka_unit_test(signal_ends_the_first_sleep_of_a_child),
      cmocka_unit_test(grandchildren_work_as_well),
      cmocka_unit_test(child_may_catch_what_another_kernel_thread_of_its_parent_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
