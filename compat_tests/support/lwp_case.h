/* SPDX-License-Identifier: MIT */
/*
 * lwp_case.h - the shortest way to some LWPs, for cases about what they do then.
 *
 * Public calls only, each checked, so a case can be run against any library of the family.
 */
#ifndef SUPPORT_LWP_CASE_H
#define SUPPORT_LWP_CASE_H

#include <lwp/lwp.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "child_case.h"

/* Makes the caller a host of LWPs, at the given priority, and returns its handle. */
static inline PROCESS host(int priority) {
  PROCESS self = NULL;
  expect_int(LWP_Init(LWP_VERSION, priority, &self), LWP_SUCCESS);
  return self;
}

/* A new LWP; runs before this returns if its priority is not below the caller's. */
static inline PROCESS spawn(const char* name, int priority, void (*entry)(void*), void* parm) {
  PROCESS pid = NULL;
  expect_int(LWP_CreateProcess(entry, 16384, priority, parm, name, &pid), LWP_SUCCESS);
  return pid;
}

/* From now on the process maps nothing that would make it larger than this. */
static inline void limit_address_space(rlim_t bytes) {
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  expect_int(setrlimit(RLIMIT_AS, &limit), 0);
}

/* From now on the process gets no more memory, neither from the heap nor by mapping. */
static inline void exhaust_memory(void) {
  void* volatile taken; /* else the compiler takes the allocation out, and calls it a success */
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = 1;
  setrlimit(RLIMIT_AS, &limit);
  setrlimit(RLIMIT_DATA, &limit);
  do taken = malloc(16);
  while (taken != NULL);
}

/* Bodies for LWPs. Each notes the LWP's name when it runs; parm is an event, or unused. */

static inline void note_and_yield(void* parm) {
  (void)parm;
  for (;;) {
    note("%s", LWP_Name());
    LWP_DispatchProcess();
  }
}

static inline void note_and_end(void* parm) {
  (void)parm;
  note("%s", LWP_Name());
}

static inline void wait_and_note(void* event) {
  expect_int(LWP_WaitProcess(event), LWP_SUCCESS);
  note("%s", LWP_Name());
}

static inline void take_credit_and_note(void* parm) {
  (void)parm;
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    note("%s", LWP_Name());
  }
}

#endif
