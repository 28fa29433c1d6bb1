// SPDX-License-Identifier: MIT
#include "lock/afs3_lock.h"

#include <unistd.h>

#include <cstdlib>

#include "base/fd_text.h"
#include "lock/waiting.h"

namespace lwp {

namespace {

// The lock is neither held in a way that forbids this kind, nor full.
bool take(Afs3Lock& lock, LockKind kind) noexcept {
  switch (kind) {
    case LockKind::read:
      return (lock.excl_locked & WRITE_LOCK) == 0 && add_reader(lock);
    case LockKind::write:
      if (lock.readers_reading != 0) return false;
      break;
    case LockKind::shared:
      break;
  }
  if (lock.excl_locked != 0) return false;
  lock.excl_locked = bits(kind);
  return true;
}

bool take_boosted(Afs3Lock& lock) noexcept {
  if (lock.readers_reading != 0) return false;
  lock.excl_locked = WRITE_LOCK;
  return true;
}

template <typename Take>
bool wait_or_die(Runtime* runtime, Afs3Lock& lock, LockKind kind, Take take_it) noexcept {
  if (runtime != nullptr) return wait_for(*runtime, lock, kind, take_it);
  FdText text(STDERR_FILENO);
  text << "LWP: the lock at " << static_cast<const void*>(&lock)
       << " is not free, and there is no LWP here that could wait for it\n";
  text.flush();
  abort();
}

}  // namespace

bool try_obtain(Afs3Lock& lock, LockKind kind) noexcept {
  return (kind == LockKind::write || lock.wait_states == 0) && take(lock, kind);
}

bool obtain(Runtime* runtime, Afs3Lock& lock, LockKind kind) noexcept {
  if (try_obtain(lock, kind)) return true;
  return wait_or_die(runtime, lock, kind, [&] { return take(lock, kind); });
}

bool boost_shared(Runtime* runtime, Afs3Lock& lock) noexcept {
  if (take_boosted(lock)) return true;
  return wait_or_die(runtime, lock, LockKind::write, [&] { return take_boosted(lock); });
}

void release(Runtime* runtime, Afs3Lock& lock, LockKind kind) noexcept {
  if (kind == LockKind::read) return release_read(runtime, lock);
  const bool held =
      kind == LockKind::write ? lock.excl_locked == WRITE_LOCK : lock.excl_locked != 0;
  if (!held) return;
  lock.excl_locked = 0;
  wake_waiters(runtime, lock, Waiters::readers);
}

void unboost(Runtime* runtime, Afs3Lock& lock) noexcept {
  if (lock.excl_locked != WRITE_LOCK) return;
  lock.excl_locked = SHARED_LOCK;
  wake_waiters(runtime, lock, Waiters::readers);
}

void write_to_read(Runtime* runtime, Afs3Lock& lock) noexcept {
  if (lock.excl_locked != WRITE_LOCK) return;
  lock.excl_locked = 0;
  (void)add_reader(lock);  // nobody could read meanwhile, so there is room
  (void)wake(runtime, lock, Waiters::readers);
}

}  // namespace lwp
