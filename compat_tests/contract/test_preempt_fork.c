/* SPDX-License-Identifier: MIT */
/* test_preempt_fork.c - preemption over fork and exec, and in several kernel threads at once. */
#include <errno.h>
#include <lwp/lwp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(100);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
}

static void wait_for_a_turn(void) {
  const long before = turns;
  while (turns == before) {
  }
}

/* Runs body in a forked child of the case. */
static void in_child(void (*body)(void)) {
  int status;
  pid_t child;
  PRE_BeginCritical();
  child = fork();
  if (child == 0) {
    PRE_EndCritical();
    body();
    _exit(0);
  }
  PRE_EndCritical();
  expect(child > 0);
  while (waitpid(child, &status, 0) < 0) expect_int(errno, EINTR);
  expect(WIFEXITED(status));
  expect_int(WEXITSTATUS(status), 0);
}

static void expect_no_ticks(void) {
  const struct timespec pause = {0, 20000000};
  long before;
  before = turns;
  work(20000000);
  expect_int(turns, before);
  expect_int(nanosleep(&pause, NULL), 0);
  expect_int(turns, before);
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  expect_int(turns, before + 1);
}

CASE(child_has_the_lwps_but_no_ticks) {
  start();
  in_child(expect_no_ticks);
  wait_for_a_turn();
}

static void preempt_again(void) {
  slices_of(100);
  wait_for_a_turn();
  slices_of(200);
  wait_for_a_turn();
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_no_ticks();
}

/* Who runs then never gives the processor back, as there are no more ticks. */
static void spin(void* parm) {
  PRE_PreemptMe();
  for (;;) ++*(volatile long*)parm;
}

static void end_section(void) { PRE_EndCritical(); }

CASE(child_does_not_pay_the_ticks_of_its_parent) {
  static volatile long spins;
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(100);
  start_lwp(spin, 2, (void*)&spins);
  PRE_PreemptMe();
  for (i = 0; i < 20; ++i) {
    PRE_BeginCritical();
    while ((*(volatile int*)&lwpx_critical_word & 1) != 0) work(1); /* until a tick is owed */
    in_child(end_section);
    PRE_EndCritical();
  }
}

CASE(child_can_preempt_again) {
  start();
  in_child(preempt_again);
  wait_for_a_turn();
}

static void end_at_once(void) {
  struct sigaction action;
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
  preempt_again();
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
}

CASE(child_can_end_what_its_parent_began) {
  start();
  in_child(end_at_once);
  wait_for_a_turn();
}

static void terminate_and_begin_anew(void) {
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  start();
  wait_for_a_turn();
}

CASE(child_can_begin_anew) {
  start();
  in_child(terminate_and_begin_anew);
}

/* Each is the first process of a container. */
static pid_t fork_into_new_numbers(void) {
  pid_t child;
  if (unshare(CLONE_NEWPID) != 0) _exit(0);
  child = fork();
  if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

static int numbers_can_begin_anew(void) {
  int status;
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWPID) == 0 ? 0 : 1);
  return waitpid(child, &status, 0) == child && status == 0;
}

static void expect_success_of(pid_t child) {
  int status;
  expect(child > 0);
  while (waitpid(child, &status, 0) < 0) expect_int(errno, EINTR);
  expect_int(status, 0);
}

CASE_IF(!under_valgrind() && numbers_can_begin_anew(),
        "no rights to begin anew with process numbers",
        child_with_the_number_of_its_parent_can_preempt) {
  pid_t child = fork_into_new_numbers();
  if (child != 0) {
    expect_success_of(child);
    return;
  }
  start();
  PRE_BeginCritical();
  child = fork_into_new_numbers();
  PRE_EndCritical();
  if (child == 0) {
    preempt_again();
  } else {
    expect_success_of(child);
  }
}

static void fork_grandchildren(void) {
  preempt_again();
  in_child(preempt_again);
}

CASE(grandchild_can_preempt_too) {
  start();
  in_child(fork_grandchildren);
}

static void fork_often(void* parm) {
  int i;
  PRE_PreemptMe();
  for (i = 0; i < 50; ++i) {
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(PRE_EndPreempt() == LWP_SUCCESS ? 0 : 1);
    while (waitpid(child, &status, 0) < 0) expect_int(errno, EINTR);
    expect_int(status, 0);
  }
  *(volatile int*)parm = 1;
}

CASE(lwps_fork_while_others_run) {
  volatile int done = 0;
  start();
  start_lwp(fork_often, 2, (void*)&done);
  while (!done) {
  }
}

CASE_IF(!under_valgrind(), "Valgrind takes handlers away some time before it executes a program",
        no_tick_kills_an_executed_program) {
  int i;
  start();
  for (i = 0; i < 20; ++i) {
    int status;
    pid_t child;
    PRE_BeginCritical();
    child = fork();
    if (child == 0) {
      slices_of(20);
      execl("/bin/sh", "sh", "-c", "exit 7", (char*)NULL);
      _exit(1);
    }
    PRE_EndCritical();
    while (waitpid(child, &status, 0) < 0) expect_int(errno, EINTR);
    expect(WIFEXITED(status));
    expect_int(WEXITSTATUS(status), 7);
  }
}

enum { kLwps = 5, kThreads = 3 };

struct host {
  pthread_t thread;
  long slice;
  volatile long counts[kLwps];
  pthread_t seen[kLwps];
};

struct seat {
  struct host* host;
  int number;
};

static void count_in_thread(void* parm) {
  const struct seat* const seat = (const struct seat*)parm;
  volatile long* const count = &seat->host->counts[seat->number];
  seat->host->seen[seat->number] = pthread_self();
  PRE_PreemptMe();
  for (;;) ++*count;
}

static void* host_lwps(void* parm) {
  struct host* const host = (struct host*)parm;
  struct seat seats[kLwps];
  const int rounds = UNLESS_UNDER_VALGRIND(20, 3);
  int round;
  int i;
  for (round = 0; round < rounds; ++round) {
    expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
    slices_of(host->slice);
    for (i = 0; i < kLwps; ++i) {
      host->counts[i] = 0;
      seats[i].host = host;
      seats[i].number = i;
      start_lwp(count_in_thread, 2, &seats[i]);
    }
    PRE_PreemptMe();
    for (i = 0; i < kLwps; ++i) {
      const long last = host->counts[i];
      while (host->counts[i] == last) {
      }
      expect(pthread_equal(host->seen[i], pthread_self()));
    }
    if (round % 2 == 0) expect_int(PRE_EndPreempt(), LWP_SUCCESS);
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  }
  return NULL;
}

CASE(kernel_threads_preempt_side_by_side) {
  static struct host hosts[kThreads];
  struct sigaction action;
  int i;
  for (i = 0; i < kThreads; ++i) {
    hosts[i].slice = 50 + 100 * i;
    expect_int(pthread_create(&hosts[i].thread, NULL, host_lwps, &hosts[i]), 0);
  }
  for (i = 0; i < kThreads; ++i) pthread_join(hosts[i].thread, NULL);
  sigaction(SIGALRM, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
}

CASE(thread_without_lwps_gets_no_ticks) {
  static struct host host;
  const struct timespec pause = {0, 50000000};
  host.slice = 100;
  expect_int(pthread_create(&host.thread, NULL, host_lwps, &host), 0);
  expect_int(nanosleep(&pause, NULL), 0);
  pthread_join(host.thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(child_has_the_lwps_but_no_ticks),
      cmocka_unit_test(child_does_not_pay_the_ticks_of_its_parent),
      cmocka_unit_test(child_can_preempt_again),
      cmocka_unit_test(child_can_end_what_its_parent_began),
      cmocka_unit_test(child_can_begin_anew),
      cmocka_unit_test(child_with_the_number_of_its_parent_can_preempt),
      cmocka_unit_test(grandchild_can_preempt_too),
      cmocka_unit_test(lwps_fork_while_others_run),
      cmocka_unit_test(no_tick_kills_an_executed_program),
      cmocka_unit_test(kernel_threads_preempt_side_by_side),
      cmocka_unit_test(thread_without_lwps_gets_no_ticks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
