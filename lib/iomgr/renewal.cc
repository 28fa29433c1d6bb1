// SPDX-License-Identifier: MIT
// renewal.cc - the part of the poller that opens its own descriptors, and opens them anew.
#include <sys/eventfd.h>

#include "base/check.h"
#include "base/own_descriptor.h"
#include "iomgr/poller.h"

namespace lwp {

bool Poller::open_wake_fd() noexcept {
  int fd = wake_fd_->load();
  const bool opened = open_own(fd, [] { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
  wake_fd_->store(fd);
  return opened;
}

bool Poller::open_set() noexcept {
  if (!open_own(epoll_, [] { return epoll_create1(EPOLL_CLOEXEC); })) return false;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = kWakeUp;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_fd_->load(), &event) == 0 &&
         alarm_.join(epoll_, kAlarm);
}

bool Poller::start(std::atomic<int>& ret_wake_fd, BlockHeap* block) noexcept {
  block_ = block;
  wake_fd_ = &ret_wake_fd;
  if (sentinel_.start(block == nullptr) && open_wake_fd() && alarm_.open() && open_set()) {
    return true;
  }
  stop();
  return false;
}

void Poller::stop() noexcept {
  alarm_.close();
  close_own(epoll_);
  int wake_fd = wake_fd_->exchange(-1);
  close_own(wake_fd);
  sentinel_.stop();
  unmap_memory(block_, places_, static_cast<std::size_t>(place_count_) * sizeof(Place));
  places_ = nullptr;
  place_count_ = 0;
}

bool Poller::leave_parent() noexcept {
  if (!sentinel_.forked()) return false;
  LWP_CHECK(open_wake_fd() && alarm_.open());
  renew_set();
  return true;
}

// The wake-up descriptor stays, as a handler on another kernel thread may be about to write to it.
void Poller::renew_set() noexcept {
  LWP_CHECK(open_set());
  for (int fd = 0; fd < place_count_; ++fd) {
    Place& place = places_[fd];
    place.known = false;
    if (!place.interests.empty()) (void)enter(fd, wanted(place));  // else confirmed later
  }
  set_is_spoilt_ = false;
  doubt();
}

}  // namespace lwp
