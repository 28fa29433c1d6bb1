/* SPDX-License-Identifier: MIT */
/* dialects_together.h - what test_dialects_together.c calls in a file of the AFS-3 dialect. */
#ifndef CONTRACT_DIALECTS_TOGETHER_H
#define CONTRACT_DIALECTS_TOGETHER_H

#include <lwp/detail/types.h>
#include <signal.h>
#include <string.h>

int afs3_normal_priority(void);
int afs3_size_of_lock(void);
int afs3_host(int priority);
int afs3_qsignal(PROCESS pid);
int afs3_qwait(void);
int afs3_destroy(PROCESS pid);
PROCESS afs3_spawn_waiter(void);
void afs3_wait_for_ever(void);

/* An LWP of lower priority signals pid and notes "afs3". */
void afs3_signal_me_later(PROCESS pid);

#endif
