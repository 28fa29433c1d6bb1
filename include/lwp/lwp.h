/* SPDX-License-Identifier: MIT */
/*
 * lwp.h - light-weight processes: creation, scheduling, events, rocks.
 *
 * An LWP is a thread of control inside one kernel thread. Exactly one LWP of a kernel thread runs
 * at a time. It keeps the processor until it calls a function below that is marked "switches", or,
 * if it has asked for that with PRE_PreemptMe, until its time slice is over (<lwp/preempt.h>).
 *
 * Scheduling. There are priorities 0 (lowest) to LWP_MAX_PRIORITY. The LWPs of one priority form a
 * ring. A dispatch first moves the running LWP behind its equals and then picks the head of the
 * highest ring that is not empty. An LWP of a lower priority runs only when all above it wait.
 *
 * Every kernel thread that calls LWP_Init has its own LWPs, its own scheduler and its own handles.
 *
 * Each function says whether it may switch, whether a signal handler may call it, and where its
 * semantics come from. "Handler: yes" means: at any instant, also while the library itself is at
 * work. Any other function called by a handler that has interrupted the library returns
 * LWP_EBLOCKED and does nothing. What a handler asks for while the library is at work waits until
 * that is left; there is room for 64 different calls, and LWP_ENOMEM is returned when it is full.
 * A function that switches suspends the handler, with whatever it has interrupted.
 */
#ifndef LWP_LWP_H
#define LWP_LWP_H
#ifdef LWP_DIALECT_AFS3_LWP_H
#error "the <lwp.h> of AFS-3 has been included: one source file speaks one dialect"
#endif
#ifndef _LWP_LWP_H_
#define _LWP_LWP_H_ /* the guard that older sources test */
#endif

/* Consumers rely on these coming along. */
#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <lwp/fasttime.h>
#include <lwp/iomgr.h>
#include <preempt/preempt.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first argument of LWP_Init. 210888001 (before 1998) and 210888003 (the pthread build of
 * Coda) are accepted as well. */
#define LWP_VERSION 210888002

#define LWP_MAX_PRIORITY 4
#define LWP_NORMAL_PRIORITY (LWP_MAX_PRIORITY - 1)

/*
 * LWP_Init - makes the calling kernel thread the host of a set of LWPs, and itself the first.
 *   version   LWP_VERSION. Compared before all else; another number prints
 *             "**** FATAL ERROR: LWP VERSION MISMATCH ****" on stderr and ends the process, exit 1.
 *   priority  of the calling LWP, 0 .. LWP_MAX_PRIORITY.
 *   pid       out, may be NULL: the handle of the calling LWP.
 * Returns LWP_SUCCESS; LWP_EBADPRI; LWP_ENOMEM. Called again: LWP_SUCCESS, nothing is checked,
 * nothing is stored. Every call sets the log back to stderr.
 * Switches: no. Handler: no. Source: Coda; the check for a negative priority is ours.
 */
LWP_EXPORT int LWP_Init(int version, int priority, PROCESS* pid);

/*
 * LWP_TerminateProcessSupport - ends all LWPs of this kernel thread but the caller, and gives all
 * memory back. Ends preemption first. LWP_Init may be called again.
 * Returns LWP_SUCCESS; LWP_EINIT. Called by another LWP than the one that called LWP_Init, it
 * prints a message on stdout and ends the process, exit 1.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT int LWP_TerminateProcessSupport(void);

/*
 * LWP_CreateProcess - creates an LWP that calls ep(parm) and ends when ep returns.
 *   ep         entry point. A C++ exception that leaves it ends the process (std::terminate).
 *   stacksize  bytes; at least 32768 are given, more are rounded up to a multiple of 4096. The
 *              frame of a preemption signal comes on top.
 *   priority   0 .. LWP_MAX_PRIORITY.
 *   name       copied, any length; NULL counts as "".
 *   pid        out, may be NULL: the new handle. Stored only when the caller runs again, so a new
 *              LWP finds its own handle with LWP_ThisProcess.
 * Returns LWP_SUCCESS; in this order LWP_EINIT, LWP_ENOMEM, LWP_EBADPRI.
 * Switches: on success; a new LWP of equal or higher priority runs before this returns.
 * Handler: no. Source: Coda.
 */
LWP_EXPORT int LWP_CreateProcess(void (*ep)(void*), int stacksize, int priority, void* parm,
                                 const char* name, PROCESS* pid);

/*
 * LWP_DestroyProcess - ends an LWP, whatever it is doing. Locks that it holds stay locked.
 * Returns LWP_SUCCESS (not to a caller that ends itself); LWP_EINIT; LWP_EBADPID, also for the LWPs
 * that are the library's own: the I/O manager's, and the first in each runtime of a group.
 * Switches: only when the caller ends itself, and then for good. Handler: no. Source: Coda.
 */
LWP_EXPORT int LWP_DestroyProcess(PROCESS pid);

/*
 * LWP_DispatchProcess - yields: the caller goes behind its equals, the best ready LWP runs.
 * Returns LWP_SUCCESS; LWP_EINIT.
 * Switches: yes. Handler: yes; if the library was interrupted, the dispatch happens when it is
 * left. Source: Coda.
 */
LWP_EXPORT int LWP_DispatchProcess(void);

/*
 * LWP_CurrentProcess - stores the handle of the running LWP in *pid (NULL before LWP_Init).
 * LWP_ThisProcess    - returns it (NULL before LWP_Init).
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBADPID if pid is NULL.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int LWP_CurrentProcess(PROCESS* pid);
LWP_EXPORT PROCESS LWP_ThisProcess(void);

/*
 * LWP_GetProcessPriority - stores the priority of an LWP in *priority.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBADPID. Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int LWP_GetProcessPriority(PROCESS pid, int* priority);

/*
 * Events. An event is any address but NULL; it needs no declaration, and nothing is stored at it.
 *
 * LWP_WaitProcess   - waits until the event is signalled.
 * LWP_MwaitProcess  - waits until `wcount` of the events in the NULL-terminated list have been
 *   signalled. Each place in the list counts once, so an event that stands twice counts twice.
 *   The list is copied. A wcount of 0 does not wait, but yields.
 * Returns LWP_SUCCESS; Wait: LWP_EBADEVENT (NULL), LWP_EINIT; Mwait, in this order: LWP_EBADCOUNT
 * (list NULL or empty), LWP_EINIT, LWP_EBADCOUNT (wcount negative or more than there are events),
 * LWP_ENOMEM. Switches: on success. Handler: no. Source: Coda.
 */
LWP_EXPORT int LWP_WaitProcess(const void* event);
LWP_EXPORT int LWP_MwaitProcess(int wcount, const void* evlist[]);

/*
 * LWP_INTERNALSIGNAL - signals an event: each LWP that waits for it, first come first served, has
 *   one event less to wait for; those that have none left become ready, each at the end of its
 *   ring. A signal that nobody waits for is forgotten.
 *   yield  not 0: dispatch afterwards, whatever the result (but LWP_EINIT).
 * LWP_SignalProcess(event), LWP_NoYieldSignal(event) - the two usual forms.
 * Returns, in this order, LWP_EINIT; LWP_EBADEVENT (NULL); LWP_ENOWAIT; LWP_SUCCESS.
 * Switches: if yield is not 0. Handler: yes; if the library was interrupted, the signal takes
 * effect when it is left, and LWP_SUCCESS is returned. Source: Coda; the handler rule is ours.
 */
LWP_EXPORT int LWP_INTERNALSIGNAL(const void* event, int yield);
#define LWP_SignalProcess(event) LWP_INTERNALSIGNAL(event, 1)
#define LWP_NoYieldSignal(event) LWP_INTERNALSIGNAL(event, 0)

/*
 * LWP_QWait   - takes one credit of the calling LWP; with none left, waits for one.
 * LWP_QSignal - gives an LWP one credit, and wakes it if it was waiting for one.
 * QWait returns LWP_SUCCESS; LWP_EINIT. QSignal returns LWP_SUCCESS if it woke the LWP; LWP_ENOWAIT
 * if it was not waiting (the credit is kept); LWP_EINIT; LWP_EBADPID.
 * Switches: QWait, unless it has a credit; QSignal never. Handler: QSignal yes (if the library was
 * interrupted the credit is given when it is left, and LWP_SUCCESS is returned); QWait no.
 * Source: Coda.
 */
LWP_EXPORT int LWP_QWait(void);
LWP_EXPORT int LWP_QSignal(PROCESS pid);

/*
 * Rocks: up to eight values per LWP, each under an integer tag, written once.
 * LWP_NewRock returns LWP_SUCCESS; LWP_EBADROCK (tag taken, tested first); LWP_ENOROCKS; LWP_EINIT.
 * LWP_GetRock returns LWP_SUCCESS; LWP_EBADROCK (no such tag); LWP_EINIT.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT int LWP_NewRock(int tag, char* value);
LWP_EXPORT int LWP_GetRock(int tag, char** value);

/*
 * LWP_Name         - name of the calling LWP, valid while it lives; "" before LWP_Init.
 * LWP_Index        - number of the calling LWP: 0, 1, ... in order of creation, never used again;
 *                    LWP_EINIT before LWP_Init. The numbers of the process's first host go on over
 *                    a Terminate; those of kernel threads beside it begin at 0 each time.
 * LWP_HighestIndex - the highest number given so far; -1 if none.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT char* LWP_Name(void);
LWP_EXPORT int LWP_Index(void);
LWP_EXPORT int LWP_HighestIndex(void);

/*
 * LWP_StackUsed - size of an LWP's stack and the most it has used so far, in bytes.
 *   max   out: the size it was created with, rounded as LWP_CreateProcess says.
 *   used  out: the high-water mark, at most *max: from the top to the lowest byte that is not
 *         zero. What was reserved but not written, or holds zeros, is not seen at the low end, nor
 *         are pages that are swapped out; on a recycled stack it may come out too high.
 * Returns LWP_SUCCESS; LWP_NO_STACK with *used 0 if it is not known: for the first LWP, whose stack
 * is the kernel thread's (*max is 0 then), or if lwp_stackUseEnabled was 0 when the LWP was
 * created; LWP_EINIT; LWP_EBADPID.
 * Switches: no. Handler: no. Source: Coda; for the first LWP ours.
 */
LWP_EXPORT int LWP_StackUsed(PROCESS pid, int* max, int* used);

/*
 * LWP_SetLog - where messages go (NULL: nowhere) and how many: becomes lwp_debug.
 * LWP_Print_Processes - describes every LWP of this kernel thread on the log.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT void LWP_SetLog(FILE* file, int level);
LWP_EXPORT void LWP_Print_Processes(void);

/* LWP_ProtectStacks, LWP_UnProtectStacks - nothing: stacks are always guarded, and an LWP can not
 * be kept from reaching another's memory. Source: Coda's Mach build. */
LWP_EXPORT void LWP_ProtectStacks(void);
LWP_EXPORT void LWP_UnProtectStacks(void);

/* lwp_debug: more than 0 traces calls that create, destroy, yield, wait, signal or measure a stack
 * on the log; as that is stdio, no handler may make them then. LWP_TraceProcesses: more than 0
 * prints the rings on stdout at every dispatch. */
LWP_EXPORT extern int lwp_debug;
LWP_EXPORT extern int LWP_TraceProcesses;

/*
 * What happens when an LWP runs off its stack. Its guard pages stop it; this decides what is said:
 * LWP_SOABORT (default) "LWP: stack overflow in process NAME!" on stderr, then abort();
 * LWP_SOMESSAGE the same message, then the SIGSEGV that the access deserves; LWP_SOQUIET just the
 * SIGSEGV. No message comes if the program has a SIGSEGV handler of its own. Where the system
 * allows no more guards, a word at the stack's end is compared at every dispatch instead.
 */
#define LWP_SOQUIET 1
#define LWP_SOABORT 2
#define LWP_SOMESSAGE 3
LWP_EXPORT extern int lwp_overflowAction;

/* Not 0 (default): LWP_StackUsed works for LWPs that are created from now on. */
LWP_EXPORT extern int lwp_stackUseEnabled;

/* If not zero: an LWP that keeps the processor longer than cont_sw_threshold, or waits for it
 * longer than run_wait_threshold, is reported on stderr at the next dispatch. */
LWP_EXPORT extern struct timeval last_context_switch;
LWP_EXPORT extern struct timeval cont_sw_threshold;
LWP_EXPORT extern struct timeval run_wait_threshold;

#ifdef __cplusplus
}
#endif

#endif /* LWP_LWP_H */
