// SPDX-License-Identifier: MIT
// registry.h - the runtimes of this process that others can reach, and the groups that were
// started.
//
// Memory:  one mapping for the life of the process, made when the first runtime becomes reachable.
//          The kernel wipes it in a forked child, lock included; where it can not, the child makes
//          another.
// Context: not in signal handlers, which know the part in sigsafe/port.h.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"
#include "sigsafe/port.h"

namespace lwp {

struct Group;  // runtimes/group.h

struct GroupPlace {
  std::uintptr_t handle = 0;  // of the group, or what the next one's will be based on
  Group* group = nullptr;
};

struct Registry : Directory {
  static constexpr std::size_t kGroups = std::size_t{1} << kIndexBits;

  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;  // for what follows, and for taking ports
  GroupPlace groups[kGroups];

  // Counts the groups whose kernel threads have all ended. Its address is an event in every
  // reachable runtime, and kernel threads without LWPs wait for it by futex(2).
  std::atomic<unsigned> ended_groups{0};
};

class RegistryLock {
 public:
  explicit RegistryLock(Registry& registry) noexcept : registry_(registry) {
    pthread_mutex_lock(&registry_.lock);
  }
  ~RegistryLock() { pthread_mutex_unlock(&registry_.lock); }
  RegistryLock(const RegistryLock&) = delete;
  RegistryLock& operator=(const RegistryLock&) = delete;

 private:
  Registry& registry_;
};

// Null if there is no memory for it.
Registry* open_registry() noexcept;

// Null if there is none in this process yet.
inline Registry* present_registry() noexcept { return static_cast<Registry*>(present_directory()); }

}  // namespace lwp
