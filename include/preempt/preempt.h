/* SPDX-License-Identifier: MIT */
/*
 * preempt.h - the PRE package: time slices for LWPs, and the sections they must not interrupt.
 *
 * Every LWP, the first included, starts out as one that is never preempted. It becomes preemptible
 * by PRE_PreemptMe. When the time slice of a preemptible LWP is over, the dispatcher runs: another
 * LWP of the same or a higher priority gets the processor. Lower priorities never do.
 *
 * A critical section keeps the calling LWP from being preempted. Sections nest: each LWP has a
 * level, PRE_BeginCritical adds 1, PRE_EndCritical subtracts 1, and only a level of exactly 0 is
 * preemptible. LWPs start at level 1; PRE_PreemptMe stores 0. A slice that ends inside a section is
 * remembered: the dispatcher runs when the level comes back to 0. A section is not a lock: an LWP
 * that waits or yields inside one lets the others run.
 *
 * The tick that ends a slice acts only while the LWP executes the program's own code, or waits in a
 * system call that this has made; inside the C library and other shared objects it is put off, so
 * that malloc, stdio and the dynamic linker are never left half done. docs/safe-preemption.md tells
 * what that covers and what it does not.
 */
#ifndef PREEMPT_PREEMPT_H
#define PREEMPT_PREEMPT_H
#ifndef _LWP_PREEMPT_H_
#define _LWP_PREEMPT_H_ /* the guard that older sources test */
#endif

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Historical, in seconds; nothing uses it. The slice taken for NULL is 10 milliseconds. */
#define DEFAULTSLICE 10

/*
 * PRE_InitPreempt - starts preemption in this kernel thread, or changes the slice.
 *   slice  length of a slice, from 20 microseconds up. NULL: 10 milliseconds. {0, 0}: no more
 *          ticks, until the next call.
 * Takes the signal SIGALRM, or another one (PRE_SetSignal); what the program had set for it comes
 * back with PRE_EndPreempt. <preempt/policy.h> says where ticks act.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_ESYSTEM if the slice is out of range, the system refuses the
 * timer or the signal, or the program is linked statically (its own code can then not be told from
 * the C library's) and has not said by <preempt/policy.h> where ticks may act; nothing has changed
 * then.
 * Switches: no. Handler: no. Source: Coda 1.4 and AFS-3; the shortest and the default slice, and
 * the refusals, are ours.
 */
LWP_EXPORT int PRE_InitPreempt(struct timeval* slice);

/*
 * PRE_EndPreempt - ends preemption in this kernel thread. Levels stay as they are.
 * Returns LWP_SUCCESS, also when it was not on; LWP_EINIT.
 * Switches: no. Handler: no. Source: Coda 1.4; that the old signal action comes back is ours.
 */
LWP_EXPORT int PRE_EndPreempt(void);

/*
 * PRE_SetAging - sees to it that low priorities are not starved for ever.
 *   slices  when so many slices in a row have ended while an LWP of some priority was ready and none
 *           of that priority had run, the one in turn gets the next slice, though others of higher
 *           priorities are ready. 0: never, as at the beginning.
 * The LWP keeps its priority, so its slice ends at the next tick, or when it yields or waits.
 * Slices end where ticks act: while nobody is preemptible nobody ages.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if slices is negative.
 * Switches: no. Handler: no. Source: ours.
 */
LWP_EXPORT int PRE_SetAging(int slices);

/*
 * PRE_PreemptMe     - makes the calling LWP preemptible: its level becomes 0, whatever it was.
 * PRE_BeginCritical - begins a critical section.
 * PRE_EndCritical   - ends one; if that makes the LWP preemptible and a slice has ended meanwhile,
 *                     it dispatches.
 * One PRE_EndCritical too many makes the level -1: the LWP is then not preemptible.
 * Before LWP_Init they do nothing that shows.
 * Switches: PRE_PreemptMe and PRE_EndCritical may. Handler: Begin and End yes, if balanced, and not
 * in one installed with SA_NODEFER unless the processor is an x86-64 or its sa_mask contains
 * SIGALRM. PreemptMe no.
 * Source: Coda 1.4; the dispatch at the end of a section is ours.
 */
LWP_EXPORT void PRE_PreemptMe(void);
LWP_EXPORT void PRE_BeginCritical(void);
LWP_EXPORT void PRE_EndCritical(void);

/*
 * PRE_Concurrent - nothing; in Coda's pthread build it let an LWP run in parallel.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT void PRE_Concurrent(int on);

/* While not 0, no LWP of the process is preempted. Source: Coda 1.4, where it was internal. */
LWP_EXPORT extern char PRE_Block;

/*
 * The inline forms. lwpx_critical_word belongs to the running LWP: bit 0 is clear while the
 * library has something to catch up with, and the level begins at bit 1. So the word is 0
 * just when the level is 0 and a slice has ended: one subtraction tells. Everything above bit 19
 * belongs to the library.
 */
#if defined(__GNUC__)

__extension__ LWP_EXPORT extern __thread int lwpx_critical_word
    __attribute__((tls_model("initial-exec")));

/* Runs the dispatcher if a slice has ended and the level is 0. Called by the inline forms. */
LWP_EXPORT void lwpx_catch_up(void);

static __inline__ void lwpx_begin_critical_inline(void) {
#if defined(__x86_64__) || defined(__i386__)
  /* One instruction, so that a tick can not fall between reading and writing. */
  __asm__ __volatile__("addl $2, %0" : "+m"(lwpx_critical_word) : : "memory", "cc");
#else
  __atomic_fetch_add(&lwpx_critical_word, 2, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

static __inline__ void lwpx_end_critical_inline(void) {
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GCC_ASM_FLAG_OUTPUTS__)
  unsigned char catch_up;
  __asm__ __volatile__("subl $2, %0" : "+m"(lwpx_critical_word), "=@ccz"(catch_up) : : "memory");
  if (__builtin_expect(catch_up, 0)) lwpx_catch_up();
#else
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (__builtin_expect(__atomic_sub_fetch(&lwpx_critical_word, 2, __ATOMIC_RELAXED) == 0, 0)) {
    lwpx_catch_up();
  }
#endif
}

#define PRE_BeginCritical() lwpx_begin_critical_inline()
#define PRE_EndCritical() lwpx_end_critical_inline()

#endif /* __GNUC__ */

#ifdef __cplusplus
}
#endif

#endif /* PREEMPT_PREEMPT_H */
