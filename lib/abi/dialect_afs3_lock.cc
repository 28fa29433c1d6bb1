// SPDX-License-Identifier: MIT
// dialect_afs3_lock.cc - the functions behind the macros of AFS-3's <lock.h>.
#include <lwp/detail/export.h>

#include <cstdio>
#include <cstdlib>

#include "abi/visit.h"
#include "core/cancel.h"
#include "core/event.h"
#include "lock/afs3_lock.h"
#include "lock/waiting.h"

using namespace lwp;

namespace {

void obtain_kind(Afs3Lock* lock, LockKind kind) noexcept {
  const Visit visit;
  if (!obtain(visit.runtime(), *lock, kind)) act_on_cancel(*visit.runtime());
}

int try_kind(Afs3Lock* lock, LockKind kind) noexcept {
  const Visit visit;
  return try_obtain(*lock, kind) ? 0 : -1;
}

void release_kind(Afs3Lock* lock, LockKind kind) noexcept {
  const Visit visit;
  release(visit.runtime(), *lock, kind);
}

// The LWP waits before anybody else can run.
void release_and_wait(const void* event, Afs3Lock* lock, LockKind kind) noexcept {
  const Visit visit;
  release(visit.runtime(), *lock, kind);
  Runtime* const runtime = visit.runtime();
  if (event == nullptr || runtime == nullptr) return;
  cancellation_point(*runtime);
  (void)block_on_events(*runtime, &event, 1, 1);
  if (wait_was_cut(*runtime->current)) act_on_cancel(*runtime);
}

}  // namespace

extern "C" {

LWP_EXPORT void afs3_Lock_Init(Afs3Lock* lock) { *lock = {}; }
LWP_EXPORT void Lock_Destroy(Afs3Lock*) {}

LWP_EXPORT void afs3_ObtainReadLock(Afs3Lock* lock) { obtain_kind(lock, LockKind::read); }
LWP_EXPORT void afs3_ObtainWriteLock(Afs3Lock* lock) { obtain_kind(lock, LockKind::write); }
LWP_EXPORT void afs3_ObtainSharedLock(Afs3Lock* lock) { obtain_kind(lock, LockKind::shared); }

LWP_EXPORT int afs3_TryReadLock(Afs3Lock* lock) { return try_kind(lock, LockKind::read); }
LWP_EXPORT int afs3_TryWriteLock(Afs3Lock* lock) { return try_kind(lock, LockKind::write); }
LWP_EXPORT int afs3_TrySharedLock(Afs3Lock* lock) { return try_kind(lock, LockKind::shared); }

LWP_EXPORT void afs3_BoostSharedLock(Afs3Lock* lock) {
  const Visit visit;
  if (!boost_shared(visit.runtime(), *lock)) act_on_cancel(*visit.runtime());
}

LWP_EXPORT void afs3_UnboostSharedLock(Afs3Lock* lock) {
  const Visit visit;
  unboost(visit.runtime(), *lock);
}

LWP_EXPORT void afs3_ConvertWriteToReadLock(Afs3Lock* lock) {
  const Visit visit;
  write_to_read(visit.runtime(), *lock);
}

LWP_EXPORT void afs3_ReleaseReadLock(Afs3Lock* lock) { release_kind(lock, LockKind::read); }
LWP_EXPORT void afs3_ReleaseWriteLock(Afs3Lock* lock) { release_kind(lock, LockKind::write); }
LWP_EXPORT void afs3_ReleaseSharedLock(Afs3Lock* lock) { release_kind(lock, LockKind::shared); }

LWP_EXPORT void Afs_Lock_Obtain(Afs3Lock* lock, int how) {
  constexpr int kBoosted = WRITE_LOCK | SHARED_LOCK;
  if (how == kBoosted) return afs3_BoostSharedLock(lock);
  if (how == READ_LOCK || how == WRITE_LOCK || how == SHARED_LOCK) {
    return obtain_kind(lock, static_cast<LockKind>(how));
  }
  printf("Can't happen, bad LOCK type: %d\n", how);
  fflush(stdout);
  abort();
}

LWP_EXPORT void Afs_Lock_ReleaseR(Afs3Lock* lock) {
  const Visit visit;
  wake_waiters(visit.runtime(), *lock, Waiters::readers);
}

LWP_EXPORT void Afs_Lock_ReleaseW(Afs3Lock* lock) {
  const Visit visit;
  wake_waiters(visit.runtime(), *lock, Waiters::others);
}

LWP_EXPORT void Afs_Lock_WakeupR(Afs3Lock* lock) {
  const Visit visit;
  (void)wake(visit.runtime(), *lock, Waiters::readers);
}

LWP_EXPORT void LWP_WaitProcessR(void* addr, Afs3Lock* alock) {
  release_and_wait(addr, alock, LockKind::read);
}

LWP_EXPORT void LWP_WaitProcessW(void* addr, Afs3Lock* alock) {
  release_and_wait(addr, alock, LockKind::write);
}

LWP_EXPORT void LWP_WaitProcessS(void* addr, Afs3Lock* alock) {
  release_and_wait(addr, alock, LockKind::shared);
}

}  // extern "C"
