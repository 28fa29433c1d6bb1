/* SPDX-License-Identifier: MIT */
/*
 * preempt.h - the PRE package under the name that AFS-3 sources include: <preempt/preempt.h> as it
 * is. PRE_PreemptMe, PRE_BeginCritical and PRE_EndCritical were macros for lwp_cpptr->level, which
 * did nothing on Linux; here they do what they say.
 */
#ifndef LWP_DIALECT_AFS3_PREEMPT_H
#define LWP_DIALECT_AFS3_PREEMPT_H

#include <preempt/preempt.h>

#endif /* LWP_DIALECT_AFS3_PREEMPT_H */
