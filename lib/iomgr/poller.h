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
// A confirmation is a system call. A wait that is retried (see FdInterest) does with less where the
// registration has proved right just before: a false report does no harm, and a missing one is
// noticed when the wait has lasted for some milliseconds, or longer if very many wait. Most are
// over by then. A program that is found to use the numbers of closed descriptors again is not
// trusted so for a while.
//
// A registration by level has the kernel look at a descriptor again at the next epoll_wait, each
// time it has reported it. That is saved for busy TCP connections, which are registered by edge:
// what comes is reported once. It takes waits that are retried, as these begin when a read has just
// found nothing, or has got less than it asked for and nothing was reported since: what is waited
// for is yet to come. Whoever else waits, or for anything else, brings the level back; so does a
// report that nobody waits for, a wait that lasts, an error, a hang-up, and urgent data, since
// reads stop at its place. [Only what a signal handler reads out of band, having become the
// socket's owner after it went by edge, may so delay the stream: once, until the wait is confirmed.
// docs/manual/lwpx.md says so.]
//
// Memory:  a table with a place per descriptor number, doubled on demand; mapped, not allocated,
//          since IOMGR_Finalize may be called by signal handlers.
// Context: inside the library. wait() may sleep; nothing switches.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "base/block_heap.h"
#include "base/fork_sentinel.h"
#include "base/intrusive_list.h"
#include "iomgr/alarm.h"
#include "iomgr/request.h"

namespace lwp {

class Poller {
 public:
  static constexpr int kBatch = 128;  // descriptors that are reported at one look, at most

  // ret_wake_fd is kept up to date with a descriptor that ends a sleep when it is written to.
  // block: where its memory comes from; null: from the system.
  bool start(std::atomic<int>& ret_wake_fd, BlockHeap* block) noexcept;
  void stop() noexcept;

  // In a process that was forked off since the last call, leaves the parent's set alone from now
  // on, and says so. To be called before all else, and before anybody relies on the wake_fd.
  bool leave_parent() noexcept {
    if (LWP_LIKELY(!sentinel_.forked())) return false;
    leave_set_to_parent();
    return true;
  }

  // Opens what the program may have closed, as it says.
  void replace_lost() noexcept;

  // Begins to watch; 0, or what errno would say (EBADF, ENOMEM, ...).
  int watch(FdInterest& interest) noexcept;
  void unwatch(FdInterest& interest) noexcept;
  bool watching() const noexcept { return interest_count_ > 0; }

  // What was reported of the descriptor has turned out to be so, or (false) not.
  void prove(int fd, bool right) noexcept {
    if (fd < place_count_) places_[fd].proven = right;
  }
  // A read got less than it asked for. If that means that it took all there was, as with streams,
  // the next one may as well wait first: more will be reported.
  void note_short_read(int fd) noexcept;
  // What is urgent is read, out of turn.
  void note_urgent(int fd) noexcept {
    if (fd >= 0 && fd < place_count_) places_[fd].steady_reads = kNeverSteady;
  }
  // Whether that is so, for once.
  bool take_drained(int fd) noexcept {
    if (fd < 0 || fd >= place_count_ || !places_[fd].drained) return false;
    places_[fd].drained = false;
    return places_[fd].proven && distrust_until_ == kNever;
  }
  // The number has just become that of another file.
  void forget(int fd) noexcept;

  // Somebody waits on trust: the registration has not been confirmed since the wait began.
  bool trusts() const noexcept { return interest_count_ > 0 && first_trusted_ != kNone; }
  // Nobody does from the next look on, which therefore misses nothing.
  void stop_trusting() noexcept;

  // LWPs have run, which may have closed descriptors that others wait for.
  void doubt() noexcept {
    if (confirm_at_ == kNever) confirm_at_ = 0;
  }

  // When a wait is to end.
  struct Until {
    std::int64_t deadline;         // kNever: not by itself; 0: at once
    std::int64_t wake = deadline;  // it may be met as late as this
    std::int64_t next = kNever;    // the wake that will be asked for after this, most likely
  };

  // Waits until something is ready or it is time; may come back earlier. Calls on_ready(context,
  // interest) for each interest whose wait ends; where that says false, as there is no room, it
  // will be called again. If the deadline has come and there was nothing else to end the wait,
  // returns the time, else 0.
  using OnReady = bool (*)(void* context, FdInterest& interest);
  std::int64_t wait(const Until& until, OnReady on_ready, void* context) noexcept;

 private:
  using Interests = IntrusiveList<FdInterest, &FdInterest::link>;

  enum class Kind : std::uint8_t { unknown, stream, other };

  struct Place {
    Interests interests;
    std::uint32_t registered;  // EPOLL bits, if known
    unsigned generation : 31;  // of its registrations
    unsigned known : 1;        // it was in the epoll set when we last looked
    int next_new;              // in the chains, if it is there
    int next_trusted;
    bool is_new;                // to be confirmed at the next look
    bool is_trusted;            // to be confirmed if waits last
    bool proven;                // the last report was right
    bool drained;               // and all that had come has been read; nothing was reported since
    bool by_edge;               // registered so; only reads that are retried wait
    Kind kind;                  // of the file
    std::uint8_t steady_reads;  // that got less than they asked for; see edges.cc
    std::uint8_t periods_left;  // until it is confirmed, if it is_trusted; 0: no need to
  };

  bool make_room(int fd) noexcept;
  int enter(int fd, std::uint32_t events) noexcept;
  int enter_for(FdInterest& interest, bool by_edge) noexcept;
  void remove(int fd) noexcept;
  static bool suits_edges(const Place& place, const FdInterest& interest) noexcept;
  static void note_steady_read(Place& place, int fd) noexcept;
  static void need_more_steady_reads(Place& place) noexcept;
  std::uint32_t wanted(const Place& place) const noexcept;
  void report(int fd, std::uint32_t events, OnReady on_ready, void* context) noexcept;
  void report_closed(int fd, OnReady on_ready, void* context) noexcept;
  bool report_always_ready(OnReady on_ready, void* context) noexcept;
  void confirm_at_next_look(int fd) noexcept;
  void begin_trusting(int fd) noexcept;
  bool confirm_new(OnReady on_ready, void* context) noexcept;
  bool confirm_trusted(OnReady on_ready, void* context) noexcept;
  bool confirm_all(OnReady on_ready, void* context) noexcept;
  bool confirm(int fd, OnReady on_ready, void* context) noexcept;
  bool confirm_what_is_due(std::int64_t& now, OnReady on_ready, void* context) noexcept;
  bool minds_time() const noexcept;
  bool has_number(int fd) const noexcept {
    return fd == epoll_ || fd == wake_fd_->load() || alarm_.has_number(fd);
  }
  bool open_wake_fd() noexcept;
  void leave_set_to_parent() noexcept;
  bool open_set() noexcept;
  bool renew_set() noexcept;
  void forget_lost() noexcept;
  void close_all() noexcept;
  static void sleep_without_set() noexcept;
  int sleep(const Until& until, std::int64_t now) noexcept;
  void prefetch_waiters(int count) const noexcept;

  static constexpr int kNone = -1;
  // What reports carry. The first bit is set in all, and rarely in what programs have theirs carry.
  static constexpr std::uint64_t tag(int fd, unsigned generation) noexcept {
    return std::uint64_t{1} << 63 | std::uint64_t{generation} << 32 | static_cast<unsigned>(fd);
  }
  static constexpr std::uint64_t kWakeUp = ~std::uint64_t{0};
  static constexpr std::uint64_t kAlarm = kWakeUp - Alarm::kTimers;  // the first
  static constexpr std::uint8_t kSteady = 4;                         // reads
  static constexpr std::uint8_t kNeverSteady = kSteady + 1;

  int epoll_ = -1;
  Alarm alarm_;
  std::atomic<int>* wake_fd_ = nullptr;
  ForkSentinel sentinel_;  // a forked child must not use the set that it shares with its parent
  BlockHeap* block_ = nullptr;
  Place* places_ = nullptr;
  int place_count_ = 0;
  std::size_t interest_count_ = 0;
  int always_ready_count_ = 0;
  int first_new_ = kNone;  // chains of descriptors
  int first_trusted_ = kNone;
  int trusted_count_ = 0;
  std::int64_t period_ends_ = kNever;     // of those trusted; 0: a time is still to be set
  std::int64_t confirm_at_ = kNever;      // when all are; 0: likewise
  std::int64_t distrust_until_ = kNever;  // 0: likewise; kNever: there is trust
  bool set_is_spoilt_ = false;            // it reports what it can not be told to forget
  epoll_event events_[kBatch];
};

}  // namespace lwp
