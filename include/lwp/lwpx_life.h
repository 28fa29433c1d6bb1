/* SPDX-License-Identifier: MIT */
/*
 * lwpx_life.h - the life of an LWP: its priority, its rests, and its end, of its own or of others'
 * choosing. Part of <lwp/lwpx.h>.
 *
 * Cancellation is deferred. LWPX_Cancel leaves a note; it acts when the LWP comes to a cancellation
 * point, and it ends a wait there. Cancellation points are LWPX_TestCancel and the calls that wait:
 *   LWP_WaitProcess, LWP_MwaitProcess, LWP_QWait, IOMGR_Select, and every LWPX_ function that
 * waits: whenever they are called (IOMGR_Select not with a timeout of zero), and while they wait;
 *   the loops and checkpoints of <preempt/loop.h>, but not in signal handlers;
 *   the functions that obtain a lock: only when they have to wait, so that what has been obtained
 *       can be released.
 * A wait that has come to its end before the cancellation is not undone: the LWP gets the result,
 * and is cancelled at its next point. LWP_DispatchProcess is no cancellation point.
 *
 * An LWP is joinable if it was created so (<lwp/lwpx_create.h>). When it has ended, its handle is
 * good for LWPX_Join and LWPX_Detach alone; all else says LWP_EBADPID. Its memory is kept till
 * then. The functions below say LWP_EBADPID for the LWPs that are the library's own, too: the I/O
 * manager's, and the first in each runtime of a group.
 *
 * All semantics are ours; they follow POSIX threads. Handler: no, for all of them but LWPX_Self.
 */
#ifndef LWP_LWPX_LIFE_H
#define LWP_LWPX_LIFE_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * LWPX_Self - the handle of the calling LWP; NULL before LWP_Init. As LWP_ThisProcess.
 * Switches: no. Handler: yes.
 */
LWP_EXPORT PROCESS LWPX_Self(void);

/*
 * LWPX_SetPriority - changes the priority of an LWP, the caller perhaps.
 * A ready LWP goes to the end of its new ring; if the priority is the old one, nothing changes. The
 * caller keeps the processor until it gives it up or its slice is over, whoever ranks higher now;
 * then it goes to the end of its new ring.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBADPID; LWP_EBADPRI. Switches: no.
 */
LWP_EXPORT int LWPX_SetPriority(PROCESS pid, int priority);

/*
 * LWPX_Suspend - keeps an LWP, the caller perhaps, from running until LWPX_Ready. If it waits, what
 *   it waits for may come meanwhile; it goes on being suspended.
 * LWPX_Ready   - lets it go on: if it does not wait, it is ready, at the end of its ring.
 * Once is enough, however often an LWP was suspended. Suspending oneself is a cancellation point,
 * before and after, but a cancellation does not make a suspended LWP ready.
 * Return LWP_SUCCESS, Suspend also if the LWP is suspended already; LWP_EINIT; LWP_EBADPID; Ready:
 * LWP_ENOWAIT (it is not suspended). Switch: Suspend if it is the caller; Ready does not.
 */
LWP_EXPORT int LWPX_Suspend(PROCESS pid);
LWP_EXPORT int LWPX_Ready(PROCESS pid);

struct timespec;

/*
 * LWPX_Join - waits until a joinable LWP has ended. Its handle and its memory are gone then.
 *   deadline  on CLOCK_MONOTONIC; NULL: none. It is not looked at if the LWP has ended already.
 *   status    out, may be NULL: what the LWP gave to LWPX_Exit; NULL if its entry point returned;
 *             LWPX_CANCELED if it was cancelled or destroyed.
 * Returns LWP_SUCCESS; in this order LWP_EINIT; LWP_ESYSTEM (nanoseconds out of range); LWP_EBADPID
 * (no such LWP, or joined already); LWPX_EDEADLK (it is the caller, or waits, perhaps through
 * others, to join the caller); LWPX_ENOJOIN (it is not joinable, or another LWP joins it);
 * LWPX_ETIMEOUT; LWPX_ECANCELED (IOMGR_Cancel; only with a deadline).
 * Switches: if the LWP has not ended.
 */
#define LWPX_CANCELED ((void*)-1)
LWP_EXPORT int LWPX_Join(PROCESS pid, const struct timespec* deadline, void** status);

/*
 * LWPX_Detach - makes a joinable LWP one that leaves nothing when it ends, or has ended.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBADPID; LWPX_ENOJOIN (as above). Switches: no.
 */
LWP_EXPORT int LWPX_Detach(PROCESS pid);

/*
 * LWPX_Exit - runs the clean-up handlers of the calling LWP, last pushed first, and ends it.
 *   status  for who joins it. That of an LWP whose entry point returns is NULL.
 * Called by a clean-up handler, it goes on with the handlers that are left. C++ objects on the
 * stack are not destroyed.
 * Returns only if it fails: LWP_EINIT. Switches: for good.
 */
LWP_EXPORT int LWPX_Exit(void* status);

/*
 * LWPX_Cancel - asks an LWP to end: at its next cancellation point, as if it called
 *   LWPX_Exit(LWPX_CANCELED) there.
 * It may be the caller. One that is suspended goes on being so. Whether the LWP has ended can be
 * seen by its handle: LWP_EBADPID.
 * Returns LWP_SUCCESS, also if it has been asked before; LWP_EINIT; LWP_EBADPID.
 * Switches: no.
 */
LWP_EXPORT int LWPX_Cancel(PROCESS pid);

/*
 * LWPX_TestCancel - a cancellation point: ends the calling LWP if it has been asked to end.
 * Returns LWP_SUCCESS; LWP_EINIT. Switches: for good, or not.
 */
LWP_EXPORT int LWPX_TestCancel(void);

/*
 * LWPX_SetCancelState - whether the calling LWP may be cancelled. New LWPs may be. While it may
 * not, a cancellation waits; LWPX_CANCEL_ENABLE does not act on it, the next cancellation point
 * does. state     LWPX_CANCEL_ENABLE or LWPX_CANCEL_DISABLE. previous  out, may be NULL: the state
 * before. Clean-up handlers run with LWPX_CANCEL_DISABLE. Returns LWP_SUCCESS; LWP_EINIT;
 * LWP_ESYSTEM (another state). Switches: no.
 */
#define LWPX_CANCEL_ENABLE 0
#define LWPX_CANCEL_DISABLE 1
LWP_EXPORT int LWPX_SetCancelState(int state, int* previous);

/* A clean-up handler that has been pushed. For the caller to allocate, not to look into. */
struct LWPX_Cleanup {
  void (*handler)(void*);
  void* arg;
  struct LWPX_Cleanup* next;
};

/*
 * LWPX_PushCleanup - what is to be done if the calling LWP is cancelled or calls LWPX_Exit.
 *   place    must last until the handler has been popped or begun, usually on the LWP's stack.
 *   handler  is called as handler(arg). It may wait.
 * LWPX_PopCleanup - takes back the last one pushed.
 *   execute  not 0: and calls it.
 * Handlers are not called when the LWP's entry point returns or when it is destroyed.
 * Return LWP_SUCCESS; LWP_EINIT; Push: LWP_ESYSTEM (place or handler is NULL); Pop: LWP_EBADCOUNT
 * (there is none). Switch: no, but for what the handler does.
 */
LWP_EXPORT int LWPX_PushCleanup(struct LWPX_Cleanup* place, void (*handler)(void*), void* arg);
LWP_EXPORT int LWPX_PopCleanup(int execute);

#ifdef __cplusplus
}
#endif

#endif /* LWP_LWPX_LIFE_H */
