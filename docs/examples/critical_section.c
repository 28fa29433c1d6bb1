/* SPDX-License-Identifier: MIT */
/* critical_section.c - two LWPs that are preempted anywhere but where it would hurt. */
#include <lwp/lwp.h>
#include <preempt/preempt.h>

#define TRANSFERS 20000000L

/* The sum of both is the same at all times, except in the middle of a transfer. */
static struct { volatile long a, b; } account = {1000, 1000};

static int at_work = 2;
static int checked; /* to the end */
static volatile long wrong_sums;

/* Transfers money without ever yielding. */
static void transfer(void* unused) {
  (void)unused;
  PRE_PreemptMe();
  for (long i = 0; i < TRANSFERS; ++i) {
    PRE_BeginCritical();
    account.a -= i;
    account.b += i;
    PRE_EndCritical(); /* if a time slice has ended meanwhile, the other LWP runs now */
  }
  PRE_BeginCritical();
  if (--at_work == 0) LWP_NoYieldSignal(&at_work);
  PRE_EndCritical();
}

/* Looks at both accounts whenever it has a slice. */
static void check(void* unused) {
  (void)unused;
  long checks = 0;
  PRE_PreemptMe();
  while (at_work != 0) {
    PRE_BeginCritical();
    wrong_sums += account.a + account.b != 2000;
    ++checks;
    PRE_EndCritical();
    LWP_DispatchProcess();
  }
  PRE_BeginCritical(); /* printf needs none, but the lines of several LWPs would mix */
  printf("%ld checks\n", checks);
  checked = 1;
  PRE_EndCritical();
}

int main(void) {
  struct timeval slice = {0, 1000}; /* 1 ms */
  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) return 1;
  LWP_CreateProcess(check, 65536, LWP_NORMAL_PRIORITY, NULL, "check", NULL);
  LWP_CreateProcess(transfer, 65536, LWP_NORMAL_PRIORITY, NULL, "transfer 1", NULL);
  LWP_CreateProcess(transfer, 65536, LWP_NORMAL_PRIORITY, NULL, "transfer 2", NULL);
  if (at_work != 0) LWP_WaitProcess(&at_work);
  while (!checked) LWP_DispatchProcess();
  printf("sum %ld, wrong sums seen: %ld\n", account.a + account.b, wrong_sums);
  LWP_TerminateProcessSupport();
  return wrong_sums == 0 && account.a + account.b == 2000 ? 0 : 1;
}
