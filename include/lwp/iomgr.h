/* SPDX-License-Identifier: MIT */
/*
 * iomgr.h - the I/O manager: LWPs that wait for descriptors, for time to pass, for Unix signals.
 * Included by <lwp/lwp.h>, where Coda declares these functions.
 *
 * An LWP of priority 0 looks after all who wait. It runs when nobody else is ready, and then
 * sleeps until there is something to do. While others keep the processor, ticks (<lwp/preempt.h>)
 * and IOMGR_Poll look after those who wait.
 */
#ifndef LWP_IOMGR_H
#define LWP_IOMGR_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <sys/select.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * IOMGR_Initialize - starts the I/O manager of this kernel thread. Again: opens descriptors of the
 * manager's own that the program has closed meanwhile.
 * Returns LWP_SUCCESS; LWP_EINIT without LWP_Init; LWP_ENOMEM; LWP_ESYSTEM.
 * Switches: yes, unless it runs already. Handler: no. Source: Coda.
 */
LWP_EXPORT int IOMGR_Initialize(void);

/*
 * IOMGR_Finalize - ends it. Signals asked for get their old actions back. LWPs that wait are not
 * woken.
 * Returns LWP_SUCCESS; LWP_EINIT if it was not started.
 * Switches: no. Handler: yes, if LWPX_Blocking has not been used; LWP_EBLOCKED if the library was
 * interrupted. Source: Coda.
 */
LWP_EXPORT int IOMGR_Finalize(void);

/*
 * IOMGR_Select - select(2) for one LWP.
 *   fds, readfds, writefds, exceptfds  as in select. A set may be NULL.
 *   timeout  NULL or with a negative field: for ever. {0, 0}: select(2) itself, at once, with
 *            whatever it returns. It is never written to otherwise.
 * Returns the number of bits set in the three sets; 0 when the time is over, with the sets
 * cleared; -2 when cancelled, with the sets cleared; -1 with errno: EBADF for a descriptor that is
 * not open, EINVAL for fds out of range or without IOMGR_Initialize, ENOMEM, EDEADLK from a handler
 * that interrupted the library.
 * Switches: unless the timeout is {0, 0}. Handler: no. Source: Coda; errors without the end of
 * the process are ours.
 */
LWP_EXPORT int IOMGR_Select(int fds, fd_set* readfds, fd_set* writefds, fd_set* exceptfds,
                            struct timeval* timeout);

/*
 * IOMGR_Cancel - ends the IOMGR_Select (or LWPX_ wait) of another LWP, with result -2 (ECANCELED).
 * Returns 0; -1 if it does not wait so, or there is no such LWP.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT int IOMGR_Cancel(PROCESS pid);

/*
 * IOMGR_Poll - serves all who wait and whose time has come, without sleeping.
 * Returns 1 if somebody became ready, else 0; LWP_EINIT if the I/O manager was not started.
 * Switches: no (LWP_DispatchProcess usually comes next). Handler: no. Source: Coda.
 */
LWP_EXPORT int IOMGR_Poll(void);

/*
 * IOMGR_Signal - from now on, the Unix signal signo signals the event, as LWP_NoYieldSignal would,
 *   soon after it has arrived. Several arrivals may become one.
 * IOMGR_CancelSignal - no longer; the action that the program had set before comes back.
 * Signal returns, in this order, LWP_EBADSIG (not in 1 .. 64); LWP_EBADEVENT (NULL); LWP_EINIT;
 * LWP_ESYSTEM (the signal can not be caught, or another kernel thread's LWPs have it); 0.
 * CancelSignal returns LWP_EBADSIG (not in 1 .. 64); LWP_EINIT; LWP_EBADSIG (not asked for); 0.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT int IOMGR_Signal(int signo, char* event);
LWP_EXPORT int IOMGR_CancelSignal(int signo);

/*
 * IOMGR_SoftSig - runs aproc(arock) soon as an LWP of its own, named "SignalHandler", of
 *   priority LWP_NORMAL_PRIORITY and with a stack of 32 KiB. Made to be called by signal handlers.
 * Returns 0; -1 if four are outstanding already, or without LWP_Init.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int IOMGR_SoftSig(void (*aproc)(void*), char* arock);

#ifdef __cplusplus
}
#endif

#endif /* LWP_IOMGR_H */
