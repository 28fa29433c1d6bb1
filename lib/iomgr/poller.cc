// SPDX-License-Identifier: MIT
#include "iomgr/poller.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/attributes.h"
#include "base/cache_line.h"
#include "base/own_descriptor.h"
#include "base/prefetch.h"

namespace lwp {

bool Poller::make_room(int fd) noexcept {
  if (fd < place_count_) return true;
  constexpr int kFirst = 128;
  int wanted = place_count_ == 0 ? kFirst : place_count_;
  while (wanted <= fd) {
    if (__builtin_mul_overflow(wanted, 2, &wanted)) return false;
  }
  const std::size_t bytes = static_cast<std::size_t>(wanted) * sizeof(Place);
  const std::size_t old_bytes = static_cast<std::size_t>(place_count_) * sizeof(Place);
  // Interests do not point to their places, so these may move.
  void* bigger;
  if (block_ == nullptr && places_ != nullptr) {
    bigger = mremap(places_, old_bytes, bytes, MREMAP_MAYMOVE);
    if (bigger == MAP_FAILED) return false;
  } else {
    bigger = map_memory(block_, bytes);
    if (bigger == nullptr) return false;
    if (places_ != nullptr) memcpy(bigger, static_cast<void*>(places_), old_bytes);
    unmap_memory(block_, places_, old_bytes);
  }
  places_ = static_cast<Place*>(bigger);  // all zero is an empty place
  place_count_ = wanted;
  return true;
}

// Registers, whatever the kernel thinks is registered now. 0 or errno.
int Poller::enter(int fd, std::uint32_t events) noexcept {
  Place& place = places_[fd];
  const unsigned next_generation = (place.generation + 1) & 0x7fffffff;
  epoll_event event = {};
  event.events = events;
  const auto control = [&](int operation, unsigned generation) {
    event.data.u64 = tag(fd, generation);
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) return errno;
    if (generation != place.generation) {
      place.proven = place.drained = false;
      place.kind = Kind::unknown;
      place.steady_reads = 0;
    }
    place.generation = generation & 0x7fffffff;
    return 0;
  };
  int error = place.known ? control(EPOLL_CTL_MOD, place.generation)
                          : control(EPOLL_CTL_ADD, next_generation);
  // Closed and opened again since; or never taken out.
  if (error == ENOENT) {
    distrust_until_ = 0;
    event.events &= ~EPOLLET;  // they were the other file's
    error = control(EPOLL_CTL_ADD, next_generation);
  }
  if ((error == EEXIST || error == EINVAL) && has_number(fd) && is_own(fd)) {
    error = EBADF;  // not the program's; the set itself can not be added, the others are there
  } else if (error == EEXIST) {
    error = control(EPOLL_CTL_MOD, next_generation);
  }
  const bool lost =
      error == 0 ? has_number(fd) : (error == EBADF || error == EINVAL) && !is_own(epoll_);
  if (LWP_UNLIKELY(lost)) return renew_set() ? enter(fd, events & ~EPOLLET) : EMFILE;
  place.known = error == 0;
  place.registered = event.events;
  place.by_edge = false;
  return error;
}

void Poller::remove(int fd) noexcept {
  places_[fd].known = false;
  epoll_event unused = {};
  // It has reported something, so it is in the set; if its number means nothing any more, the
  // descriptor was closed and a duplicate keeps the file open.
  if (epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &unused) != 0) set_is_spoilt_ = true;
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
  Place& place = places_[interest.fd];
  const bool trusted = interest.retried && place.proven && distrust_until_ == kNever;
  const bool by_edge = trusted && suits_edges(place, interest);
  const bool covered = place.known && (place.registered & interest.wanted) == interest.wanted &&
                       ((place.registered & EPOLLET) != 0) == by_edge && place.by_edge == by_edge;
  interest.always_ready = false;
  if (!covered) {
    const int error = enter_for(interest, by_edge);
    if (error != 0 && error != EPERM) return error;
    interest.always_ready = error == EPERM;
  } else if (trusted) {
    begin_trusting(interest.fd);
  } else {
    confirm_at_next_look(interest.fd);
  }
  doubt();
  interest.reported = 0;
  place.interests.push_back(interest);
  ++interest_count_;
  always_ready_count_ += interest.always_ready;
  return 0;
}

void Poller::unwatch(FdInterest& interest) noexcept {
  places_[interest.fd].interests.erase(interest);
  --interest_count_;
  always_ready_count_ -= interest.always_ready;
}

void Poller::report(int fd, std::uint32_t events, OnReady on_ready, void* context) noexcept {
  Place& place = places_[fd];
  place.periods_left = 0;
  place.drained = false;
  if (place.interests.empty()) {
    remove(fd);  // whoever waits next registers anew, and the kernel looks
    return;
  }
  bool satisfied = false;
  bool told_all = true;
  for (FdInterest* i = place.interests.front(); i != nullptr; i = Interests::next(*i)) {
    i->reported = events;
    if ((events & i->ends) == 0) continue;
    satisfied = true;
    told_all &= on_ready(context, *i);
  }
  if (place.by_edge) {  // whom there was no room for is to be told again
    if (events == EPOLLIN && told_all) return;
    if (events != EPOLLIN) place.steady_reads = kNeverSteady;
  } else if (satisfied || (place.registered & EPOLLET) != 0) {
    return;
  }
  // Not told again of what concerns nobody: of changes only, that is.
  const std::uint32_t now_wanted = wanted(place);
  const bool unasked = place.registered == now_wanted;  // an error or a hang-up
  if (enter(fd, unasked ? now_wanted | EPOLLET : now_wanted) != 0) {
    report_closed(fd, on_ready, context);
  }
}

// Those who wait find out by themselves why.
void Poller::report_closed(int fd, OnReady on_ready, void* context) noexcept {
  for (FdInterest* i = places_[fd].interests.front(); i != nullptr; i = Interests::next(*i)) {
    i->reported = EPOLLERR;
    on_ready(context, *i);
  }
}

bool Poller::report_always_ready(OnReady on_ready, void* context) noexcept {
  if (always_ready_count_ == 0) return false;
  bool reported = false;
  for (int fd = 0; fd < place_count_; ++fd) {
    for (FdInterest* i = places_[fd].interests.front(); i != nullptr; i = Interests::next(*i)) {
      if (!i->always_ready || (i->ends & (EPOLLIN | EPOLLOUT)) == 0) continue;
      i->reported = EPOLLIN | EPOLLOUT;
      on_ready(context, *i);
      reported = true;
    }
  }
  return reported;
}

// The number of events, less than 1 if there are none.
int Poller::sleep(const Until& until, std::int64_t now) noexcept {
  bool at_once = until.deadline == 0 || until.wake <= now;
  if (!at_once && until.wake != kNever && LWP_UNLIKELY(!alarm_.set(until.wake, until.next))) {
    at_once = set_is_spoilt_ = true;  // the program has closed it
  }
  const int count = epoll_wait(epoll_, events_, kBatch, at_once ? 0 : -1);
  if (LWP_UNLIKELY(count < 0) && errno != EINTR) set_is_spoilt_ = true;
  return count;
}

// Their requests lie on as many stacks, which have not been touched since they began to wait: all
// are asked for before the first is needed.
void Poller::prefetch_waiters(int count) const noexcept {
  for (int i = 0; i < count; ++i) {
    const auto fd = static_cast<int>(events_[i].data.u64 & 0x7fffffff);
    const FdInterest* const first = fd < place_count_ ? places_[fd].interests.front() : nullptr;
    if (first == nullptr) continue;
    prefetch(first);
    prefetch(reinterpret_cast<const char*>(first) + kCacheLine);
  }
}

std::int64_t Poller::wait(const Until& asked, OnReady on_ready, void* context) noexcept {
  Until until = asked;
  if (report_always_ready(on_ready, context)) until.deadline = 0;
  if (confirm_new(on_ready, context)) until.deadline = 0;
  std::int64_t now = 0;
  const bool timed = until.deadline != 0 && until.deadline != kNever;
  if (minds_time() || (timed && interest_count_ > 0)) {
    now = monotonic_ns();
    if (confirm_what_is_due(now, on_ready, context)) until.deadline = 0;
    if (until.deadline != 0 && interest_count_ > 0) {
      until.wake = std::min({until.wake, confirm_at_, period_ends_});
    }
  }
  bool quiet = asked.deadline != 0 && until.deadline != 0;
  const int count = sleep(until, now);
  prefetch_waiters(count);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t data = events_[i].data.u64;
    const int fd = static_cast<int>(data & 0x7fffffff);
    if (data == kAlarm || data == kAlarm + 1) {
      alarm_.rang(static_cast<int>(data - kAlarm));
      continue;
    }
    quiet = false;
    if (fd < place_count_ && data == tag(fd, places_[fd].generation)) {
      report(fd, events_[i].events, on_ready, context);
    } else if (data != kWakeUp) {
      set_is_spoilt_ = true;  // or it is one of the program's
    }
  }
  // There may be no descriptor to get: then time is what is looked at, and often.
  if (LWP_UNLIKELY(set_is_spoilt_) && !renew_set() && until.deadline != 0) sleep_without_set();
  if (!quiet || count < 0 || asked.deadline == kNever) return 0;
  now = monotonic_ns();
  return now >= asked.deadline ? now : 0;
}

}  // namespace lwp
