// SPDX-License-Identifier: MIT
#include "iomgr/select.h"

#include <errno.h>

#include "base/cache_line.h"
#include "iomgr/interest_list.h"
#include "iomgr/io_manager.h"

namespace lwp {

namespace {

// What select calls readable and writable, in the words of epoll.
constexpr std::uint32_t kReadable = EPOLLIN | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLERR;
// What poll tells unasked.
constexpr std::uint32_t kUnasked = EPOLLERR | EPOLLHUP;

bool in(int fd, const fd_set* set) noexcept { return set != nullptr && FD_ISSET(fd, set); }

void clear(const FdSets& sets) noexcept {
  for (fd_set* set : {sets.read, sets.write, sets.except}) {
    if (set != nullptr) FD_ZERO(set);
  }
}

std::uint32_t events_of(bool read, bool write, bool except) noexcept {
  return (read ? std::uint32_t{EPOLLIN} : 0) | (write ? std::uint32_t{EPOLLOUT} : 0) |
         (except ? std::uint32_t{EPOLLPRI} : 0);
}

std::uint32_t ends_of(std::uint32_t events) noexcept {
  return ((events & EPOLLIN) != 0 ? kReadable : 0) | ((events & EPOLLOUT) != 0 ? kWritable : 0) |
         (events & EPOLLPRI);
}

// The result for the only descriptor of a request, from what was reported of it.
int single_result(const FdSets& sets, const FdInterest& interest) noexcept {
  const bool read = in(interest.fd, sets.read) && (interest.reported & kReadable) != 0;
  const bool write = in(interest.fd, sets.write) && (interest.reported & kWritable) != 0;
  const bool except = in(interest.fd, sets.except) && (interest.reported & EPOLLPRI) != 0;
  clear(sets);
  if (read) FD_SET(interest.fd, sets.read);
  if (write) FD_SET(interest.fd, sets.write);
  if (except) FD_SET(interest.fd, sets.except);
  return read + write + except;
}

// Though these calls do not wait, the system ends them for a signal, as a tick, that is pending.
bool interrupted(int result) noexcept { return result < 0 && errno == EINTR; }

// The result for several, or for one that is closed: the system looks at all of them. Sets are
// left alone if nothing is ready after all.
int common_result(const FdSets& sets, int* ret_errno) noexcept {
  fd_set read;
  fd_set write;
  fd_set except;
  int result;
  do {
    copy_set(read, sets.read, sets.count);
    copy_set(write, sets.write, sets.count);
    copy_set(except, sets.except, sets.count);
    timeval at_once = {};
    result = select(sets.count, sets.read != nullptr ? &read : nullptr,
                    sets.write != nullptr ? &write : nullptr,
                    sets.except != nullptr ? &except : nullptr, &at_once);
  } while (interrupted(result));
  *ret_errno = errno;
  if (result <= 0) return result;
  if (sets.read != nullptr) *sets.read = read;
  if (sets.write != nullptr) *sets.write = write;
  if (sets.except != nullptr) *sets.except = except;
  return result;
}

bool looks_closed(const FdInterest& interest) noexcept {
  return (interest.reported & (interest.wanted | EPOLLHUP)) == 0;
}

std::uint32_t epoll_events(short poll_events) noexcept {
  return static_cast<std::uint32_t>(poll_events) &
         (EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM |
          EPOLLWRBAND);
}
static_assert(POLLIN == static_cast<int>(EPOLLIN) && POLLOUT == static_cast<int>(EPOLLOUT) &&
              POLLPRI == static_cast<int>(EPOLLPRI));

}  // namespace

int block_on_select(Runtime& runtime, const FdSets& sets, std::int64_t deadline,
                    int* ret_errno) noexcept {
  int wanted = 0;
  for_each_fd(sets, [&](int, bool, bool, bool) { ++wanted; });
  InterestList list(runtime, wanted);
  if (!list.has_memory()) {
    *ret_errno = ENOMEM;
    return -1;
  }
  for_each_fd(sets, [&](int fd, bool read, bool write, bool except) {
    const std::uint32_t events = events_of(read, write, except);
    list.add(fd, events, ends_of(events));
  });
  for (;;) {
    IoRequest request;
    list.give_to(request);
    request.deadline = deadline;
    if (const int error = watch_all(runtime, request); error != 0) {
      *ret_errno = error;
      return -1;
    }
    const IoOutcome outcome = block_on_io(runtime, request);
    if (outcome != IoOutcome::ready) {
      clear(sets);
      return outcome == IoOutcome::timed_out ? 0 : kCancelled;
    }
    const bool single = list.count() == 1 && !looks_closed(list[0]);
    const int result = single ? single_result(sets, list[0]) : common_result(sets, ret_errno);
    if (result != 0) return result;
    // Somebody else has taken what was there.
  }
}

int block_on_poll(Runtime& runtime, pollfd* fds, nfds_t count, std::int64_t deadline,
                  int* ret_errno) noexcept {
  InterestList list(runtime, static_cast<int>(count));
  if (!list.has_memory()) {
    *ret_errno = ENOMEM;
    return -1;
  }
  for (nfds_t i = 0; i < count; ++i) {
    const std::uint32_t events = epoll_events(fds[i].events);
    if (fds[i].fd >= 0) list.add(fds[i].fd, events, events | kUnasked);
  }
  for (;;) {
    int result;
    do result = poll(fds, count, 0);
    while (interrupted(result));
    *ret_errno = errno;
    if (result != 0 || deadline == 0) return result;
    IoRequest request;
    list.give_to(request);
    request.deadline = deadline;
    if (const int error = watch_all(runtime, request); error != 0) {
      *ret_errno = error;
      return -1;
    }
    const IoOutcome outcome = block_on_io(runtime, request);
    if (outcome == IoOutcome::timed_out) return 0;
    if (outcome == IoOutcome::cancelled) return kCancelled;
  }
}

int block_on_fd(Runtime& runtime, int fd, std::uint32_t events, bool retried) noexcept {
  // At most two cache lines: Poller::prefetch_waiters asks for both when the descriptor is reported.
  struct alignas(kCacheLine) {
    FdInterest interest;
    IoRequest request;
  } wait;
  static_assert(sizeof wait <= 2 * kCacheLine);
  FdInterest& interest = wait.interest;
  IoRequest& request = wait.request;
  interest.fd = fd;
  interest.wanted = events;
  interest.ends = events | kUnasked;
  interest.retried = retried;
  request.interests = &interest;
  request.interest_count = 1;
  if (const int error = watch_all(runtime, request); error != 0) return error;
  return block_on_io(runtime, request) == IoOutcome::cancelled ? ECANCELED : 0;
}

}  // namespace lwp
