/* SPDX-License-Identifier: MIT */
/*
 * lock.h - AFS-3's locks between LWPs of one kernel thread: for reading, for writing, shared.
 *
 * Who may hold a lock with whom, who is next, who waits where: as <lwp/lock.h> says. What differs:
 * a lock has four bytes and no owner, so an LWP that obtains again what it has for writing waits
 * for itself; a shared lock may be boosted to one for writing.
 *
 * The macros of old are functions here, so that a tick (<preempt.h>) can not come between their
 * look at the lock and what they do to it, and arguments are evaluated once.
 *
 * Nothing happens to a lock that is not held the way it is released or converted. At most 255
 * readers hold one; the next waits. An Obtain that would have to wait where there is no LWP says so
 * on stderr and calls abort(). Handler: no, but for the four that look. Source: AFS-3; the limits
 * and refusals are ours.
 */
#ifndef LWP_DIALECT_AFS3_LOCK_H
#define LWP_DIALECT_AFS3_LOCK_H
#ifndef LOCK_H
#define LOCK_H /* the guards that older sources test */
#endif
#ifndef OPENAFS_AFS_LOCK_H
#define OPENAFS_AFS_LOCK_H
#endif
#ifdef LWP_LOCK_H
#error "<lwp/lock.h> has been included: one source file speaks one dialect"
#endif
#ifndef __GNUC__
#error "the AFS-3 dialect needs a compiler that has GNU C's names for assembly"
#endif

#include <lwp/detail/export.h>

#ifdef __cplusplus
extern "C" {
#endif

#define READ_LOCK 1
#define WRITE_LOCK 2
#define SHARED_LOCK 4
#define BOOSTED_LOCK 6 /* no state, but an argument of Afs_Lock_Obtain */
#define EXCL_LOCKS (WRITE_LOCK | SHARED_LOCK)

struct Lock {
  unsigned char wait_states;     /* kinds of lock that somebody waits for, READ_LOCK ... */
  unsigned char excl_locked;     /* 0, WRITE_LOCK or SHARED_LOCK */
  unsigned char readers_reading; /* how many hold it for reading */
  unsigned char num_waiting;     /* how many wait, or have been woken and have not run yet */
};

/* Lock_Init makes a lock free, whatever it was; one filled with zeros is. Lock_Destroy: nothing.
 * Switches: no. */
LWP_EXPORT void Lock_Init(struct Lock* lock) __asm__("afs3_Lock_Init");
LWP_EXPORT void Lock_Destroy(struct Lock* lock);

/* Switch if they have to wait. */
LWP_EXPORT void ObtainReadLock(struct Lock* lock) __asm__("afs3_ObtainReadLock");
LWP_EXPORT void ObtainWriteLock(struct Lock* lock) __asm__("afs3_ObtainWriteLock");
LWP_EXPORT void ObtainSharedLock(struct Lock* lock) __asm__("afs3_ObtainSharedLock");

/* Obtain...NoBlock(lock, code) - obtains the lock and makes code 0; or, if that would mean to wait,
 * makes code -1. Switches: no. */
LWP_EXPORT int afs3_TryReadLock(struct Lock* lock);
LWP_EXPORT int afs3_TryWriteLock(struct Lock* lock);
LWP_EXPORT int afs3_TrySharedLock(struct Lock* lock);
#define ObtainReadLockNoBlock(lock, code) ((void)((code) = afs3_TryReadLock(lock)))
#define ObtainWriteLockNoBlock(lock, code) ((void)((code) = afs3_TryWriteLock(lock)))
#define ObtainSharedLockNoBlock(lock, code) ((void)((code) = afs3_TrySharedLock(lock)))

/*
 * BoostSharedLock        - who shares the lock gets it for writing as soon as nobody reads it.
 * UnboostSharedLock      - who has it for writing shares it from now on.
 * ConvertWriteToReadLock - who has it for writing reads it from now on; wakes the readers.
 * Switches: BoostSharedLock, if it has to wait.
 */
LWP_EXPORT void BoostSharedLock(struct Lock* lock) __asm__("afs3_BoostSharedLock");
LWP_EXPORT void UnboostSharedLock(struct Lock* lock) __asm__("afs3_UnboostSharedLock");
LWP_EXPORT void ConvertWriteToReadLock(struct Lock* lock) __asm__("afs3_ConvertWriteToReadLock");

/* Never switch. ReleaseSharedLock also releases a lock that is boosted. Any LWP may release. */
LWP_EXPORT void ReleaseReadLock(struct Lock* lock) __asm__("afs3_ReleaseReadLock");
LWP_EXPORT void ReleaseWriteLock(struct Lock* lock) __asm__("afs3_ReleaseWriteLock");
LWP_EXPORT void ReleaseSharedLock(struct Lock* lock) __asm__("afs3_ReleaseSharedLock");

/* How many wait; -1 if held for writing or shared, else the number of readers; WRITE_LOCK or 0;
 * SHARED_LOCK or 0. */
#define LockWaiters(lock) ((int)(lock)->num_waiting)
#define CheckLock(lock) ((lock)->excl_locked != 0 ? -1 : (int)(lock)->readers_reading)
#define WriteLocked(lock) ((lock)->excl_locked & WRITE_LOCK)
#define SharedLocked(lock) ((lock)->excl_locked & SHARED_LOCK)

/*
 * LWP_WaitProcessR, LWP_WaitProcessW, LWP_WaitProcessS - release a lock held for reading, for
 *   writing, shared, and wait for the event addr; nobody runs in between. The lock is not obtained
 *   again. addr NULL: only released. Switch: yes.
 */
LWP_EXPORT void LWP_WaitProcessR(void* addr, struct Lock* alock);
LWP_EXPORT void LWP_WaitProcessW(void* addr, struct Lock* alock);
LWP_EXPORT void LWP_WaitProcessS(void* addr, struct Lock* alock);

/*
 * What the macros of old called; of use to programs that have their own.
 * Afs_Lock_Obtain   - obtains the lock for a kind; BOOSTED_LOCK boosts. Any other number: "Can't
 *   happen, bad LOCK type: N" on stdout and abort(). (AFS-3's waits even if the lock is free.)
 * Afs_Lock_ReleaseR - wakes those who wait for the lock: readers, or if there are none the others.
 * Afs_Lock_ReleaseW - the same the other way round.
 * Afs_Lock_WakeupR  - wakes readers only. These three leave the holders alone.
 * Switches: Afs_Lock_Obtain, if it has to wait.
 */
LWP_EXPORT void Afs_Lock_Obtain(struct Lock* lock, int how);
LWP_EXPORT void Afs_Lock_ReleaseR(struct Lock* lock);
LWP_EXPORT void Afs_Lock_ReleaseW(struct Lock* lock);
LWP_EXPORT void Afs_Lock_WakeupR(struct Lock* lock);

#ifdef __cplusplus
}
#endif

#endif /* LWP_DIALECT_AFS3_LOCK_H */
