/* SPDX-License-Identifier: MIT */
/*
 * testing.h - preemption that comes back: for finding out whether a program can be preempted.
 *
 * Where a timer's ticks come differs from run to run. Forced ticks come where a seed says: with the
 * same seed and without a timer, a program that is otherwise the same from run to run is preempted
 * at the same places, and fails, if it does, in the same way.
 */
#ifndef PREEMPT_TESTING_H
#define PREEMPT_TESTING_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * PRE_ForcePreemption - ticks where LWPs of this kernel thread leave the library.
 *   seed   says where.
 *   every  how many of these places have a tick, on average: each of them for 1, every tenth for
 *          10, none any more for 0.
 * The places are the ends of calls that look at or change what LWPs do (lookups as LWP_Name are no
 * such calls), of lock functions, of critical sections, and PRE_PreemptMe; of <preempt/loop.h>,
 * PRE_Checkpoint, and in loops begun since this call each iteration. A tick there does what
 * one of a timer would: it is owed while the LWP's level is not 0, and dropped while PRE_Block is
 * set and in signal handlers; those that block no signal are told from LWPs only once there have
 * been slices. It needs no PRE_InitPreempt; with it, both kinds come. Levels stay as they are: only
 * LWPs that have called PRE_PreemptMe are moved.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED.
 * Switches: may, as the end of this call is such a place. Handler: no. Source: ours.
 */
LWP_EXPORT int PRE_ForcePreemption(unsigned long seed, unsigned every);

#ifdef __cplusplus
}
#endif

#endif /* PREEMPT_TESTING_H */
