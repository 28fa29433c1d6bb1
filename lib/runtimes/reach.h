// SPDX-License-Identifier: MIT
// reach.h - makes a runtime one that other kernel threads can reach, and delivers what they send.
//
// Context: inside the library, on the runtime's own kernel thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

constexpr int kDefaultInbox = 1024;
constexpr int kLargestInbox = 1 << 20;

// Gives the runtime a port with room for `inbox` messages, raised to a power of two, and starts the
// I/O manager, which sleeps when nobody is ready. work: see Port. Rc::no_memory (also if as many
// runtimes as there are ports are reachable); Rc::system.
Rc open_port(Runtime& runtime, int inbox, std::atomic<int>* work) noexcept;

// From now on the runtime's handle is refused. What has not been delivered is dropped.
void close_port(Runtime& runtime) noexcept;

// 0 if the runtime has no port; nor has it in a forked child, until it opens one again.
std::uintptr_t handle_of(const Runtime& runtime) noexcept;

}  // namespace lwp
