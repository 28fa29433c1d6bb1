// SPDX-License-Identifier: MIT
// select.h - waiting for sets of descriptors: select and poll for one LWP.
//
// Context: inside the library. These switch; results are those of the system calls, with -2 for
// "cancelled". On -1 *ret_errno says why.
#pragma once

#include <poll.h>

#include <cstdint>

#include "core/runtime.h"
#include "iomgr/fd_sets.h"

namespace lwp {

constexpr int kCancelled = -2;

// Always waits, until the I/O manager has looked. On timeout and cancel the sets are cleared.
int block_on_select(Runtime& runtime, const FdSets& sets, std::int64_t deadline,
                    int* ret_errno) noexcept;

// Returns at once if something is ready.
int block_on_poll(Runtime& runtime, pollfd* fds, nfds_t count, std::int64_t deadline,
                  int* ret_errno) noexcept;

// Waits until one descriptor has one of the EPOLL events, or an error. 0, or an errno: that of the
// descriptor, ECANCELED. `retried`: the caller then tries what would have blocked, so that it does
// no harm if it would still.
int block_on_fd(Runtime& runtime, int fd, std::uint32_t events, bool retried) noexcept;

}  // namespace lwp
