// SPDX-License-Identifier: MIT
// waiting.h - how LWPs wait for a lock and are woken: the same in all dialects.
//
// AnyLock is a lock of either: it has wait_states, excl_locked, readers_reading and num_waiting.
//
// Context: inside the library.
#pragma once

#include "core/cancel.h"
#include "core/event.h"
#include "core/wait.h"
#include "lock/lock.h"

namespace lwp {

constexpr unsigned char kMost = 255;  // of readers, and of waiters that are counted

constexpr unsigned char bits(LockKind kind) noexcept { return static_cast<unsigned char>(kind); }

// False if the lock has as many readers as it can count.
template <typename AnyLock>
bool add_reader(AnyLock& lock) noexcept {
  if (lock.readers_reading == kMost) return false;
  ++lock.readers_reading;
  return true;
}

template <typename AnyLock>
const void* event_of(const AnyLock& lock, Waiters waiters) noexcept {
  return waiters == Waiters::readers ? &lock.readers_reading : &lock.excl_locked;
}

// Never switches. Whether somebody was there to be woken; an LWP that was destroyed leaves its bit
// behind.
template <typename AnyLock>
bool wake(Runtime* runtime, AnyLock& lock, Waiters waiters) noexcept {
  const auto states = static_cast<unsigned char>(waiters);
  if ((lock.wait_states & states) == 0) return false;
  // Before waking: those who wait again will set it anew.
  lock.wait_states = static_cast<unsigned char>(lock.wait_states & ~states);
  if (runtime == nullptr) return false;
  Rc rc;
  const void* const event = event_of(lock, waiters);
  if (LWP_UNLIKELY(!makes_ready_plainly(*runtime) || !signal_only_waiter(*runtime, event, &rc))) {
    rc = signal_event(*runtime, event);
  }
  return rc == Rc::success;
}

// Never switches. Wakes all that wait for one kind of lock; if nobody waits for `first`, for the
// other.
template <typename AnyLock>
void wake_waiters(Runtime* runtime, AnyLock& lock, Waiters first) noexcept {
  const Waiters second = first == Waiters::readers ? Waiters::others : Waiters::readers;
  if (!wake(runtime, lock, first)) (void)wake(runtime, lock, second);
}

template <typename AnyLock>
bool anybody_waits(Runtime& runtime, const AnyLock& lock, Waiters waiters) noexcept {
  const void* const event = event_of(lock, waiters);
  return find_wait(runtime.events.chain(event).front(), event) != nullptr;
}

// Never switches. An LWP waits no longer with these, and has not got the lock. If none of them is
// left their bit goes, and others, whom nothing else may have kept waiting, look again; so do
// sharers, who wait with writers.
template <typename AnyLock>
void make_way(Runtime& runtime, AnyLock& lock, Waiters waiters) noexcept {
  const bool left = anybody_waits(runtime, lock, waiters);
  if (waiters == Waiters::others || !left) wake_waiters(&runtime, lock, waiters);
}

// An LWP that was woken for the lock is destroyed before it has run, and would have been the one to
// release it. If it was the last of them, those who still wait look again. There may be no lock any
// more: its memory is touched only if somebody waits.
template <typename AnyLock, Waiters kFirst>
void pass_on(Runtime& runtime, const Pcb& destroyed) noexcept {
  const void* const where = destroyed.obligation->to;
  auto& lock = *static_cast<AnyLock*>(const_cast<void*>(where));
  const bool anybody = anybody_waits(runtime, lock, Waiters::readers) ||
                       anybody_waits(runtime, lock, Waiters::others);
  if (!anybody || lock.excl_locked != 0 || lock.readers_reading != 0) return;
  bool last = true;
  runtime.handles.for_each([&](const Pcb& pcb) {
    const bool was_woken = pcb.obligation != nullptr && pcb.node_count == 0;
    if (was_woken && &pcb != &destroyed && pcb.obligation->to == where) last = false;
  });
  if (last) wake_waiters(&runtime, lock, kFirst);
}

// Switches. Waits at least once, as one who wants this kind, until take() says that it has it.
// False: the LWP is to be cancelled, and has not got the lock.
template <typename AnyLock, typename Take>
[[nodiscard]] bool wait_for(Runtime& runtime, AnyLock& lock, LockKind kind, Take take) noexcept {
  const Waiters waiters = kind == LockKind::read ? Waiters::readers : Waiters::others;
  const void* const event = event_of(lock, waiters);
  const Obligation obligation = {waiters == Waiters::readers ? pass_on<AnyLock, Waiters::others>
                                                             : pass_on<AnyLock, Waiters::readers>,
                                 &lock};
  const bool counted = lock.num_waiting != kMost;
  if (counted) ++lock.num_waiting;
  Pcb& self = *runtime.current;
  self.rare_in_use = true;
  self.obligation = &obligation;
  bool taken;
  do {
    lock.wait_states |= bits(kind);
    if (LWP_LIKELY(may_block_plainly(runtime) && runtime.events.has_room())) {
      block_plainly_on_event(runtime, event);
    } else {
      (void)block_on_events(runtime, &event, 1, 1);
    }
    if (LWP_UNLIKELY(wait_was_cut(self))) {
      make_way(runtime, lock, waiters);
      taken = false;
      break;
    }
    taken = take();
  } while (!taken);
  self.obligation = nullptr;
  // None left to subtract from if the program has made the lock anew meanwhile.
  if (counted && lock.num_waiting > 0) --lock.num_waiting;
  return taken;
}

// Never switches. Does nothing if nobody reads.
template <typename AnyLock>
void release_read(Runtime* runtime, AnyLock& lock) noexcept {
  if (lock.readers_reading == 0) return;
  const bool was_full = lock.readers_reading == kMost;
  --lock.readers_reading;
  // The writer reads its own lock: nobody else can have it before that is released.
  if ((lock.excl_locked & WRITE_LOCK) != 0) return;
  if (lock.readers_reading == 0) {
    wake_waiters(runtime, lock, Waiters::others);
  } else if (was_full && (lock.wait_states & EXCL_LOCKS) == 0) {
    // A reader may have come to the full lock. Writers that wait would go first: not yet.
    (void)wake(runtime, lock, Waiters::readers);
  }
}

}  // namespace lwp
