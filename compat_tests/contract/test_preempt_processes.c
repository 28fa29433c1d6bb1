/* SPDX-License-Identifier: MIT */
/* test_preempt_processes.c - LWPs that start processes under short slices; and kernel threads and
 * children that ticks have nothing to do with. */
#include <errno.h>
#include <link.h>
#include <lwp/lwp.h>
#include <poll.h>
#include <preempt/policy.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "child_case.h"
#include "ticks.h"

enum { kSliceUs = 50, kSpinners = 2, kProcesses = 15 };

extern char** environ;

static volatile long counts[kSpinners];

static void count_for_ever(void* parm) {
  volatile long* const count = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) ++*count;
}

static void start(void) {
  int i;
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_of(kSliceUs);
  for (i = 0; i < kSpinners; ++i) start_lwp(count_for_ever, 2, (void*)&counts[i]);
  PRE_PreemptMe();
}

static int status_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) expect_int(errno, EINTR);
  expect(WIFEXITED(status));
  return WEXITSTATUS(status);
}

CASE(vfork_and_exec) {
  int i;
  start();
  for (i = 0; i < kProcesses; ++i) {
    const pid_t child = vfork();
    if (child == 0) {
      execl("/bin/sh", "sh", "-c", "exit 7", (char*)NULL);
      _exit(1);
    }
    expect(child > 0);
    expect_int(status_of(child), 7);
  }
}

CASE(spawn) {
  static char* const arguments[] = {"sh", "-c", "exit 8", NULL};
  int i;
  start();
  for (i = 0; i < kProcesses; ++i) {
    pid_t child;
    expect_int(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ), 0);
    expect_int(status_of(child), 8);
  }
}

CASE(system_calls_the_shell) {
  int i;
  start();
  for (i = 0; i < kProcesses; ++i) {
    const int status = system("exit 9");
    expect(WIFEXITED(status));
    expect_int(WEXITSTATUS(status), 9);
  }
}

CASE(pipe_from_the_shell) {
  int i;
  start();
  for (i = 0; i < kProcesses; ++i) {
    char line[100] = "";
    FILE* const pipe = popen("echo text; exit 3", "r");
    expect(pipe != NULL);
    expect(fgets(line, sizeof line, pipe) == line);
    expect_int(strcmp(line, "text\n"), 0);
    expect_int(WEXITSTATUS(pclose(pipe)), 3);
  }
}

/* Threads of the program, with SIGALRM open, that wait while a host of LWPs has its ticks. */
enum { kThreads = 3 };
static volatile int interrupted;
static volatile int finished;

static void* sleep_undisturbed(void* parm) {
  const struct timespec pause = {0, 100000000};
  if (parm == NULL) {
    if (nanosleep(&pause, NULL) != 0) interrupted = 1;
  } else if (poll(NULL, 0, 100) != 0) {
    interrupted = 1;
  }
  __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

CASE(threads_without_lwps_are_not_disturbed) {
  pthread_t threads[kThreads];
  int i;
  start();
  PRE_BeginCritical();
  for (i = 0; i < kThreads; ++i) {
    void* const parm = i == 0 ? NULL : (void*)&threads[i];
    expect_int(pthread_create(&threads[i], NULL, sleep_undisturbed, parm), 0);
  }
  PRE_EndCritical();
  while (finished < kThreads || counts[0] == 0) {
  }
  expect_int(interrupted, 0);
}

/* Whoever it is that ends preemption, with ticks on their way, all of them get their turns again.
 */
static volatile long restarts[3];

static void expect_default_action(int signo) {
  struct sigaction action;
  sigaction(signo, NULL, &action);
  expect(action.sa_handler == SIG_DFL);
}

/* For up to two of the slices, which are longer than asked for on a slow machine. */
static void work_for_a_while(long nth) {
  const double slice = (affordable_us() > 20 ? (double)affordable_us() : 20) / 1e6;
  const double end = now_seconds() + slice * (double)(nth * 37 % 200) / 100;
  while (now_seconds() < end) continue;
}

static void end_and_start(void* parm) {
  volatile long* const mine = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) {
    work_for_a_while(*mine);
    expect_int(PRE_EndPreempt(), LWP_SUCCESS);
    expect_default_action(SIGALRM);
    slices_of(20);
    ++*mine;
  }
}

CASE(any_lwp_ends_and_starts_preemption) {
  int i;
  start();
  for (i = 0; i < 3; ++i) start_lwp(end_and_start, 2, (void*)&restarts[i]);
  for (i = 0; i < 3; ++i) {
    while (restarts[i] < 300) {
    }
  }
  PRE_BeginCritical();
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_default_action(SIGALRM);
}

/* Other kernel threads that preempt are not there in a child. */
static volatile int hosts_ready;

static void* host_for_ever(void* parm) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_of(1000);
  __atomic_add_fetch(&hosts_ready, 1, __ATOMIC_SEQ_CST);
  for (;;) pause();
  return parm;
}

static void in_child_of_several_hosts(void (*body)(void)) {
  pthread_t threads[kThreads];
  pid_t child;
  int i;
  for (i = 0; i < kThreads; ++i) {
    expect_int(pthread_create(&threads[i], NULL, host_for_ever, NULL), 0);
  }
  while (hosts_ready < kThreads) {
  }
  start();
  PRE_BeginCritical();
  child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  PRE_EndCritical();
  expect_int(status_of(child), 0);
}

static void end_twice(void) {
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_default_action(SIGALRM);
  slices_of(100);
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_default_action(SIGALRM);
}

CASE(child_of_several_hosts_gets_its_action_back) { in_child_of_several_hosts(end_twice); }

static void* preempt_and_end(void* parm) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_of(100);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return parm;
}

static void preempt_in_two_threads(void) {
  pthread_t thread;
  slices_of(100);
  expect_int(pthread_create(&thread, NULL, preempt_and_end, NULL), 0);
  expect_int(pthread_join(thread, NULL), 0);
  end_twice();
}

CASE(threads_of_a_child_count_again) { in_child_of_several_hosts(preempt_in_two_threads); }

static void preempt_by_another_signal(void) {
  volatile long last;
  PRE_EndCritical();
  expect_int(PRE_SetSignal(SIGUSR2), LWP_SUCCESS);
  expect_default_action(SIGALRM);
  slices_of(100);
  for (last = counts[0]; counts[0] == last;) {
  }
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_default_action(SIGUSR2);
}

CASE(child_may_choose_another_signal) { in_child_of_several_hosts(preempt_by_another_signal); }

/* The dynamic linker's lock is held by a kernel thread that is not there in the child. */
static volatile int looking, has_forked;

static int look_for_long(struct dl_phdr_info* info, size_t size, void* parm) {
  (void)info, (void)size, (void)parm;
  looking = 1;
  while (!has_forked) usleep(100);
  return 1;
}

static void* look_at_what_is_loaded(void* parm) {
  dl_iterate_phdr(look_for_long, parm);
  return NULL;
}

CASE(child_can_preempt_though_another_thread_was_looking_at_what_is_loaded) {
  pthread_t thread;
  pid_t child;
  start();
  PRE_BeginCritical();
  expect_int(pthread_create(&thread, NULL, look_at_what_is_loaded, NULL), 0);
  while (!looking) usleep(100);
  child = fork();
  if (child == 0) {
    end_twice();
    preempt_in_two_threads();
    _exit(0);
  }
  has_forked = 1;
  expect_int(status_of(child), 0);
  pthread_join(thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vfork_and_exec),
      cmocka_unit_test(spawn),
      cmocka_unit_test(system_calls_the_shell),
      cmocka_unit_test(pipe_from_the_shell),
      cmocka_unit_test(threads_without_lwps_are_not_disturbed),
      cmocka_unit_test(any_lwp_ends_and_starts_preemption),
      cmocka_unit_test(child_of_several_hosts_gets_its_action_back),
      cmocka_unit_test(threads_of_a_child_count_again),
      cmocka_unit_test(child_may_choose_another_signal),
      cmocka_unit_test(child_can_preempt_though_another_thread_was_looking_at_what_is_loaded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
