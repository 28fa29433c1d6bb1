// SPDX-License-Identifier: MIT
// port.h - where a runtime is reached from other kernel threads and from any signal handler.
//
// Ports lie in one directory for the whole process, which is never unmapped, so a handle can be
// judged whatever has become of its runtime. Who sends is a visitor: a runtime that ends closes its
// port first and then waits until the last visitor has left, and only then frees what visitors
// touch: its ring, its zone, its group.
//
// In a forked child, where the other runtimes have no kernel threads, the directory is blank.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/message_ring.h"
#include "sigsafe/zone.h"

namespace lwp {

// All zero is a port that is closed.
struct Port {
  MessageRing ring;  // its last cache line is the owner's

  // --- written by visitors
  alignas(kCacheLine) std::atomic<int> visitors{0};
  std::atomic<int> refused_spawns{0};  // counted as work of the group, but then not sent

  // --- written by whoever opens and closes it, under the registry's lock; read by visitors while
  // it is open
  alignas(kCacheLine) std::atomic<std::uintptr_t> open{0};  // handle of its runtime; 0: closed
  Zone* zone = nullptr;
  std::atomic<int>* work = nullptr;  // of the group (runtimes/group.h); null: of none
  std::uintptr_t last_handle = 0;
  bool taken = false;

  // --- the owner's
  unsigned seen_ended_groups = 0;
  int spawns_allowed = 0;     // before its LWPs have run
  int seen_dispatches = 0;    // when that was set
  std::uint64_t put_off = 0;  // spawns without memory, the oldest in the ring; passed over
};

struct Directory {
  // A handle is the place of the port and, above that, a generation that is never 0.
  static constexpr int kIndexBits = 8;
  static constexpr std::uintptr_t kPorts = std::uintptr_t{1} << kIndexBits;

  bool wiped_on_fork = false;
  pid_t process = 0;
  Port ports[kPorts];
};

// Null until runtimes/registry.cc has made one.
extern std::atomic<Directory*> directory;

// This process's, or null.
LWP_SIGSAFE Directory* present_directory() noexcept;

enum class Delivery : std::uint8_t { sent, full, no_runtime };

// Never blocks. A spawn counts as work of the group; if there is none left there is no_runtime.
LWP_SIGSAFE Delivery send(std::uintptr_t handle, const Message& message) noexcept;

// Adds one to the work of a group. False if there was none: the group is at its end, and must not
// come to life again.
LWP_SIGSAFE bool add_work(std::atomic<int>& work) noexcept;

// The runtime of this port, if there is one, is to look after everything that others may have done.
LWP_SIGSAFE void alert(Port& port) noexcept;

}  // namespace lwp
