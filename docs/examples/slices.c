/* SPDX-License-Identifier: MIT */
/* slices.c - two LWPs that never yield share the processor with a third. */
#include <lwp/lwp.h>

static volatile long spins[2];

/* Never yields: without preemption the first of these would keep the processor for good. */
static void spin(void *counter)
{
    PRE_PreemptMe();
    for (;;)
        ++*(volatile long *)counter;
}

int main(void)
{
    struct timeval slice = {0, 2000}; /* 2 milliseconds */
    int turn;

    LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
    if (PRE_InitPreempt(&slice) != LWP_SUCCESS)
        return 1;
    LWP_CreateProcess(spin, 0, LWP_NORMAL_PRIORITY, (void *)&spins[0], "tick", NULL);
    LWP_CreateProcess(spin, 0, LWP_NORMAL_PRIORITY, (void *)&spins[1], "tock", NULL);
    for (turn = 0; turn < 5; turn++) {
        LWP_DispatchProcess(); /* back after each of the others has had its slice */
        printf("tick %ld, tock %ld\n", spins[0], spins[1]);
    }
    return LWP_TerminateProcessSupport();
}
