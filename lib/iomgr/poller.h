// SPDX-License-Identifier: MIT
// poller.h - asks the system which descriptors are ready. The seam to epoll.
//
// Registrations stay when a wait is over, as the next wait is usually for the same descriptor; what
// nobody wants any more is taken out when it reports something.
//
// The kernel forgets a descriptor that is closed, silently, and its number may soon name another.
// So a registration that was already there when a wait began is confirmed at the next look, and all
// of them a moment after waits have begun or LWPs have run. And if a duplicate keeps the file of a
// closed descriptor open, the kernel does not forget it, but goes on reporting it under its number:
// a generation tells such reports, and a new set is the only cure.
//
// Memory:  a table with a place per descriptor number, doubled on demand; mapped, not allocated,
//          since IOMGR_Finalize may be called by signal handlers.
// Context: inside the library. wait() may sleep; nothing switches.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/block_heap.h"
#include "base/fork_sentinel.h"
#include "base/intrusive_list.h"
#include "iomgr/request.h"

namespace lwp {

class Poller {
 public:
  // ret_wake_fd is kept up to date with a descriptor that ends a sleep when it is written to.
  // block: where its memory comes from; null: from the system.
  bool start(std::atomic<int>& ret_wake_fd, BlockHeap* block) noexcept;
  void stop() noexcept;

  // In a process that was forked off since the last call, leaves the parent's set alone from now
  // on, and says so. To be called before all else, and before anybody relies on the wake_fd.
  bool leave_parent() noexcept;

  // Begins to watch; 0, or what errno would say (EBADF, ENOMEM, ...).
  int watch(FdInterest& interest) noexcept;
  void unwatch(FdInterest& interest) noexcept;
  bool watching() const noexcept { return interest_count_ > 0; }

  // LWPs have run, which may have closed descriptors that others wait for.
  void doubt() noexcept {
    if (confirm_at_ == kNever) confirm_at_ = 0;
  }

  // Waits until something is ready or the deadline has come (kNever: for ever; 0: does not wait);
  // may come back earlier. Calls on_ready(context, interest) for each interest whose wait ends.
  using OnReady = void (*)(void* context, FdInterest& interest);
  void wait(std::int64_t deadline, OnReady on_ready, void* context) noexcept;

 private:
  using Interests = IntrusiveList<FdInterest, &FdInterest::link>;

  struct Place {
    Interests interests;
    std::uint32_t registered;  // EPOLL bits, if known
    unsigned generation : 31;  // of its registrations
    unsigned known : 1;        // it was in the epoll set when we last looked
  };

  bool make_room(int fd) noexcept;
  int enter(int fd, std::uint32_t events) noexcept;
  void remove(int fd) noexcept;
  std::uint32_t wanted(const Place& place) const noexcept;
  void report(int fd, std::uint32_t events, OnReady on_ready, void* context) noexcept;
  void report_closed(int fd, OnReady on_ready, void* context) noexcept;
  bool report_always_ready(OnReady on_ready, void* context) noexcept;
  bool confirm_new(OnReady on_ready, void* context) noexcept;
  bool confirm_all(OnReady on_ready, void* context) noexcept;
  bool confirm(int fd, OnReady on_ready, void* context) noexcept;
  std::int64_t time_to_confirm() noexcept;
  bool open_set() noexcept;
  void close_set() noexcept;
  void renew_set() noexcept;
  int sleep(std::int64_t deadline) noexcept;

  static constexpr int kBatch = 128;
  static constexpr int kUnconfirmed = 64;

  int epoll_ = -1;
  std::atomic<int>* wake_fd_ = nullptr;
  ForkSentinel sentinel_;  // a forked child must not use the set that it shares with its parent
  BlockHeap* block_ = nullptr;
  Place* places_ = nullptr;
  int place_count_ = 0;
  std::size_t interest_count_ = 0;
  int always_ready_count_ = 0;
  int unconfirmed_[kUnconfirmed];
  int unconfirmed_count_ = 0;         // more than fit: all are confirmed
  std::int64_t confirm_at_ = kNever;  // when all are; 0: a time is still to be set
  bool set_is_spoilt_ = false;        // it reports what it can not be told to forget
  bool lacks_pwait2_ = false;         // the kernel does
  epoll_event events_[kBatch];
};

}  // namespace lwp
