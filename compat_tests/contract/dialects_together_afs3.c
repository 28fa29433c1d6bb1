/* SPDX-License-Identifier: MIT */
#include <lock.h>
#include <lwp.h>

#include "child_case.h"
#include "dialects_together.h"

int afs3_normal_priority(void) { return LWP_NORMAL_PRIORITY; }
int afs3_size_of_lock(void) { return (int)sizeof(struct Lock); }
int afs3_host(int priority) { return LWP_InitializeProcessSupport(priority, NULL); }
int afs3_qsignal(PROCESS pid) { return LWP_QSignal(pid); }
int afs3_qwait(void) { return LWP_QWait(); }
int afs3_destroy(PROCESS pid) { return LWP_DestroyProcess(pid); }

static void* qsignal_and_note(void* pid) {
  note("afs3");
  expect_int(LWP_QSignal((PROCESS)pid), LWP_SUCCESS);
  return NULL;
}

void afs3_signal_me_later(PROCESS pid) {
  expect_int(LWP_CreateProcess(qsignal_and_note, 0, 0, pid, "low", NULL), LWP_SUCCESS);
}

static void* wait_for_signal(void* unused) {
  LWP_QWait();
  return unused;
}

PROCESS afs3_spawn_waiter(void) {
  PROCESS pid = NULL;
  expect_int(LWP_CreateProcess(wait_for_signal, 0, 3, NULL, "waiter", &pid), LWP_SUCCESS);
  return pid;
}

void afs3_wait_for_ever(void) {
  static char event;
  LWP_WaitProcess(&event);
}
