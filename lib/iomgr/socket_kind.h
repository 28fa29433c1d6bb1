// SPDX-License-Identifier: MIT
// socket_kind.h - what kind of socket a descriptor is.
#pragma once

#include <sys/socket.h>

namespace lwp {

// Also false for what is no socket.
inline bool is_stream_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

// Whether connections may come to it.
inline bool is_listener(int fd) noexcept {
  int listens = 0;
  socklen_t size = sizeof listens;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

}  // namespace lwp
