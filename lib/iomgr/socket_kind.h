// SPDX-License-Identifier: MIT
// socket_kind.h - what kind of socket a descriptor is.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace lwp {

// Of the socket level; -1 if the descriptor has none.
inline int socket_option(int fd, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// Also false for what is no socket.
inline bool is_stream_socket(int fd) noexcept { return socket_option(fd, SO_TYPE) == SOCK_STREAM; }

// Whether connections may come to it.
inline bool is_listener(int fd) noexcept { return socket_option(fd, SO_ACCEPTCONN) > 0; }

// A TCP connection of the plain kind: a read that gets less than it asked for has taken all that
// had come, and whatever comes then is reported anew. [Reads of local streams also stop where
// descriptors or credentials were sent; those of sockets on which another protocol is laid, at its
// records; those of sockets with an owner, whom SIGURG asks to read ahead, at what he has read.]
inline bool is_plain_tcp(int fd) noexcept {
  if (socket_option(fd, SO_PROTOCOL) != IPPROTO_TCP) return false;
  char upper_layer[16];
  socklen_t length = sizeof upper_layer;
  const bool plain = getsockopt(fd, IPPROTO_TCP, TCP_ULP, upper_layer, &length) != 0 || length == 0;
  return plain && fcntl(fd, F_GETOWN) == 0;
}

}  // namespace lwp
