// SPDX-License-Identifier: MIT
#include "iomgr/socket_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "iomgr/select.h"

namespace lwp {

namespace {

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// Calls attempt() until it does anything but block. EINTR is the handler's wish only outside the
// library, where these calls do not wait: here it just means "again".
template <typename Attempt>
ssize_t until_done(Runtime& runtime, int fd, std::uint32_t events, bool may_wait, int* ret_errno,
                   Attempt attempt) noexcept {
  for (;;) {
    const ssize_t result = attempt();
    if (result >= 0) return result;
    if (errno == EINTR) continue;
    *ret_errno = errno;
    if (!may_wait || !would_block(errno)) return -1;
    if (const int error = block_on_fd(runtime, fd, events, kNever); error != 0) {
      *ret_errno = error;
      return -1;
    }
  }
}

// Does nothing that blocks on a descriptor that is no socket: says EAGAIN until it is ready.
template <typename Call>
ssize_t if_ready(int fd, short events, Call call) noexcept {
  pollfd look = {fd, events, 0};
  const int ready = poll(&look, 1, 0);
  if (ready < 0) return -1;
  if (ready == 0) {
    errno = EAGAIN;
    return -1;
  }
  return call();
}

// Makes a call on a socket that would block for good; puts the file's mode back afterwards.
// Nobody else runs in between: not in this kernel thread.
template <typename Call>
int without_blocking(int fd, Call call) noexcept {
  const int mode = fcntl(fd, F_GETFL);
  if (mode < 0) return -1;
  if ((mode & O_NONBLOCK) != 0) return call();
  fcntl(fd, F_SETFL, mode | O_NONBLOCK);
  const int result = call();
  const int keep_errno = errno;
  fcntl(fd, F_SETFL, mode);
  errno = keep_errno;
  return result;
}

}  // namespace

ssize_t receive(Runtime& runtime, int fd, void* buffer, std::size_t size, int flags,
                sockaddr* address, socklen_t* length, int* ret_errno) noexcept {
  const std::uint32_t events = (flags & MSG_OOB) != 0 ? EPOLLPRI : EPOLLIN;
  return until_done(runtime, fd, events, (flags & MSG_DONTWAIT) == 0, ret_errno, [&] {
    return recvfrom(fd, buffer, size, flags | MSG_DONTWAIT, address, length);
  });
}

ssize_t transmit(Runtime& runtime, int fd, const void* buffer, std::size_t size, int flags,
                 const sockaddr* address, socklen_t length, int* ret_errno) noexcept {
  return until_done(runtime, fd, EPOLLOUT, (flags & MSG_DONTWAIT) == 0, ret_errno, [&] {
    return sendto(fd, buffer, size, flags | MSG_DONTWAIT, address, length);
  });
}

ssize_t read_some(Runtime& runtime, int fd, void* buffer, std::size_t size,
                  int* ret_errno) noexcept {
  bool is_socket = true;
  return until_done(runtime, fd, EPOLLIN, true, ret_errno, [&]() -> ssize_t {
    if (is_socket) {
      const ssize_t result = recv(fd, buffer, size, MSG_DONTWAIT);
      if (result >= 0 || errno != ENOTSOCK) return result;
      is_socket = false;
    }
    return if_ready(fd, POLLIN, [&] { return read(fd, buffer, size); });
  });
}

ssize_t write_some(Runtime& runtime, int fd, const void* buffer, std::size_t size,
                   int* ret_errno) noexcept {
  bool is_socket = true;
  return until_done(runtime, fd, EPOLLOUT, true, ret_errno, [&]() -> ssize_t {
    if (is_socket) {
      const ssize_t result = send(fd, buffer, size, MSG_DONTWAIT);
      if (result >= 0 || errno != ENOTSOCK) return result;
      is_socket = false;
    }
    const std::size_t fits = size < PIPE_BUF ? size : PIPE_BUF;
    return if_ready(fd, POLLOUT, [&] { return write(fd, buffer, fits); });
  });
}

int accept_one(Runtime& runtime, int fd, sockaddr* address, socklen_t* length,
               int* ret_errno) noexcept {
  return static_cast<int>(until_done(runtime, fd, EPOLLIN, true, ret_errno, [&]() -> ssize_t {
    return if_ready(fd, POLLIN, [&]() -> ssize_t {
      return without_blocking(fd, [&] { return accept(fd, address, length); });
    });
  }));
}

int connect_one(Runtime& runtime, int fd, const sockaddr* address, socklen_t length,
                int* ret_errno) noexcept {
  if (without_blocking(fd, [&] { return connect(fd, address, length); }) == 0) return 0;
  *ret_errno = errno;
  if (errno != EINPROGRESS) return -1;
  if (const int error = block_on_fd(runtime, fd, EPOLLOUT, kNever); error != 0) {
    *ret_errno = error;
    return -1;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  *ret_errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace lwp
