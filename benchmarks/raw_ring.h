// SPDX-License-Identifier: MIT
// raw_ring.h - the floor: contexts of Boost's fcontext in a ring, the jump inlined in the loop.
//
// Two ways to know who comes next. Each member keeps it, as each LWP does, and reads it once it
// runs: the natural ring. Or a counter tells, and nothing is read that a member has left behind:
// the fastest ring, since the processor then fetches many stacks ahead.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <vector>

#include "raw_stacks.h"

namespace bench {

using boost::context::detail::fcontext_t;
using boost::context::detail::transfer_t;

enum class NextBy { counter, member };

// kJump: how members jump to each other. prepare: what each does before its first jump, given its
// place in the ring.
template <transfer_t (*kJump)(fcontext_t, void*) = boost::context::detail::jump_fcontext,
          NextBy kNextBy = NextBy::counter>
class RawRing {
 public:
  explicit RawRing(std::size_t count, void (*prepare)(std::size_t) = nullptr)
      : prepare_(prepare), stacks_(count), contexts_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      contexts_[i] = boost::context::detail::make_fcontext(
          stacks_.top(i), RawStacks::kUsable, kNextBy == NextBy::counter ? counted_member : member);
    }
  }

  // `turns` times round, each context jumping to the next: turns * count jumps, and two.
  void turn(std::size_t turns) {
    turning_ = this;
    turns_left_ = turns - 1;
    running_ = 0;
    // data is where the context that jumped here is to be stored.
    const auto arrival = boost::context::detail::jump_fcontext(contexts_[0], &caller_);
    *static_cast<fcontext_t*>(arrival.data) = arrival.fctx;
  }

 private:
  static void counted_member(transfer_t arrival) {
    if (turning_->prepare_ != nullptr) turning_->prepare_(turning_->running_);
    for (;;) {
      *static_cast<fcontext_t*>(arrival.data) = arrival.fctx;
      RawRing& ring = *turning_;
      auto* const self = &ring.contexts_[ring.running_++];
      auto to = self + 1;
      if (ring.running_ == ring.contexts_.size()) {
        ring.running_ = 0;
        to = ring.turns_left_-- > 0 ? ring.contexts_.data() : &ring.caller_;
      }
      arrival = kJump(*to, self);
    }
  }

  static void member(transfer_t arrival) {
    RawRing& ring = *turning_;
    const std::size_t place = ring.running_++;
    if (ring.prepare_ != nullptr) ring.prepare_(place);
    fcontext_t* const self = &ring.contexts_[place];
    const bool last = place + 1 == ring.contexts_.size();
    // Read from the member's own stack at each turn.
    fcontext_t* volatile next = last ? ring.contexts_.data() : self + 1;
    for (;;) {
      *static_cast<fcontext_t*>(arrival.data) = arrival.fctx;
      fcontext_t* to = next;
      if (last && ring.turns_left_-- == 0) to = &ring.caller_;
      arrival = kJump(*to, self);
    }
  }

  static inline RawRing* turning_ = nullptr;
  void (*prepare_)(std::size_t);
  RawStacks stacks_;
  std::vector<fcontext_t> contexts_;
  fcontext_t caller_ = nullptr;
  std::size_t turns_left_ = 0;
  std::size_t running_ = 0;
};

}  // namespace bench
