// SPDX-License-Identifier: MIT
// interest_list.h - the descriptors of one request: a few in place, more from the heap.
#pragma once

#include <cstdlib>
#include <new>

#include "iomgr/request.h"

namespace lwp {

class InterestList {
 public:
  explicit InterestList(int capacity) noexcept : interests_(few_) {
    if (capacity <= kFew) return;
    const auto bytes = static_cast<std::size_t>(capacity) * sizeof(FdInterest);
    interests_ = static_cast<FdInterest*>(malloc(bytes));
  }
  ~InterestList() {
    if (interests_ != few_) free(interests_);
  }
  InterestList(const InterestList&) = delete;
  InterestList& operator=(const InterestList&) = delete;

  bool has_memory() const noexcept { return interests_ != nullptr; }

  void add(int fd, std::uint32_t wanted) noexcept {
    FdInterest& interest = *new (&interests_[count_++]) FdInterest;
    interest.fd = fd;
    interest.wanted = wanted;
  }

  void give_to(IoRequest& request) noexcept {
    request.interests = interests_;
    request.interest_count = count_;
  }

  int count() const noexcept { return count_; }
  const FdInterest& operator[](int i) const noexcept { return interests_[i]; }

 private:
  static constexpr int kFew = 8;
  FdInterest few_[kFew];
  FdInterest* interests_;
  int count_ = 0;
};

}  // namespace lwp
