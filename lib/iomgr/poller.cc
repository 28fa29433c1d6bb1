// SPDX-License-Identifier: MIT
#include "iomgr/poller.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace lwp {

namespace {

// Into a longer sleep after which all registrations are confirmed once: soon enough for a
// program that closed a descriptor under a waiting LWP, seldom enough not to show.
constexpr std::int64_t kConfirmAfterNs = 100000000;

constexpr std::uint32_t kAlwaysReported = EPOLLERR | EPOLLHUP;
constexpr std::uint32_t kEdges = EPOLLET;
// Reported for a descriptor that is not open any more; the waiting LWP finds out by itself why.
constexpr std::uint32_t kClosed = EPOLLERR;

}  // namespace

bool Poller::open_set() noexcept {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  wake_fd_->store(wake_fd);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_fd;
  return epoll_ >= 0 && wake_fd >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd, &event) == 0;
}

void Poller::close_set() noexcept {
  const int wake_fd = wake_fd_->exchange(-1);
  if (wake_fd >= 0) close(wake_fd);
  if (epoll_ >= 0) close(epoll_);
  epoll_ = -1;
}

bool Poller::start(std::atomic<int>& ret_wake_fd) noexcept {
  wake_fd_ = &ret_wake_fd;
  if (sentinel_.start() && open_set()) return true;
  stop();
  return false;
}

void Poller::stop() noexcept {
  close_set();
  sentinel_.stop();
  free(places_);
  places_ = nullptr;
  place_count_ = 0;
}

bool Poller::make_room(int fd) noexcept {
  if (fd < place_count_) return true;
  constexpr int kFirst = 64;
  int wanted = place_count_ == 0 ? kFirst : place_count_;
  while (wanted <= fd) wanted *= 2;
  // Interests do not point to their places, so these may move.
  auto* const bigger =
      static_cast<Place*>(realloc(places_, static_cast<std::size_t>(wanted) * sizeof(Place)));
  if (bigger == nullptr) return false;
  memset(static_cast<void*>(bigger + place_count_), 0,
         static_cast<std::size_t>(wanted - place_count_) * sizeof(Place));
  places_ = bigger;
  place_count_ = wanted;
  return true;
}

// Registers, whatever the kernel thinks is registered now. 0 or errno.
int Poller::enter(int fd, std::uint32_t events) noexcept {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  const bool known = places_[fd].registered != 0;
  if (epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    // Closed and opened again since, or never taken out.
    const bool other = errno == ENOENT || errno == EEXIST;
    if (!other || epoll_ctl(epoll_, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) {
      places_[fd].registered = 0;
      return errno;
    }
  }
  places_[fd].registered = events;
  return 0;
}

void Poller::remove(int fd) noexcept {
  places_[fd].registered = 0;
  epoll_event unused = {};
  if (epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &unused) == 0) return;
  // It has reported something, so it is in the set, yet the number means nothing any more: the
  // descriptor was closed, but a duplicate keeps the file open. Only a new set is rid of it.
  rebuild();
}

void Poller::rebuild() noexcept {
  close_set();
  LWP_CHECK(open_set());  // the descriptors that it needs have just been given back
  for (int fd = 0; fd < place_count_; ++fd) {
    Place& place = places_[fd];
    place.registered = 0;
    if (!place.interests.empty() && !place.always_ready) (void)enter(fd, wanted(place));
  }
  unconfirmed_count_ = 0;
  all_confirmed_ = false;
}

std::uint32_t Poller::wanted(const Place& place) const noexcept {
  std::uint32_t events = 0;
  for (FdInterest* i = place.interests.front(); i != nullptr; i = Interests::next(*i)) {
    events |= i->wanted;
  }
  return events;
}

int Poller::watch(FdInterest& interest) noexcept {
  if (interest.fd < 0) return EBADF;
  if (!make_room(interest.fd)) return ENOMEM;
  if (sentinel_.forked()) rebuild();
  Place& place = places_[interest.fd];
  place.always_ready = false;
  const bool covered = (place.registered & interest.wanted) == interest.wanted;
  if (!covered || (place.registered & kEdges) != 0) {
    const int error = enter(interest.fd, (place.registered & ~kEdges) | interest.wanted);
    if (error == EPERM) {
      place.always_ready = true;
    } else if (error != 0) {
      return error;
    }
  } else if (unconfirmed_count_ < kUnconfirmed) {
    unconfirmed_[unconfirmed_count_++] = interest.fd;
  }
  all_confirmed_ = false;
  interest.reported = 0;
  place.interests.push_back(interest);
  ++interest_count_;
  if (place.always_ready) ++always_ready_count_;
  return 0;
}

void Poller::unwatch(FdInterest& interest) noexcept {
  Place& place = places_[interest.fd];
  place.interests.erase(interest);
  --interest_count_;
  if (place.always_ready) --always_ready_count_;
}

void Poller::report(int fd, std::uint32_t events, OnReady on_ready, void* context) noexcept {
  Place& place = places_[fd];
  if (place.interests.empty()) {
    remove(fd);
    return;
  }
  bool satisfied = false;
  for (FdInterest *i = place.interests.front(), *next; i != nullptr; i = next) {
    next = Interests::next(*i);
    i->reported = events & (i->wanted | kAlwaysReported);
    // An error or a hang-up is of interest to those who read or write.
    const bool counts = (i->wanted & (EPOLLIN | EPOLLOUT)) != 0 || (i->reported & i->wanted) != 0;
    if (i->reported == 0 || !(counts || events == kClosed)) continue;
    satisfied = true;
    on_ready(context, *i);
  }
  if (satisfied) return;
  // Registered for more than is wanted now; or an error that nobody here asked for, which would be
  // reported for ever: then only changes are.
  const std::uint32_t now_wanted = wanted(place);
  (void)enter(fd, place.registered == now_wanted ? now_wanted | kEdges : now_wanted);
}

bool Poller::report_always_ready(OnReady on_ready, void* context) noexcept {
  if (always_ready_count_ == 0) return false;
  for (int fd = 0; fd < place_count_; ++fd) {
    if (places_[fd].always_ready && !places_[fd].interests.empty()) {
      report(fd, EPOLLIN | EPOLLOUT, on_ready, context);
    }
  }
  return true;
}

// Returns whether it had to report: the descriptor is closed, and those who wait are to know.
bool Poller::confirm(int fd, OnReady on_ready, void* context) noexcept {
  Place& place = places_[fd];
  if (place.interests.empty() || place.registered == 0 || place.always_ready) return false;
  const int error = enter(fd, place.registered);
  if (error == 0) return false;
  report(fd, kClosed, on_ready, context);
  return true;
}

bool Poller::confirm_new(OnReady on_ready, void* context) noexcept {
  bool reported = false;
  if (unconfirmed_count_ == kUnconfirmed) reported = confirm_all(on_ready, context);
  for (int i = 0; i < unconfirmed_count_; ++i) {
    reported |= confirm(unconfirmed_[i], on_ready, context);
  }
  unconfirmed_count_ = 0;
  return reported;
}

bool Poller::confirm_all(OnReady on_ready, void* context) noexcept {
  bool reported = false;
  for (int fd = 0; fd < place_count_; ++fd) reported |= confirm(fd, on_ready, context);
  unconfirmed_count_ = 0;
  all_confirmed_ = true;
  return reported;
}

// The number of events, 0 if interrupted.
int Poller::sleep(std::int64_t deadline) noexcept {
  if (deadline == 0) return epoll_wait(epoll_, events_, kBatch, 0);
  timespec relative = {};
  const timespec* timeout = nullptr;
  if (deadline != kNever) {
    const std::int64_t now = monotonic_ns();
    const std::int64_t ns = deadline > now ? deadline - now : 0;
    relative = {ns / kNsPerSecond, ns % kNsPerSecond};
    timeout = &relative;
  }
  const int count = epoll_pwait2(epoll_, events_, kBatch, timeout, nullptr);
  if (count >= 0 || errno != ENOSYS) return count;
  const std::int64_t ms =
      timeout == nullptr ? -1 : relative.tv_sec * 1000 + (relative.tv_nsec + 999999) / 1000000;
  return epoll_wait(epoll_, events_, kBatch, static_cast<int>(ms < 86400000 ? ms : 86400000));
}

void Poller::wait(std::int64_t deadline, OnReady on_ready, void* context) noexcept {
  if (sentinel_.forked()) rebuild();
  if (report_always_ready(on_ready, context)) deadline = 0;
  if (deadline != 0 && confirm_new(on_ready, context)) deadline = 0;
  bool confirm_later = false;
  if (deadline != 0 && interest_count_ > 0 && !all_confirmed_) {
    const std::int64_t soon = monotonic_ns() + kConfirmAfterNs;
    confirm_later = soon < deadline;
    if (confirm_later) deadline = soon;
  }
  const int count = sleep(deadline);
  for (int i = 0; i < count; ++i) {
    const int fd = events_[i].data.fd;
    if (fd == wake_fd_->load(std::memory_order_relaxed)) {
      std::uint64_t value;
      if (read(fd, &value, sizeof value) < 0) continue;
    } else {
      report(fd, events_[i].events, on_ready, context);
    }
  }
  if (count == 0 && confirm_later) (void)confirm_all(on_ready, context);
}

}  // namespace lwp
