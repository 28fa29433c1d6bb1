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

}  // namespace lwp
