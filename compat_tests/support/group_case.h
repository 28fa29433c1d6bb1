/* SPDX-License-Identifier: MIT */
/* group_case.h - what cases about groups of runtimes have in common. Public calls only. */
#ifndef SUPPORT_GROUP_CASE_H
#define SUPPORT_GROUP_CASE_H

#include <errno.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <pthread.h>
#include <string.h>

#include "io_case.h"

/* Counters that several kernel threads change. */
static inline long add(long* counter, long amount) {
  return __atomic_add_fetch(counter, amount, __ATOMIC_SEQ_CST);
}
static inline long value_of(long* counter) { return __atomic_load_n(counter, __ATOMIC_SEQ_CST); }

static inline LWPX_GROUP start_group(int n, void (*main)(void*, int), void* arg) {
  LWPX_GROUP group = NULL;
  expect_int(LWPX_StartRuntimesWith(NULL, n, main, arg, &group), LWP_SUCCESS);
  expect(group != NULL);
  return group;
}

static inline LWPX_GROUP start_group_with_inbox(int n, int places, void (*main)(void*, int),
                                                void* arg) {
  LWPX_GROUPATTR attr = LWPX_GROUPATTR_INITIALIZER;
  LWPX_GROUP group = NULL;
  attr.inbox = places;
  expect_int(LWPX_StartRuntimesWith(&attr, n, main, arg, &group), LWP_SUCCESS);
  return group;
}

static inline void join(LWPX_GROUP group) { expect_int(LWPX_JoinRuntimes(group, NULL), 0); }

static inline void stop_when_idle_and_join(LWPX_GROUP group) {
  expect_int(LWPX_StopRuntimes(group, LWPX_STOP_WHEN_IDLE), LWP_SUCCESS);
  join(group);
}

/* A full inbox is waited out: by letting other LWPs run, or other kernel threads. */
static inline void let_others_run(void) {
  const struct timespec moment = {0, 20000};
  if (LWPX_Sleep(&moment) == LWP_EINIT) nanosleep(&moment, NULL);
}

static inline void must_spawn(LWPX_RUNTIME runtime, void (*ep)(void*), void* parm) {
  int rc;
  while ((rc = LWPX_SpawnOn(runtime, ep, 0, LWP_NORMAL_PRIORITY, parm, "spawned")) == LWPX_EFULL) {
    let_others_run();
  }
  expect_int(rc, LWP_SUCCESS);
}

static inline void must_credit(LWPX_RUNTIME runtime, PROCESS pid) {
  int rc;
  while ((rc = LWPX_PostCredit(runtime, pid)) == LWPX_EFULL) let_others_run();
  expect_int(rc, LWP_SUCCESS);
}

#endif
