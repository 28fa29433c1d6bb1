/* SPDX-License-Identifier: MIT */
/*
 * runtime_storm.h - members of a group that are sent to, and signals that hit all kernel threads
 * meanwhile.
 */
#ifndef TORTURE_RUNTIME_STORM_H
#define TORTURE_RUNTIME_STORM_H

#include <dirent.h>
#include <signal.h>

#include "group_case.h"
#include "torture.h"

enum { kMembers = 3, kThreads = 2 };

static struct {
  LWPX_RUNTIME runtime;
  PROCESS taker;
  long given, taken;
  long mail, seen; /* an event is its address */
  long spawned, ran;
} members[kMembers];

static long ready;
static volatile int closing;

static inline unsigned draw_from(unsigned* random, unsigned below) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % below;
}

static long storming;   /* whether handlers are to send */
static long in_handler; /* how many are at it */
static long handled;

static inline void run_shortly(void* counter) {
  PRE_PreemptMe();
  work(100);
  add((long*)counter, 1);
}

static volatile int main_is_spared;

/* Hits each kernel thread in turn, those of runtimes too; or, if main is to be spared, all others.
 */
static inline void* storm_at_threads(void* parm) {
  unsigned random = 5;
  (void)parm;
  while (!closing) {
    DIR* const threads = opendir("/proc/self/task");
    const struct dirent* entry;
    while ((entry = readdir(threads)) != NULL) {
      const int thread = atoi(entry->d_name);
      if (thread <= 0 || (main_is_spared && thread == getpid())) continue;
      (void)syscall(SYS_tgkill, getpid(), thread, SIGUSR1); /* it may have ended */
      if (!main_is_spared) work((long)draw_from(&random, 10000));
    }
    closedir(threads);
    if (draw_from(&random, 4) == 0) usleep(30);
  }
  return NULL;
}

static inline void handle(int signo, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signo, &action, NULL);
}

static inline pthread_t start_thread(void* (*body)(void*), intptr_t parm) {
  pthread_t thread;
  expect_int(pthread_create(&thread, NULL, body, (void*)parm), 0);
  return thread;
}

static inline void preempt_densely(void) {
  const char* const seed = getenv("LWP_TORTURE_SEED");
  if (seed != NULL) expect_int(PRE_ForcePreemption(strtoul(seed, NULL, 10), 3), LWP_SUCCESS);
  slices_of(20);
}

static inline void wait_for_value(long* value, long wanted) {
  while (value_of(value) != wanted) let_others_run();
}

#endif
