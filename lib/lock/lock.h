// SPDX-License-Identifier: MIT
// lock.h - locks between the LWPs of one kernel thread.
//
// Each operation has two forms. The brief ones, here, are for a lock that nobody waits for: they
// look at the four counters as one word, store the new one, and are done in a nanosecond. If they
// can not, they say so and have changed nothing; the others, in lock.cc, always can.
//
// Invariant: excl_locker is not null only while the lock is held for writing. wait_states has the
//            bit of a kind from before an LWP begins to wait for it until it is woken, so whoever
//            finds no bit need not wake anybody.
// Memory:    the lock is the program's; to wait for one event allocates nothing.
// Context:   the LWPs of one kernel thread. Either form tells handlers that the library is at work
//            (sigsafe/critical.h), so nobody else runs between the look and the store.
#pragma once

#include <lwp/lock.h>

#include <cstdint>
#include <cstring>

#include "core/runtime.h"
#include "sigsafe/critical.h"

namespace lwp {

enum class LockKind : unsigned char {
  read = READ_LOCK,
  write = WRITE_LOCK,
  shared = SHARED_LOCK,
};

// What lies in the first four bytes of a Lock, as one number.
constexpr std::uint32_t lock_word(unsigned wait_states, unsigned excl_locked, unsigned readers,
                                  unsigned waiting) noexcept {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return wait_states | excl_locked << 8 | readers << 16 | waiting << 24;
#else
  return waiting | readers << 8 | excl_locked << 16 | wait_states << 24;
#endif
}

namespace detail {

constexpr std::uint32_t kWaiters = lock_word(0xff, 0, 0, 0);
constexpr std::uint32_t kWriter = lock_word(0, WRITE_LOCK, 0, 0);
constexpr std::uint32_t kSharer = lock_word(0, SHARED_LOCK, 0, 0);
constexpr std::uint32_t kExclusive = lock_word(0, 0xff, 0, 0);
constexpr std::uint32_t kReader = lock_word(0, 0, 1, 0);
constexpr std::uint32_t kReaders = lock_word(0, 0, 0xff, 0);

LWP_ALWAYS_INLINE std::uint32_t load(const Lock& lock) noexcept {
  std::uint32_t word;
  memcpy(&word, &lock, sizeof word);
  return word;
}

LWP_ALWAYS_INLINE void store(Lock& lock, std::uint32_t word) noexcept {
  memcpy(&lock, &word, sizeof word);
}

// Null before LWP_Init: the kernel thread is one LWP then.
LWP_ALWAYS_INLINE PROCESS self() noexcept {
  const Runtime* const runtime = this_runtime();
  return LWP_LIKELY(runtime != nullptr) ? runtime->current->handle : nullptr;
}

}  // namespace detail

LWP_ALWAYS_INLINE bool obtain_read_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  const std::uint32_t word = detail::load(lock);
  if ((word & (detail::kWriter | detail::kWaiters)) != 0) return false;
  if ((word & detail::kReaders) == detail::kReaders) return false;
  detail::store(lock, word + detail::kReader);
  return true;
}

LWP_ALWAYS_INLINE bool obtain_write_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  if (detail::load(lock) != 0) return false;
  detail::store(lock, detail::kWriter);
  lock.excl_locker = detail::self();
  return true;
}

LWP_ALWAYS_INLINE bool obtain_shared_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  const std::uint32_t word = detail::load(lock);
  if ((word & (detail::kExclusive | detail::kWaiters)) != 0) return false;
  detail::store(lock, word | detail::kSharer);
  return true;
}

LWP_ALWAYS_INLINE bool release_read_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  const std::uint32_t word = detail::load(lock);
  if ((word & detail::kReaders) == 0 || (word & detail::kWaiters) != 0) return false;
  detail::store(lock, word - detail::kReader);
  return true;
}

LWP_ALWAYS_INLINE bool release_write_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  if (detail::load(lock) != detail::kWriter) return false;
  lock.excl_locker = nullptr;
  detail::store(lock, 0);
  return true;
}

LWP_ALWAYS_INLINE bool release_shared_briefly(Lock& lock) noexcept {
  const critical::Brief brief;
  const std::uint32_t word = detail::load(lock);
  if ((word & detail::kSharer) == 0 || (word & detail::kWaiters) != 0) return false;
  detail::store(lock, word - detail::kSharer);
  return true;
}

// Inside the library. Switches if it has to wait; runtime is null where nobody can. False: a
// cancellation has ended the wait (core/cancel.h).
[[nodiscard]] bool obtain_lock(Runtime* runtime, Lock& lock, LockKind kind) noexcept;

// Inside the library. These never switch.
void release_lock(Runtime* runtime, Lock& lock, LockKind kind) noexcept;

// Those who wait on one event: for reading, or for the other kinds. See waiting.h.
enum class Waiters : unsigned char { readers = READ_LOCK, others = EXCL_LOCKS };

}  // namespace lwp
