/* SPDX-License-Identifier: MIT */
/*
 * lwpx.h - what this library adds to LWP: LWPs made to measure (lwpx_create.h), their lives
 * (lwpx_life.h), many kernel threads (<lwp/runtimes.h>), and, here, waiting for more than select
 * can, with deadlines.
 *
 * Everything here blocks only the calling LWP. What waits for descriptors or time starts the I/O
 * manager (<lwp/iomgr.h>) if that has not been done. Functions named after a system call return
 * what that returns, -1 with errno included; beside its own errors there are
 *   EPERM      LWP_Init has not been called in this kernel thread
 *   EDEADLK    called by a signal handler that interrupted the library
 *   ECANCELED  IOMGR_Cancel ended the wait
 *   EMFILE     the I/O manager could not be started: it needs four descriptors; functions that
 *              return completion codes say LWP_ESYSTEM then
 * All semantics are ours. Handler: no, for all of them.
 */
#ifndef LWP_LWPX_H
#define LWP_LWPX_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <lwp/lwpx_create.h>
#include <lwp/lwpx_life.h>
#include <lwp/runtimes.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec; /* which <time.h> keeps back in a strict C89 */

/* Completion codes beyond those of <lwp/detail/types.h>. */
#define LWPX_ETIMEOUT (-17)  /* the deadline came first */
#define LWPX_ECANCELED (-18) /* IOMGR_Cancel ended the wait */
#define LWPX_EDEADLK (-19)   /* it would wait for itself */
#define LWPX_ENOJOIN (-20)   /* it is not joinable, or somebody joins it already */

/*
 * LWPX_Sleep - waits for a time, or longer.
 *   duration  seconds and nanoseconds; NULL: for ever.
 * Returns LWP_SUCCESS; LWPX_ECANCELED; LWP_EINIT; LWP_ESYSTEM (nanoseconds out of range, or
 * negative); LWP_ENOMEM. Switches: yes.
 */
LWP_EXPORT int LWPX_Sleep(const struct timespec* duration);

/*
 * LWPX_SetTimerSlack - how late LWPs of this kernel thread may wake though the processor is free,
 *   so that one wake-up of the process serves several.
 *   slack  up to a second; NULL: 100 microseconds, as at first and after IOMGR_Finalize.
 * It goes for all deadlines and timeouts. Up to 400 microseconds it delays only LWPs that others
 * follow so soon; from there on all.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED (called by a signal handler that interrupted the
 * library); LWP_ESYSTEM (out of range, or the I/O manager could not be started); LWP_ENOMEM.
 * Switches: no.
 */
LWP_EXPORT int LWPX_SetTimerSlack(const struct timespec* slack);

/*
 * LWPX_WaitProcessUntil, LWPX_MwaitProcessUntil - LWP_WaitProcess and LWP_MwaitProcess with a
 *   deadline.
 *   deadline  on CLOCK_MONOTONIC; NULL: none. One that has passed still lets others run.
 * Return what those return; LWPX_ETIMEOUT; LWPX_ECANCELED; LWP_ESYSTEM for a deadline with
 * nanoseconds out of range. Switch: yes, unless an argument is wrong.
 */
LWP_EXPORT int LWPX_WaitProcessUntil(const void* event, const struct timespec* deadline);
LWP_EXPORT int LWPX_MwaitProcessUntil(int wcount, const void* evlist[],
                                      const struct timespec* deadline);

/*
 * LWPX_Poll - poll(2).
 *   timeout  NULL: none; {0, 0}: does not wait.
 * EFAULT if fds is NULL, but count is not 0; EINVAL also for more descriptors than the process may
 * have, or a bad timeout.
 * Switches: only if it has to wait.
 */
LWP_EXPORT int LWPX_Poll(struct pollfd* fds, nfds_t count, const struct timespec* timeout);

/*
 * LWPX_Read, LWPX_Write, LWPX_Recv, LWPX_Send, LWPX_RecvFrom, LWPX_SendTo, LWPX_Accept,
 * LWPX_Connect - the system calls of these names. The descriptor need not be non-blocking, and is
 * not made so (but for the time of a call of LWPX_Accept or LWPX_Connect, or of LWPX_Write to a
 * terminal). A write may be shorter than asked for. Regular files block the kernel thread: see
 * LWPX_Blocking. With MSG_DONTWAIT or MSG_ERRQUEUE in flags nothing waits.
 * Switch: only if they have to wait. An LWPX_Read after one that got less than it asked for from a
 * stream, and had waited for it, may take that for the end of the input and let its equals run
 * before it looks again; which it does even if they only yield.
 */
LWP_EXPORT ssize_t LWPX_Read(int fd, void* buffer, size_t size);
LWP_EXPORT ssize_t LWPX_Write(int fd, const void* buffer, size_t size);
LWP_EXPORT ssize_t LWPX_Recv(int fd, void* buffer, size_t size, int flags);
LWP_EXPORT ssize_t LWPX_Send(int fd, const void* buffer, size_t size, int flags);
LWP_EXPORT ssize_t LWPX_RecvFrom(int fd, void* buffer, size_t size, int flags,
                                 struct sockaddr* address, socklen_t* length);
LWP_EXPORT ssize_t LWPX_SendTo(int fd, const void* buffer, size_t size, int flags,
                               const struct sockaddr* address, socklen_t length);
LWP_EXPORT int LWPX_Accept(int fd, struct sockaddr* address, socklen_t* length);
LWP_EXPORT int LWPX_Connect(int fd, const struct sockaddr* address, socklen_t length);

/*
 * LWPX_Blocking - calls fn(arg) on another kernel thread, of a small pool, and waits for it.
 *   fn      may block; it is not an LWP and must not use this library.
 *   result  out, may be NULL: what fn returned.
 * errno is left as fn left it. If the calling LWP is destroyed meanwhile, fn still runs to its end;
 * LWP_TerminateProcessSupport waits for all that have begun. Up to 64 calls are under way or
 * queued; who comes later waits for a place first.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_ENOMEM; LWP_ESYSTEM if fn is NULL, there is no thread, if
 * IOMGR_Finalize came while the caller waited for a place, or in a child that was forked meanwhile.
 * Switches: yes.
 */
LWP_EXPORT int LWPX_Blocking(void* (*fn)(void*), void* arg, void** result);

#ifdef __cplusplus
}
#endif

#endif /* LWP_LWPX_H */
