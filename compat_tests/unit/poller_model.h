// SPDX-License-Identifier: MIT
// poller_model.h - a poller and those who wait with it for TCP connections, for cases: whoever is
// not told of what is there, by the system's poll, makes them fail.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "child_case.h"
#include "iomgr/poller.h"
#include "tcp_case.h"

namespace poller_model {

using lwp::FdInterest;
using lwp::Poller;

inline short ready_for(int fd, short events) {
  pollfd look = {fd, events, 0};
  expect(poll(&look, 1, 0) >= 0);
  return look.revents;
}

// One who waits for a connection.
struct Waiter {
  enum class Does { nothing, waits, was_told };
  FdInterest interest;
  Does does = Does::nothing;
};

// A poller, and those whom it tells.
class Looker {
 public:
  Looker() { expect(poller_->start(wake_fd_, nullptr)); }
  ~Looker() { poller_->stop(); }
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  Poller* operator->() { return poller_.get(); }

  // So many are not told, for want of room.
  void look(int refused = 0) {
    refused_ = refused;
    told_.clear();
    poller_->wait({0}, tell, this);
    for (FdInterest* const each : told_) end_wait(*each);
  }

  void wait_for(Waiter& waiter, int fd, std::uint32_t wanted, bool retried) {
    waiter.interest.fd = fd;
    waiter.interest.wanted = wanted;
    waiter.interest.ends = wanted | EPOLLERR | EPOLLHUP;
    waiter.interest.retried = retried;
    expect_int(poller_->watch(waiter.interest), 0);
    waiter.does = Waiter::Does::waits;
  }
  void withdraw(Waiter& waiter) {
    if (waiter.does == Waiter::Does::waits) poller_->unwatch(waiter.interest);
    waiter.does = Waiter::Does::nothing;
  }

 private:
  static bool tell(void* self, FdInterest& interest) {
    auto& looker = *static_cast<Looker*>(self);
    if (looker.refused_-- > 0) return false;
    looker.told_.push_back(&interest);
    return true;
  }

  void end_wait(FdInterest& interest) {
    static_assert(offsetof(Waiter, interest) == 0);
    auto& waiter = reinterpret_cast<Waiter&>(interest);
    poller_->unwatch(interest);
    waiter.does = Waiter::Does::was_told;
    // Only who tries again is told what need not be so.
    const auto events = static_cast<short>(interest.wanted);
    if (!interest.retried) expect((ready_for(interest.fd, events) & interest.reported) != 0);
  }

  std::unique_ptr<Poller> poller_ = std::make_unique<Poller>();
  std::atomic<int> wake_fd_{-1};
  int refused_ = 0;
  std::vector<FdInterest*> told_;
};

constexpr std::size_t kMuch = 64;  // bytes; more than a message has

// One end of a connection, on which several may wait; the other end, which talks.
class Connection {
 public:
  static constexpr unsigned kWaiters = 3;

  explicit Connection(Looker& looker) : looker_(looker) {
    expect(connect_pair(&ends_[0], &ends_[1]));
    looker->forget(fd());
  }
  ~Connection() {
    for (Waiter& each : waiters_) looker_.withdraw(each);
    close(ends_[0]);
    close(ends_[1]);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return ends_[0]; }
  Waiter& waiter(unsigned i) { return waiters_[i]; }
  bool waits(unsigned i) const { return waiters_[i].does == Waiter::Does::waits; }
  bool was_told(unsigned i) const { return waiters_[i].does == Waiter::Does::was_told; }

  int there() const { return bytes_there(fd()); }
  void come(std::size_t bytes, int flags = 0) const {
    const std::string text(bytes, 'x');
    const int before = there();
    if (before > 10000) return;
    expect(send(ends_[1], text.data(), bytes, flags) == static_cast<ssize_t>(bytes));
    // It has come by now, or soon. [What is behind an urgent byte is not counted.]
    for (int i = 0; i < 1000 && there() == before; ++i) continue;
  }
  void hang_up() const { shutdown(ends_[1], SHUT_WR); }

  void wait_for(unsigned i, std::uint32_t wanted, bool retried) {
    looker_.wait_for(waiters_[i], fd(), wanted, retried);
  }

  // As LWPX_Read; or the rest of it, by who was told.
  void read(unsigned i, std::size_t size = kMuch) {
    char buffer[kMuch];
    const bool has_waited = was_told(i);
    waiters_[i].does = Waiter::Does::nothing;
    if (!has_waited && looker_->take_drained(fd())) return wait_for(i, EPOLLIN, true);
    const ssize_t got = recv(fd(), buffer, size, MSG_DONTWAIT);
    if (has_waited || got == 0) looker_->prove(fd(), got > 0);
    if (got > 0 && static_cast<std::size_t>(got) < size) looker_->note_short_read(fd());
    if (got < 0) wait_for(i, EPOLLIN, true);
  }
  void read_otherwise(std::size_t size, int flags = 0) const {
    char buffer[kMuch];
    (void)recv(fd(), buffer, size, flags | MSG_DONTWAIT);
  }

  // Short messages that are waited for, and read at once.
  void converse(int messages) {
    for (int i = 0; i < messages; ++i) {
      read(0);
      expect(waits(0));
      come(5);
      look();
      read(0);
      expect_int(there(), 0);
    }
  }

  void look() {
    looker_.look();
    check();
  }
  // Nobody waits for what is there.
  void check() {
    for (Waiter& each : waiters_) {
      if (each.does != Waiter::Does::waits) continue;
      expect_int(ready_for(fd(), static_cast<short>(each.interest.wanted)), 0);
    }
  }

 private:
  Looker& looker_;
  int ends_[2];
  Waiter waiters_[kWaiters];
};

}  // namespace poller_model
