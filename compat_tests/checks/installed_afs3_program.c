/* SPDX-License-Identifier: MIT */
/* installed_afs3_program.c - what install.py builds with the flags of pkg-config's lwp-afs3. */
#include <lock.h>
#include <lwp.h>
#include <preempt.h>
#include <stdio.h>
#include <timer.h>

static struct Lock lock;

static void* hold(void* unused) {
  ObtainWriteLock(&lock);
  LWP_DispatchProcess();
  ReleaseWriteLock(&lock);
  return unused;
}

int main(void) {
  struct TM_Elem* timers;
  int code;
  if (LWP_InitializeProcessSupport(LWP_NORMAL_PRIORITY, NULL) != LWP_SUCCESS) return 1;
  if (IOMGR_Initialize() != LWP_SUCCESS || TM_Init(&timers) != 0) return 2;
  if (LWP_CreateProcess(hold, 0, LWP_NORMAL_PRIORITY, NULL, "holder", NULL) != LWP_SUCCESS)
    return 3;
  ObtainReadLockNoBlock(&lock, code);
  if (code != -1 || sizeof lock != 4) return 4;
  if (PRE_EndPreempt() != LWP_SUCCESS || TM_Rescan(timers) != 0) return 5;
  puts("good");
  return 0;
}
