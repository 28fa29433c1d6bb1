// SPDX-License-Identifier: MIT
// interest_list.h - the descriptors of one request: a few in place, more in memory of the LWP.
//
// Nothing here is freed when the wait is over, as the LWP may be destroyed in the middle of it.
#pragma once

#include <new>

#include "core/event.h"
#include "core/runtime.h"
#include "iomgr/request.h"

namespace lwp {

class InterestList {
 public:
  InterestList(Runtime& runtime, int capacity) noexcept
      : interests_(reinterpret_cast<FdInterest*>(few_)) {
    if (capacity <= kFew) return;
    const auto bytes = static_cast<std::size_t>(capacity) * sizeof(FdInterest);
    interests_ = static_cast<FdInterest*>(memory_for_list(runtime, *runtime.current, bytes));
  }
  InterestList(const InterestList&) = delete;
  InterestList& operator=(const InterestList&) = delete;

  bool has_memory() const noexcept { return interests_ != nullptr; }

  void add(int fd, std::uint32_t wanted, std::uint32_t ends) noexcept {
    FdInterest& interest = *new (&interests_[count_++]) FdInterest;
    interest.fd = fd;
    interest.wanted = wanted;
    interest.ends = ends;
  }

  void give_to(IoRequest& request) noexcept {
    request.interests = interests_;
    request.interest_count = count_;
  }

  int count() const noexcept { return count_; }
  const FdInterest& operator[](int i) const noexcept { return interests_[i]; }

 private:
  static constexpr int kFew = 8;
  alignas(FdInterest) unsigned char few_[kFew * sizeof(FdInterest)];  // not begun before use
  FdInterest* interests_;
  int count_ = 0;
};

}  // namespace lwp
