// SPDX-License-Identifier: MIT
// confirmation.cc - the part of the poller that finds out whether its registrations still stand.
#include <errno.h>

#include "base/clock.h"
#include "iomgr/poller.h"
#include "iomgr/socket_kind.h"

namespace lwp {

namespace {

// After which all registrations are confirmed: soon enough for a program that closed a descriptor
// under a waiting LWP, seldom enough not to show, however many there are.
constexpr std::int64_t kConfirmAfterNs = 100000000;
constexpr std::int64_t kConfirmAfterNsPerPlace = 100000;

// How long a wait that was trusted may be in vain is one to two periods; a wait that is answered
// within one costs nothing. The more wait, the longer each waits for its answer if all are busy,
// and the longer is the period: confirming is to cost no more than a hundredth of it.
constexpr std::int64_t kTrustNs = 5000000;
constexpr std::int64_t kTrustNsPerWait = 30000;
constexpr int kTrustPeriods = 2;
constexpr std::int64_t kDistrustNs = kNsPerSecond;  // after a number has come back

}  // namespace

void Poller::confirm_at_next_look(int fd) noexcept {
  Place& place = places_[fd];
  if (place.is_new) return;
  place.is_new = true;
  place.next_new = first_new_;
  first_new_ = fd;
}

void Poller::begin_trusting(int fd) noexcept {
  Place& place = places_[fd];
  if (place.periods_left == 0) place.periods_left = kTrustPeriods;
  if (place.is_trusted) return;
  if (first_trusted_ == kNone) period_ends_ = 0;
  place.is_trusted = true;
  place.next_trusted = first_trusted_;
  first_trusted_ = fd;
  ++trusted_count_;
}

void Poller::stop_trusting() noexcept {
  for (; first_trusted_ != kNone; first_trusted_ = places_[first_trusted_].next_trusted) {
    Place& place = places_[first_trusted_];
    if (place.periods_left > 0) confirm_at_next_look(first_trusted_);
    place.periods_left = 0;
    place.is_trusted = false;
  }
  trusted_count_ = 0;
  period_ends_ = kNever;
}

void Poller::note_short_read(int fd) noexcept {
  if (fd >= place_count_ || !places_[fd].proven) return;
  Place& place = places_[fd];
  if (place.kind == Kind::unknown) {
    place.kind = is_stream_socket(fd) ? Kind::stream : Kind::other;
  }
  place.drained = place.kind == Kind::stream;
  if (place.drained) note_steady_read(place, fd);
}

// LWPs that wait for the old one will find out as they do of any that is closed.
void Poller::forget(int fd) noexcept {
  if (fd < place_count_ && places_[fd].interests.empty()) places_[fd].known = false;
}

// Whether it had to report that the descriptor is closed.
bool Poller::confirm(int fd, OnReady on_ready, void* context) noexcept {
  Place& place = places_[fd];
  if (place.interests.empty()) return false;
  const bool by_edge = place.by_edge && place.steady_reads == kSteady;
  const bool as_it_is = place.known && place.by_edge == by_edge;
  const int error = enter(fd, as_it_is ? place.registered : wanted(place));
  if (error == 0) place.by_edge = by_edge && (place.registered & EPOLLET) != 0;
  if (error == 0 || (error == EPERM && place.interests.front()->always_ready)) return false;
  report_closed(fd, on_ready, context);
  return true;
}

bool Poller::confirm_new(OnReady on_ready, void* context) noexcept {
  bool reported = false;
  while (first_new_ != kNone) {
    const int fd = first_new_;
    first_new_ = places_[fd].next_new;
    places_[fd].is_new = false;
    reported |= confirm(fd, on_ready, context);
  }
  return reported;
}

// A period is over.
bool Poller::confirm_trusted(OnReady on_ready, void* context) noexcept {
  bool reported = false;
  int fd = first_trusted_;
  first_trusted_ = kNone;
  while (fd != kNone) {
    Place& place = places_[fd];
    const int next = place.next_trusted;
    if (place.periods_left > 1) {
      --place.periods_left;
      place.next_trusted = first_trusted_;
      first_trusted_ = fd;
    } else {
      place.is_trusted = false;
      --trusted_count_;
      if (place.periods_left == 1) {
        need_more_steady_reads(place);
        reported |= confirm(fd, on_ready, context);
      }
      place.periods_left = 0;
    }
    fd = next;
  }
  return reported;
}

bool Poller::confirm_all(OnReady on_ready, void* context) noexcept {
  bool reported = false;
  for (int fd = 0; fd < place_count_; ++fd) {
    const Place& place = places_[fd];
    const bool is_due_soon = place.is_trusted && place.periods_left > 0;
    if (!is_due_soon) reported |= confirm(fd, on_ready, context);
  }
  confirm_at_ = reported ? 0 : kNever;  // there may be more to say than fits
  return reported;
}

bool Poller::minds_time() const noexcept {
  if (distrust_until_ != kNever) return true;
  return interest_count_ > 0 && (confirm_at_ != kNever || first_trusted_ != kNone);
}

// Times that are to come are set only here, where the clock has been read.
bool Poller::confirm_what_is_due(std::int64_t& now, OnReady on_ready, void* context) noexcept {
  bool reported = false;
  if (distrust_until_ == 0) distrust_until_ = now + kDistrustNs;
  if (distrust_until_ <= now) distrust_until_ = kNever;
  if (interest_count_ == 0) return false;
  if (period_ends_ <= now && period_ends_ != 0) {
    reported |= confirm_trusted(on_ready, context);
    period_ends_ = first_trusted_ != kNone ? 0 : kNever;
  }
  if (period_ends_ == 0) period_ends_ = now + kTrustNs + trusted_count_ * kTrustNsPerWait;
  if (confirm_at_ <= now && confirm_at_ != 0) {
    reported |= confirm_all(on_ready, context);
    now = monotonic_ns();
  }
  if (confirm_at_ == 0)
    confirm_at_ = now + kConfirmAfterNs + place_count_ * kConfirmAfterNsPerPlace;
  return reported;
}

}  // namespace lwp
