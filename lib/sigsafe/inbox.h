// SPDX-License-Identifier: MIT
// inbox.h - the calls that signal handlers made while the library was at work on the same kernel
// thread, kept until it is left.
//
// A handler can not wait and can not allocate, so there is a fixed number of places. Signals of
// one event and credits of one LWP are each merged into one place with a count; a program that
// posts more different ones than there are places before the library is left, is told so.
//
// Context: the producers are nested handlers on one kernel thread, the consumer is that thread
// outside handlers. Atomics without ordering suffice: only the order within the thread matters.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

enum class PostKind : std::uintptr_t { empty = 0, event = 1, credit = 2, yield = 3 };

class Inbox {
 public:
  // pending is set while there may be something in it.
  explicit Inbox(std::atomic<bool>& pending) noexcept : pending_(pending) {}

  // False if all places are taken by others.
  LWP_SIGSAFE bool post(PostKind kind, std::uintptr_t what) noexcept {
    for (Place& place : places_) {
      auto expected = PostKind::empty;
      // A nested handler that takes the same place between the two lines finds it `claimed`.
      if (place.kind.compare_exchange_strong(expected, kClaimed, std::memory_order_relaxed)) {
        place.what.store(what, std::memory_order_relaxed);
        place.times.store(1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        place.kind.store(kind, std::memory_order_relaxed);
        pending_.store(true, std::memory_order_relaxed);
        return true;
      }
      if (expected == kind && place.what.load(std::memory_order_relaxed) == what) {
        place.times.fetch_add(1, std::memory_order_relaxed);
        pending_.store(true, std::memory_order_relaxed);
        return true;
      }
    }
    return false;
  }

  bool pending() const noexcept { return pending_.load(std::memory_order_relaxed); }

  // Calls deliver(kind, what, times) for each place; handlers may post meanwhile.
  template <typename Deliver>
  void drain(Deliver deliver) noexcept {
    while (pending_.exchange(false, std::memory_order_relaxed)) {
      for (Place& place : places_) {
        const PostKind kind = place.kind.load(std::memory_order_relaxed);
        if (kind == PostKind::empty || kind == kClaimed) continue;
        // Claimed first: from here on a handler counts in another place, not in this one.
        place.kind.store(kClaimed, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const std::uintptr_t what = place.what.load(std::memory_order_relaxed);
        const unsigned times = place.times.load(std::memory_order_relaxed);
        place.kind.store(PostKind::empty, std::memory_order_relaxed);
        deliver(kind, what, times);
      }
    }
  }

 private:
  static constexpr PostKind kClaimed{4};
  static constexpr std::size_t kPlaces = 64;

  struct Place {
    std::atomic<PostKind> kind{PostKind::empty};
    std::atomic<std::uintptr_t> what{0};
    std::atomic<unsigned> times{0};
  };

  std::atomic<bool>& pending_;
  Place places_[kPlaces];
};

static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);
static_assert(std::atomic<PostKind>::is_always_lock_free);

}  // namespace lwp
