// SPDX-License-Identifier: MIT
// afs3_lock.h - AFS-3's locks: without an owner, and with ways from one kind to another.
//
// Invariant: as of the other locks (lock.h): wait_states has the bit of a kind from before an LWP
//            begins to wait for it until it is woken.
// Memory:    the lock is the program's, four bytes; <lwp/dialect/afs3/lock.h> declares it too.
// Context:   inside the library. Only what says so switches. runtime is null where nobody can wait.
#pragma once

#include "core/runtime.h"
#include "lock/lock.h"

namespace lwp {

struct Afs3Lock {
  unsigned char wait_states;
  unsigned char excl_locked;  // 0, WRITE_LOCK or SHARED_LOCK
  unsigned char readers_reading;
  unsigned char num_waiting;
};
static_assert(sizeof(Afs3Lock) == 4);

// False if it would have to wait.
bool try_obtain(Afs3Lock& lock, LockKind kind) noexcept;

// These switch if they have to wait. False: a cancellation has ended the wait (core/cancel.h).
[[nodiscard]] bool obtain(Runtime* runtime, Afs3Lock& lock, LockKind kind) noexcept;
// Who shares the lock gets it for writing as soon as nobody reads.
[[nodiscard]] bool boost_shared(Runtime* runtime, Afs3Lock& lock) noexcept;

// Nothing happens to a lock that is not held so. shared also releases what has been boosted.
void release(Runtime* runtime, Afs3Lock& lock, LockKind kind) noexcept;

// Who has it for writing shares it, or reads, from now on.
void unboost(Runtime* runtime, Afs3Lock& lock) noexcept;
void write_to_read(Runtime* runtime, Afs3Lock& lock) noexcept;

}  // namespace lwp
