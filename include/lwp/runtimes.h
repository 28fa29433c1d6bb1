/* SPDX-License-Identifier: MIT */
/*
 * runtimes.h - LWPs on many kernel threads: groups of runtimes, and what one does to another.
 *
 * A runtime is what LWP_Init makes of a kernel thread: a set of LWPs with a scheduler of its own.
 * An LWP stays on its runtime for life. Others reach a runtime through its handle: they create LWPs
 * on it, signal events there, and give credits to its LWPs.
 *
 * Such requests go through an inbox. They arrive in the order in which one sender made them, but
 * for LWPs for which there is no memory yet (LWPX_SpawnOn); none is lost. A runtime that sleeps
 * wakes at once. One that is at work takes them at the end of the next call of this library, under
 * preemption (<lwp/preempt.h>) at the end of the present slice at the latest. One whose running LWP
 * neither calls the library nor is preempted takes none.
 *
 * A runtime that can be reached does not end the process when all its LWPs wait: it sleeps. It has
 * an I/O manager, which IOMGR_Finalize leaves running.
 *
 * In a forked child the other runtimes do not exist, and all handles are refused. All semantics are
 * ours.
 */
#ifndef LWP_RUNTIMES_H
#define LWP_RUNTIMES_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec; /* which <time.h> keeps back in a strict C89 */

/* Handles. Opaque: not addresses, so what has ended is recognised and refused. NULL is none. */
typedef struct lwpx_runtime* LWPX_RUNTIME;
typedef struct lwpx_group* LWPX_GROUP;

/* Completion codes beyond those of <lwp/detail/types.h>. */
#define LWPX_EFULL (-25)      /* the inbox of that runtime is full; nothing was sent */
#define LWPX_ENORUNTIME (-26) /* there is no such runtime or group, or it has ended */

/* How a group is to be. Begin with LWPX_GROUPATTR_INITIALIZER; more fields may come at the end. */
typedef struct {
  size_t size;    /* of this struct, as the caller knows it */
  int priority;   /* of the LWPs that run main, 0 .. LWP_MAX_PRIORITY */
  int stack_size; /* of these LWPs, bytes */
  int inbox;      /* requests that each inbox holds, 1 .. 1048576; rounded up to 2, 4, 8, ... */
  int pin;        /* not 0: runtime i stays on one core, the i-th of those the caller may use */
} LWPX_GROUPATTR;

#define LWPX_GROUPATTR_INITIALIZER \
  { sizeof(LWPX_GROUPATTR), 3, 262144, 1024, 0 }

/*
 * LWPX_StartRuntimes - starts n runtimes, each on a kernel thread of its own, as one group.
 *   n     1 .. 256.
 *   main  called in each runtime by an LWP of its own; index: 0 .. n - 1. NULL: the runtimes do
 *         what is spawned on them, until LWPX_StopRuntimes.
 *   arg   for main.
 * A group ends when none of its runtimes has an LWP left and no LWP is about to be spawned: until
 * then a runtime whose LWPs have ended serves the others. A main that returns ends its LWP, no
 * more. In a member, LWP_Init and IOMGR_Initialize have been done and LWP_TerminateProcessSupport
 * must not be called. New kernel threads inherit the caller's signal mask.
 * All have started when this returns. If one could not be, none has.
 * Returns LWP_SUCCESS; LWP_EBADCOUNT (n < 1); LWP_ENOMEM (n > 256 too); LWP_ESYSTEM (no kernel
 * thread or descriptors to be had); LWP_EBLOCKED. Switches: no. Handler: no.
 */
LWP_EXPORT int LWPX_StartRuntimes(int n, void (*main)(void* arg, int index), void* arg);

/*
 * LWPX_StartRuntimesWith - the same, with attributes.
 *   attr   NULL: those of LWPX_GROUPATTR_INITIALIZER.
 *   group  out, may be NULL: the handle of the group.
 * Returns the same; LWP_ESYSTEM also for a bad size (more than 4096, too), stack_size (< 0) or
 * inbox; LWP_EBADPRI.
 * Switches: no. Handler: no.
 */
LWP_EXPORT int LWPX_StartRuntimesWith(const LWPX_GROUPATTR* attr, int n,
                                      void (*main)(void* arg, int index), void* arg,
                                      LWPX_GROUP* group);

#define LWPX_STOP_WHEN_IDLE 0 /* a group without main ends as others do */
#define LWPX_STOP_NOW 1       /* every runtime ends at its next dispatch, with all its LWPs */

/*
 * LWPX_StopRuntimes - asks a group to end, and does not wait for that.
 *   group  NULL: the caller's own; of a caller that is in none: all groups.
 *   how    one of the two above. The first changes nothing for a group with a main.
 * With LWPX_STOP_NOW the LWPs end wherever they are, as by LWP_TerminateProcessSupport, and what is
 * in the inboxes is dropped. An LWP that keeps the processor and is not preempted is not ended.
 * Returns LWP_SUCCESS; LWPX_ENORUNTIME; LWP_ESYSTEM (how). Switches: no. Handler: no.
 */
LWP_EXPORT int LWPX_StopRuntimes(LWPX_GROUP group, int how);

/*
 * LWPX_JoinRuntimes - waits until a group has ended, and frees it.
 *   group     NULL: all groups that there are.
 *   deadline  on CLOCK_MONOTONIC; NULL: none.
 * In a runtime only the calling LWP waits, elsewhere the kernel thread. Several may wait for one
 * group. Its handle is refused afterwards.
 * Returns LWP_SUCCESS; LWPX_ENORUNTIME; LWPX_ETIMEOUT (<lwp/lwpx.h>); LWPX_ECANCELED by
 * IOMGR_Cancel; LWP_ESYSTEM if the group is the caller's own (for NULL: if it is in one), or the
 * deadline's nanoseconds are out of range, or there are no descriptors for an I/O manager;
 * LWP_ENOMEM; LWP_EBLOCKED. Switches: yes. Handler: no.
 */
LWP_EXPORT int LWPX_JoinRuntimes(LWPX_GROUP group, const struct timespec* deadline);

/*
 * LWPX_RuntimeOf - the handle of a group's runtime, by its index; NULL if there is none.
 *   group  NULL: the caller's own.
 * Valid until the group ends; may be used and copied anywhere in the process.
 * Switches: no. Handler: no.
 */
LWP_EXPORT LWPX_RUNTIME LWPX_RuntimeOf(LWPX_GROUP group, int index);

/*
 * LWPX_ThisRuntime - the handle of the calling kernel thread's runtime, also of one that is in no
 * group: that can be reached from the first call on until LWP_TerminateProcessSupport.
 * Returns NULL before LWP_Init, or if there is no memory or no descriptor for it.
 * Switches: no. Handler: yes; NULL if the library was interrupted and there was no call before.
 */
LWP_EXPORT LWPX_RUNTIME LWPX_ThisRuntime(void);

/*
 * LWPX_SpawnOn - creates an LWP on any runtime, as LWP_CreateProcess does on the caller's.
 *   name  the first 31 bytes are copied; NULL counts as "".
 * It has begun to exist when that runtime takes the request. If there is no memory for it the
 * request is put off: it keeps its place in the inbox, those behind it go ahead, and the runtime
 * tries again every 10 ms until there is some, by its I/O manager, its ticks or IOMGR_Poll.
 * Returns LWP_SUCCESS; LWP_ESYSTEM (ep is NULL); LWP_EBADPRI; LWPX_ENORUNTIME; LWPX_EFULL. Never
 * waits, and allocates nothing. Switches: no. Handler: yes, on any kernel thread.
 */
LWP_EXPORT int LWPX_SpawnOn(LWPX_RUNTIME runtime, void (*ep)(void*), int stacksize, int priority,
                            void* parm, const char* name);

/*
 * LWPX_Post       - LWP_NoYieldSignal on any runtime: wakes those who wait for the event there when
 *                   the request is taken. If nobody does, nothing happens.
 * LWPX_PostCredit - LWP_QSignal on any runtime: gives a credit to the LWP of that runtime. It is
 *                   kept until the LWP takes it, so it can not come too early.
 * Return LWP_SUCCESS; LWP_EBADEVENT or LWP_EBADPID (NULL); LWPX_ENORUNTIME; LWPX_EFULL. A credit
 * for an LWP that has ended is lost. Never wait, and allocate nothing.
 * Switch: no. Handler: yes, on any kernel thread. A handler that interrupts these must return.
 */
LWP_EXPORT int LWPX_Post(LWPX_RUNTIME runtime, const void* event);
LWP_EXPORT int LWPX_PostCredit(LWPX_RUNTIME runtime, PROCESS pid);

#ifdef __cplusplus
}
#endif

#endif /* LWP_RUNTIMES_H */
