// SPDX-License-Identifier: MIT
// renewal.cc - the part of the poller that opens its own descriptors, and opens them anew.
#include <poll.h>
#include <sys/eventfd.h>

#include "base/own_descriptor.h"
#include "iomgr/poller.h"

namespace lwp {

bool Poller::open_wake_fd() noexcept {
  int fd = wake_fd_->load();
  const bool opened = open_own(fd, [] { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
  wake_fd_->store(fd);
  return opened;
}

// If there is none to get, the old one stays as it is.
bool Poller::open_set() noexcept {
  if (!open_own(epoll_, [] { return epoll_create1(EPOLL_CLOEXEC); })) return false;
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLET;  // so that nothing need be read
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

// What the program has closed.
void Poller::forget_lost() noexcept {
  int wake_fd = wake_fd_->load();
  forget_if_lost(wake_fd);
  wake_fd_->store(wake_fd);
  alarm_.forget_lost();
  forget_if_lost(epoll_);
}

// What fails now is tried again when the manager sleeps.
void Poller::replace_lost() noexcept {
  forget_lost();
  if (epoll_ < 0 || wake_fd_->load() < 0 || !alarm_.is_open()) (void)renew_set();
}

void Poller::close_all() noexcept {
  alarm_.close();
  close_own(epoll_);
  int wake_fd = wake_fd_->exchange(-1);
  close_own(wake_fd);
}

void Poller::stop() noexcept {
  close_all();
  sentinel_.stop();
  unmap_memory(block_, places_, static_cast<std::size_t>(place_count_) * sizeof(Place));
  places_ = nullptr;
  place_count_ = 0;
}

void Poller::leave_set_to_parent() noexcept {
  forget_lost();
  if (open_wake_fd() && alarm_.open() && renew_set()) return;
  close_all();  // rather none than the parent's
  set_is_spoilt_ = true;
}

// The wake-up descriptor stays, as a handler on another kernel thread may be about to write to it.
bool Poller::renew_set() noexcept {
  set_is_spoilt_ = true;  // until all is done
  forget_lost();
  if (wake_fd_->load() < 0 && !open_wake_fd()) return false;
  if (!alarm_.is_open() && !alarm_.open()) return false;
  if (!open_set()) return false;
  for (int fd = 0; fd < place_count_; ++fd) {
    Place& place = places_[fd];
    place.known = false;
    if (!place.interests.empty()) (void)enter(fd, wanted(place));  // else confirmed later
  }
  set_is_spoilt_ = false;
  doubt();
  return true;
}

void Poller::sleep_without_set() noexcept {
  constexpr int kMilliseconds = 1;
  (void)poll(nullptr, 0, kMilliseconds);
}

}  // namespace lwp
