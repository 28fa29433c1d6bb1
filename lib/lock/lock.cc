// SPDX-License-Identifier: MIT
#include "lock/lock.h"

#include <unistd.h>

#include <cstdlib>

#include "base/fd_text.h"
#include "lock/waiting.h"

namespace lwp {

namespace {

bool written_by(const Lock& lock, PROCESS lwp) noexcept {
  return (lock.excl_locked & WRITE_LOCK) != 0 && lock.excl_locker == lwp;
}

// The lock is neither held in a way that forbids this kind, nor full.
bool take(Lock& lock, LockKind kind) noexcept {
  switch (kind) {
    case LockKind::read:
      return (lock.excl_locked & WRITE_LOCK) == 0 && add_reader(lock);
    case LockKind::write:
      if (lock.excl_locked != 0 || lock.readers_reading != 0) return false;
      lock.excl_locked = WRITE_LOCK;
      lock.excl_locker = detail::self();
      return true;
    case LockKind::shared:
      if (lock.excl_locked != 0) return false;
      lock.excl_locked = SHARED_LOCK;
      return true;
  }
  return false;
}

// As above, by an LWP that has not waited: behind those who do, unless it comes to write.
bool take_at_once(Lock& lock, LockKind kind) noexcept {
  if (written_by(lock, detail::self())) {
    if (kind == LockKind::write) return true;
    if (kind == LockKind::read) return add_reader(lock);
  }
  return (kind == LockKind::write || lock.wait_states == 0) && take(lock, kind);
}

[[noreturn]] void die(const Lock& lock, const char* problem) noexcept {
  FdText text(STDERR_FILENO);
  text << "LWP: the lock at " << static_cast<const void*>(&lock) << " " << problem << "\n";
  text.flush();
  abort();
}

void release_exclusive(Runtime* runtime, Lock& lock, LockKind kind) noexcept {
  if (lock.excl_locked == 0 || (kind == LockKind::write && lock.excl_locked != WRITE_LOCK)) return;
  if (lock.excl_locked == WRITE_LOCK && lock.wait_states != 0 &&
      lock.excl_locker != detail::self()) {
    die(lock, "is released by another LWP than its writer, while others wait for it");
  }
  lock.excl_locked = 0;
  lock.excl_locker = nullptr;
  wake_waiters(runtime, lock, Waiters::readers);
}

}  // namespace

bool obtain_lock(Runtime* runtime, Lock& lock, LockKind kind) noexcept {
  if (take_at_once(lock, kind)) return true;
  if (runtime == nullptr) die(lock, "is not free, and there is no LWP here that could wait for it");
  return wait_for(*runtime, lock, kind, [&] { return take(lock, kind); });
}

void release_lock(Runtime* runtime, Lock& lock, LockKind kind) noexcept {
  if (kind == LockKind::read) {
    release_read(runtime, lock);
  } else {
    release_exclusive(runtime, lock, kind);
  }
}

}  // namespace lwp
