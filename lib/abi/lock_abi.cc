// SPDX-License-Identifier: MIT
// lock_abi.cc - the functions of <lwp/lock.h>.
#include <lwp/lock.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>

#include "abi/visit.h"
#include "arch/switching_call.h"
#include "base/fd_text.h"
#include "core/cancel.h"
#include "lock/waiting.h"

using namespace lwp;

static_assert(sizeof(Lock) == 2 * sizeof(void*));
static_assert(offsetof(Lock, excl_locked) == 1 && offsetof(Lock, readers_reading) == 2);
static_assert(offsetof(Lock, num_waiting) == 3 && offsetof(Lock, excl_locker) == sizeof(void*));

namespace {

// A handler posted, or a tick fell due, during the brief form.
LWP_NOINLINE void settle() noexcept {
  Runtime* const runtime = this_runtime();
  if (runtime != nullptr && !critical::in_library()) catch_up(*runtime);
}

// After the brief form: the lock's own work is done.
LWP_ALWAYS_INLINE void leave_briefly() noexcept {
  if (LWP_UNLIKELY(critical::owed())) settle();
}

// Waits if need be. It is entered by a jump, as the last thing that an exported function does, so
// it returns to that function's caller.
extern "C" [[gnu::visibility("hidden")]] void lwp_obtain_lock(Lock* lock, LockKind kind);

LWP_ALWAYS_INLINE void obtain(Lock& lock, LockKind kind) noexcept { lwp_obtain_lock(&lock, kind); }

LWP_NOINLINE void release(Lock& lock, LockKind kind) noexcept {
  const Visit visit;
  release_lock(visit.runtime(), lock, kind);
}

// False for a number that is no kind.
bool to_kind(int how, LockKind* ret_kind) noexcept {
  *ret_kind = static_cast<LockKind>(how);
  return how == READ_LOCK || how == WRITE_LOCK || how == SHARED_LOCK;
}

void obtain_known(Lock& lock, int how) noexcept {
  if (LockKind kind; to_kind(how, &kind)) obtain(lock, kind);
}

void release_known(Lock& lock, int how) noexcept {
  if (LockKind kind; to_kind(how, &kind)) release(lock, kind);
}

}  // namespace

extern "C" {

LWP_SWITCHING_CALL(lwp_obtain_lock);
void LWP_INNER(lwp_obtain_lock)(Lock* lock, LockKind kind) {
  const Visit visit;
  if (!obtain_lock(visit.runtime(), *lock, kind)) act_on_cancel(*visit.runtime());
}

void Lock_Init(struct Lock* lock) { *lock = {}; }

void ObtainReadLock(struct Lock* lock) {
  if (!LWP_LIKELY(obtain_read_briefly(*lock))) return obtain(*lock, LockKind::read);
  leave_briefly();
}

void ObtainWriteLock(struct Lock* lock) {
  if (!LWP_LIKELY(obtain_write_briefly(*lock))) return obtain(*lock, LockKind::write);
  leave_briefly();
}

void ObtainSharedLock(struct Lock* lock) {
  if (!LWP_LIKELY(obtain_shared_briefly(*lock))) return obtain(*lock, LockKind::shared);
  leave_briefly();
}

void ReleaseReadLock(struct Lock* lock) {
  if (!LWP_LIKELY(release_read_briefly(*lock))) return release(*lock, LockKind::read);
  leave_briefly();
}

void ReleaseWriteLock(struct Lock* lock) {
  if (!LWP_LIKELY(release_write_briefly(*lock))) return release(*lock, LockKind::write);
  leave_briefly();
}

void ReleaseSharedLock(struct Lock* lock) {
  if (!LWP_LIKELY(release_shared_briefly(*lock))) return release(*lock, LockKind::shared);
  leave_briefly();
}

int CheckLock(struct Lock* lock) { return lock->excl_locked != 0 ? -1 : lock->readers_reading; }

int WriteLocked(struct Lock* lock) { return lock->excl_locked != 0; }

void ObtainDualLock(struct Lock* lock_1, enum lock_how how_1, struct Lock* lock_2,
                    enum lock_how how_2) {
  // A lock given twice: whoever writes it may read it too, but not the other way round.
  const bool first_is_first = lock_1 != lock_2 ? lock_1 < lock_2 : how_2 != WRITE_LOCK;
  if (first_is_first) obtain_known(*lock_1, how_1);
  obtain_known(*lock_2, how_2);
  if (!first_is_first) obtain_known(*lock_1, how_1);
}

void ReleaseDualLock(struct Lock* lock_1, enum lock_how how_1, struct Lock* lock_2,
                     enum lock_how how_2) {
  release_known(*lock_1, how_1);
  release_known(*lock_2, how_2);
}

void Lock_Obtain(struct Lock* lock, int how) {
  LockKind kind;
  if (to_kind(how, &kind)) return obtain(*lock, kind);
  FdText text(STDERR_FILENO);
  text << "Can't happen, bad LOCK type: " << how << "\n";
  text.flush();
  abort();
}

void Lock_ReleaseR(struct Lock* lock) {
  const Visit visit;
  wake_waiters(visit.runtime(), *lock, Waiters::readers);
}

void Lock_ReleaseW(struct Lock* lock) {
  const Visit visit;
  wake_waiters(visit.runtime(), *lock, Waiters::others);
}

}  // extern "C"
