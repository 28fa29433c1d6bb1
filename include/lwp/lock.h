/* SPDX-License-Identifier: MIT */
/*
 * lock.h - locks between LWPs of one kernel thread: for reading, for writing, shared.
 *
 *   held for | others may obtain it for
 *   ---------+-------------------------------------------------------------
 *   READ     | READ, SHARED
 *   SHARED   | READ (a lock before writing that lets readers go on)
 *   WRITE    | nothing
 *
 * Who is next. The last reader to release wakes those that wait to write or share, or, if there
 * are none, the readers; whoever releases a write or shared lock wakes the readers first. Wakes
 * the whole class: the first to run gets the lock, the others wait again. New readers and sharers
 * wait behind whoever is waiting; a new writer takes a lock that it finds free, also if others
 * have been woken for it and have not run yet. A release never switches.
 *
 * Owner. The LWP that holds a lock for writing may obtain it again for writing, which is not
 * counted: one release frees it; and for reading, which counts as any reader. Obtaining for writing
 * what one holds for reading waits for oneself.
 *
 * A lock filled with zeros is free. Locks need no end, and may be moved while nobody holds them or
 * waits. They belong to one kernel thread; locks between kernel threads are the C library's.
 *
 * At most 255 readers hold a lock; the next waits until one of them releases it. num_waiting stops
 * at 255.
 *
 * Before LWP_Init the kernel thread counts as one LWP. An LWP is needed to wait: an Obtain that
 * would have to wait before LWP_Init, or in a signal handler that interrupted the library, says so
 * on stderr and calls abort().
 *
 * LWPs that can be preempted may use locks like any other. A lock that an LWP holds when it ends
 * stays locked. An LWP that waits for a lock, or has been woken for it and has not run yet, is best
 * ended by LWPX_Cancel: if it is destroyed it stays among those that are counted as waiting, and
 * who comes later may wait behind it until the next release.
 */
#ifndef LWP_LOCK_H
#define LWP_LOCK_H
#ifdef LWP_DIALECT_AFS3_LOCK_H
#error "the <lock.h> of AFS-3 has been included: one source file speaks one dialect"
#endif
#ifndef _LWP_LOCK_H_
#define _LWP_LOCK_H_ /* the guard that older sources test */
#endif

#include <lwp/lwp.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lock_how { READ_LOCK = 1, WRITE_LOCK = 2, SHARED_LOCK = 4 };

/* Those that wait on the address of excl_locked; readers wait on that of readers_reading. */
#define EXCL_LOCKS (WRITE_LOCK | SHARED_LOCK)

struct Lock {
  unsigned char wait_states;     /* kinds of lock that somebody waits for, READ_LOCK ... */
  unsigned char excl_locked;     /* 0, WRITE_LOCK or SHARED_LOCK */
  unsigned char readers_reading; /* how many hold it for reading */
  unsigned char num_waiting;     /* how many wait, or have been woken and have not run yet */
  PROCESS excl_locker;           /* who holds it for writing; NULL if nobody does */
};
typedef struct Lock Lock;

/*
 * Lock_Init - makes a lock free, whatever it was. Nobody may be waiting.
 * Switches: no. Handler: no. Source: Coda.
 */
LWP_EXPORT void Lock_Init(struct Lock* lock);

/*
 * ObtainReadLock, ObtainWriteLock, ObtainSharedLock - obtain a lock, waiting if need be.
 * Switches: if they have to wait. Handler: no. Source: Coda; the limit of 255 readers is ours.
 */
LWP_EXPORT void ObtainReadLock(struct Lock* lock);
LWP_EXPORT void ObtainWriteLock(struct Lock* lock);
LWP_EXPORT void ObtainSharedLock(struct Lock* lock);

/*
 * ReleaseReadLock, ReleaseWriteLock, ReleaseSharedLock - release a lock and wake who is next.
 * Nothing happens if the lock is not held in that way, but that ReleaseSharedLock releases a write
 * lock too. A write lock that nobody waits for may be
 * released by any LWP; if somebody waits, another LWP than the owner must have mistaken the lock:
 * that is said on stderr, and abort() is called.
 * Switches: no. Handler: no. Source: Coda, where releasing a lock that nobody reads gave it 255.
 */
LWP_EXPORT void ReleaseReadLock(struct Lock* lock);
LWP_EXPORT void ReleaseWriteLock(struct Lock* lock);
LWP_EXPORT void ReleaseSharedLock(struct Lock* lock);

/*
 * CheckLock   - -1 if the lock is held for writing or shared, else the number of readers.
 * WriteLocked - 1 if it is held for writing or shared, else 0.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int CheckLock(struct Lock* lock);
LWP_EXPORT int WriteLocked(struct Lock* lock);

/*
 * ObtainDualLock  - obtains two locks in the order of their addresses, so that LWPs that need the
 *   same two do not wait for each other. The same lock twice: for writing before anything else.
 * ReleaseDualLock - releases lock_1, then lock_2.
 * A kind that is not in enum lock_how: nothing happens to that lock.
 * Switches: Obtain, if it has to wait. Handler: no. Source: Coda.
 */
LWP_EXPORT void ObtainDualLock(struct Lock* lock_1, enum lock_how how_1, struct Lock* lock_2,
                               enum lock_how how_2);
LWP_EXPORT void ReleaseDualLock(struct Lock* lock_1, enum lock_how how_1, struct Lock* lock_2,
                                enum lock_how how_2);

/*
 * Of use to programs from the time when the functions above were macros.
 * Lock_Obtain   - obtains the lock for the kind `how`. Any other number: "Can't happen, bad LOCK
 *   type: N" on stderr and abort(). (Coda's never takes a lock that is free, but waits for ever.)
 * Lock_ReleaseR - wakes those who wait for the lock: readers, or if there are none the others.
 * Lock_ReleaseW - the same the other way round. Both leave the holders alone.
 * Switches: Lock_Obtain, if it has to wait. Handler: no. Source: Coda.
 */
LWP_EXPORT void Lock_Obtain(struct Lock* lock, int how);
LWP_EXPORT void Lock_ReleaseR(struct Lock* lock);
LWP_EXPORT void Lock_ReleaseW(struct Lock* lock);

#ifdef __cplusplus
}
#endif

#endif /* LWP_LOCK_H */
