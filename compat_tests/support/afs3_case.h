/* SPDX-License-Identifier: MIT */
/* afs3_case.h - what cases about the AFS-3 dialect have in common; compare lwp_case.h. */
#ifndef SUPPORT_AFS3_CASE_H
#define SUPPORT_AFS3_CASE_H

#include <lwp.h>
#include <stdlib.h>

#include "child_case.h"

static inline PROCESS host(int priority) {
  PROCESS self = NULL;
  expect_int(LWP_InitializeProcessSupport(priority, &self), LWP_SUCCESS);
  return self;
}

static inline PROCESS spawn(const char* name, int priority, void* (*entry)(void*), void* parm) {
  PROCESS pid = NULL;
  expect_int(LWP_CreateProcess(entry, 0, priority, parm, name, &pid), LWP_SUCCESS);
  return pid;
}

/* Bodies for LWPs. parm is the name, or the event. */

static inline void* note_and_yield(void* name) {
  for (;;) {
    note("%s", (const char*)name);
    LWP_DispatchProcess();
  }
  return NULL;
}

static inline void* wait_and_note(void* event) {
  expect_int(LWP_WaitProcess(event), LWP_SUCCESS);
  note("woken");
  return event;
}

static inline void* take_signals_and_note(void* name) {
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    note("%s", (const char*)name);
  }
  return NULL;
}

/* Two LWPs, B and C, beside the first: what a yield of that looks like is "B C". */
static inline void start_b_and_c(int priority) {
  static char b[] = "B", c[] = "C";
  spawn(b, priority, note_and_yield, b);
  spawn(c, priority, note_and_yield, c);
  expect_transcript("B B C"); /* who is created at equal priority runs last */
}

#endif
