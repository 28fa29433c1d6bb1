// SPDX-License-Identifier: MIT
#include "iomgr/socket_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "iomgr/io_manager.h"
#include "iomgr/select.h"
#include "iomgr/socket_kind.h"

namespace lwp {

namespace {

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// What poll says of it at once; 0: nothing.
short look_at(int fd, std::uint32_t events) noexcept {
  pollfd look = {fd, static_cast<short>(events), 0};
  return poll(&look, 1, 0) > 0 ? look.revents : short{0};
}

// For what nothing tells of: to be tried again and again, less and less often.
class Pauses {
 public:
  // 0 or an errno. These events, if there are any, end it, but no error does.
  int take(Runtime& runtime, int fd, std::uint32_t events) noexcept {
    FdInterest interest;
    interest.fd = fd;
    interest.wanted = interest.ends = events;
    IoRequest request;
    request.interests = &interest;
    request.interest_count = events != 0 ? 1 : 0;
    request.deadline = deadline_after(next_ns_);
    if (const int error = watch_all(runtime, request); error != 0) return error;
    if (block_on_io(runtime, request) == IoOutcome::cancelled) return ECANCELED;
    next_ns_ = next_ns_ < kLongestNs / 2 ? next_ns_ * 2 : kLongestNs;
    return 0;
  }

 private:
  static constexpr std::int64_t kLongestNs = 50000000;
  std::int64_t next_ns_ = 1000000;
};

// Calls attempt() until it does anything but block. EINTR is the handler's wish
// only outside the library, where these calls do not wait: here it just means "again".
// [Some files say "ready" to what would block all the same: a datagram socket of which the queue of
// the addressee is full, an event counter to which so much can not be added. And while nobody reads
// its error queue, a socket reports an error that no call tells of.]
template <typename Attempt>
ssize_t until_done(Runtime& runtime, int fd, std::uint32_t events, bool may_wait, int* ret_errno,
                   Attempt attempt, bool wait_first = false) noexcept {
  Pauses pauses;
  bool in_vain = false;
  for (bool waited = false;; waited = true) {
    if (!wait_first) {
      ssize_t result;
      do {
        result = attempt();
      } while (result < 0 && errno == EINTR);
      if ((waited || result == 0) && runtime.io != nullptr) {
        runtime.io->poller.prove(fd, result > 0);
      }
      if (result >= 0) return result;
      *ret_errno = errno;
      if (!may_wait || !would_block(errno)) return -1;
    }
    wait_first = false;
    const auto seen = static_cast<std::uint32_t>(waited ? look_at(fd, events) : 0);
    if (LWP_UNLIKELY(seen != 0)) {
      const bool is_ready = (seen & events) != 0;
      // If it is, that may have come about just now.
      const bool again = is_ready && !in_vain;
      if (!again && (*ret_errno = pauses.take(runtime, fd, is_ready ? 0 : events)) != 0) return -1;
      in_vain = true;
      continue;
    }
    constexpr bool kRetried = true;
    if (const int error = block_on_fd(runtime, fd, events, kRetried); error != 0) {
      *ret_errno = error;
      return -1;
    }
  }
}

// It is not open for what is asked of it, so the call fails, and poll will never say "ready".
bool is_refused(int fd, short events) noexcept {
  const int mode = fcntl(fd, F_GETFL) & O_ACCMODE;
  return mode == (events == POLLIN ? O_WRONLY : O_RDONLY);
}

// Does nothing that blocks on a descriptor that can not be asked not to: says EAGAIN until it is
// ready.
template <typename Call>
ssize_t if_ready(int fd, short events, Call call) noexcept {
  pollfd look = {fd, events, 0};
  const int ready = poll(&look, 1, 0);
  if (ready < 0) return -1;
  if (ready == 0 && !is_refused(fd, events)) {
    errno = EAGAIN;
    return -1;
  }
  return call();
}

// Makes a call that would block for good and can not be asked not to; puts the file's mode back
// afterwards. Nobody else runs in between: not in this kernel thread.
template <typename Call>
auto without_blocking(int fd, Call call) noexcept -> decltype(call()) {
  const int mode = fcntl(fd, F_GETFL);
  if (mode < 0) return -1;
  if ((mode & O_NONBLOCK) != 0) return call();
  fcntl(fd, F_SETFL, mode | O_NONBLOCK);
  const auto result = call();
  const int keep_errno = errno;
  fcntl(fd, F_SETFL, mode);
  errno = keep_errno;
  return result;
}

// A write to what is no socket.
ssize_t write_ready(int fd, const void* buffer, std::size_t size) noexcept {
  if (size == 0) return write(fd, buffer, 0);
  struct stat status;
  if (fstat(fd, &status) != 0) return -1;
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return write(fd, buffer, size);
  // What has no type, as timers have none, never says "ready" if it can not be written to at all.
  if ((status.st_mode & S_IFMT) == 0) {
    return without_blocking(fd, [&] { return write(fd, buffer, size); });
  }
  return if_ready(fd, POLLOUT, [&]() -> ssize_t {
    // A terminal says "ready" when it takes a little, and then blocks until it has all.
    if (!S_ISFIFO(status.st_mode)) {
      return without_blocking(fd, [&] { return write(fd, buffer, size); });
    }
    return write(fd, buffer, size < PIPE_BUF ? size : PIPE_BUF);
  });
}

bool is_local(const sockaddr* address, socklen_t length) noexcept {
  return length >= sizeof address->sa_family && address->sa_family == AF_UNIX;
}

int finish_connecting(Runtime& runtime, int fd, int* ret_errno) noexcept {
  if (const int error = block_on_fd(runtime, fd, EPOLLOUT, false); error != 0) {
    *ret_errno = error;
    return -1;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  *ret_errno = error;
  return error == 0 ? 0 : -1;
}

// Nothing can be read any more, but for an error, perhaps.
bool is_at_end(int fd) noexcept {
  int bytes = 0;
  return (look_at(fd, 0) & POLLHUP) != 0 && ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 0;
}

}  // namespace

ssize_t receive(Runtime& runtime, int fd, void* buffer, std::size_t size, int flags,
                sockaddr* address, socklen_t* length, int* ret_errno) noexcept {
  // What waits in the error queue is never waited for.
  const bool may_wait = (flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) == 0;
  if ((flags & MSG_OOB) != 0) runtime.io->poller.note_urgent(fd);
  const std::uint32_t events = (flags & MSG_OOB) != 0 ? EPOLLPRI : EPOLLIN;
  bool is_first = true;
  const auto receive_some = [&](void* to, std::size_t room) {
    return until_done(runtime, fd, events, may_wait, ret_errno, [&]() -> ssize_t {
      // An error, which is told once, is left to the next call.
      if (!is_first && is_at_end(fd)) return 0;
      return recvfrom(fd, to, room, flags | MSG_DONTWAIT, address, length);
    });
  };
  const ssize_t first = receive_some(buffer, size);
  const bool wants_all = (flags & MSG_WAITALL) != 0 && (flags & MSG_PEEK) == 0 && may_wait;
  if (!wants_all || first <= 0 || !is_stream_socket(fd)) return first;
  auto done = static_cast<std::size_t>(first);
  is_first = false;
  address = nullptr;  // *length says now how long it was, not how much room there is
  length = nullptr;
  while (done < size) {
    const ssize_t more = receive_some(static_cast<char*>(buffer) + done, size - done);
    if (more <= 0) break;
    done += static_cast<std::size_t>(more);
  }
  return static_cast<ssize_t>(done);
}

ssize_t transmit(Runtime& runtime, int fd, const void* buffer, std::size_t size, int flags,
                 const sockaddr* address, socklen_t length, int* ret_errno) noexcept {
  return until_done(runtime, fd, EPOLLOUT, (flags & MSG_DONTWAIT) == 0, ret_errno, [&] {
    return sendto(fd, buffer, size, flags | MSG_DONTWAIT, address, length);
  });
}

ssize_t read_some(Runtime& runtime, int fd, void* buffer, std::size_t size,
                  int* ret_errno) noexcept {
  bool is_socket = size > 0;  // a socket has no word for "read nothing", which does not wait
  const bool is_drained =
      is_socket && runtime.io->poller.take_drained(fd) && have_manager_come_next(runtime);
  const auto attempt = [&]() -> ssize_t {
    if (is_socket) {
      const ssize_t result = recv(fd, buffer, size, MSG_DONTWAIT);
      if (result >= 0 || errno != ENOTSOCK) return result;
      is_socket = false;
    }
    if (size == 0) return read(fd, buffer, 0);
    return if_ready(fd, POLLIN, [&] { return read(fd, buffer, size); });
  };
  const ssize_t result = until_done(runtime, fd, EPOLLIN, true, ret_errno, attempt, is_drained);
  const bool is_short = result > 0 && static_cast<std::size_t>(result) < size;
  if (is_short && runtime.io != nullptr) runtime.io->poller.note_short_read(fd);
  return result;
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
    return write_ready(fd, buffer, size);
  });
}

int accept_one(Runtime& runtime, int fd, sockaddr* address, socklen_t* length,
               int* ret_errno) noexcept {
  const auto attempt = [&]() -> ssize_t {
    return without_blocking(fd, [&] { return accept(fd, address, length); });
  };
  const ssize_t accepted = until_done(runtime, fd, EPOLLIN, true, ret_errno, [&]() -> ssize_t {
    const ssize_t result = if_ready(fd, POLLIN, attempt);
    const bool waits = result < 0 && would_block(errno);
    return waits && !is_listener(fd) ? attempt() : result;
  });
  const int connection = static_cast<int>(accepted);
  if (connection >= 0 && runtime.io != nullptr) runtime.io->poller.forget(connection);
  return connection;
}

int connect_one(Runtime& runtime, int fd, const sockaddr* address, socklen_t length,
                int* ret_errno) noexcept {
  Pauses pauses;
  runtime.io->poller.forget(fd);
  while (without_blocking(fd, [&] { return connect(fd, address, length); }) != 0) {
    *ret_errno = errno;
    if (errno == EINPROGRESS || errno == EALREADY) return finish_connecting(runtime, fd, ret_errno);
    if (errno != EAGAIN || !is_local(address, length)) return -1;
    // The listener's queue is full, and nothing tells when it no longer is.
    if (*ret_errno = pauses.take(runtime, fd, 0); *ret_errno != 0) return -1;
  }
  return 0;
}

}  // namespace lwp
