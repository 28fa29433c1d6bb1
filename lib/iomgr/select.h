// SPDX-License-Identifier: MIT
// select.h - waiting for sets of descriptors: select and poll for one LWP.
//
// Context: inside the library. These switch; results are those of the system calls, with -2 for
// "cancelled". On -1 *ret_errno says why.
#pragma once

#include <poll.h>
#include <sys/select.h>

#include <cstdint>

#include "core/runtime.h"

namespace lwp {

constexpr int kCancelled = -2;

struct FdSets {
  int count;  // descriptors 0 .. count - 1 are looked at
  fd_set* read;
  fd_set* write;
  fd_set* except;
};

// Always waits, until the I/O manager has looked. On timeout and cancel the sets are cleared.
int block_on_select(Runtime& runtime, const FdSets& sets, std::int64_t deadline,
                    int* ret_errno) noexcept;

// Returns at once if something is ready.
int block_on_poll(Runtime& runtime, pollfd* fds, nfds_t count, std::int64_t deadline,
                  int* ret_errno) noexcept;

// Waits until one descriptor has one of the EPOLL events, or an error. 0, or an errno: that of the
// descriptor, ECANCELED, ETIMEDOUT.
int block_on_fd(Runtime& runtime, int fd, std::uint32_t events, std::int64_t deadline) noexcept;

}  // namespace lwp
