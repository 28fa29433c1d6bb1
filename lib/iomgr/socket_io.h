// SPDX-License-Identifier: MIT
// socket_io.h - the system calls that move data, blocking one LWP instead of the kernel thread.
//
// Each is tried first and waits for the descriptor only if it would block. Sockets are asked not to
// block call by call, as their file may be shared with others; what is no socket is looked at with
// poll first, and writes to a pipe are cut to what it then takes without blocking. A terminal, and
// accept and connect, can not be asked so: the file's mode is changed for the time of the call.
//
// Context: inside the library. These switch if they have to wait. Results as the system calls; on
// -1 *ret_errno says why.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "core/runtime.h"

namespace lwp {

ssize_t receive(Runtime& runtime, int fd, void* buffer, std::size_t size, int flags,
                sockaddr* address, socklen_t* length, int* ret_errno) noexcept;
ssize_t transmit(Runtime& runtime, int fd, const void* buffer, std::size_t size, int flags,
                 const sockaddr* address, socklen_t length, int* ret_errno) noexcept;
ssize_t read_some(Runtime& runtime, int fd, void* buffer, std::size_t size,
                  int* ret_errno) noexcept;
ssize_t write_some(Runtime& runtime, int fd, const void* buffer, std::size_t size,
                   int* ret_errno) noexcept;
int accept_one(Runtime& runtime, int fd, sockaddr* address, socklen_t* length,
               int* ret_errno) noexcept;
int connect_one(Runtime& runtime, int fd, const sockaddr* address, socklen_t length,
                int* ret_errno) noexcept;

}  // namespace lwp
