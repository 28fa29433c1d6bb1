// SPDX-License-Identifier: MIT
// request.h - what one LWP waits for outside this process: descriptors, a point in time, or both.
//
// A request lies on the stack of the LWP that waits and lives as long as the wait. While it does,
// the LWP's Pcb points to it, so that cancelling and destroying find it.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/rc.h"
#include "core/pcb.h"

namespace lwp {

struct IoRequest;

// One descriptor of a request.
struct FdInterest {
  ListLink<FdInterest> link;  // in the list of its descriptor
  IoRequest* request = nullptr;
  int fd = -1;
  std::uint32_t wanted = 0;    // EPOLL bits to be watched for
  std::uint32_t ends = 0;      // any of these ends the wait; EPOLLERR and EPOLLHUP come unasked
  std::uint32_t reported = 0;  // what was seen; EPOLLERR alone also for a closed descriptor
  bool retried = false;  // who waits tries again what would have blocked: a report need not be true
  bool always_ready = false;  // the kernel can not watch it: a file, a directory
};

enum class IoOutcome : std::uint8_t {
  pending,
  ready,  // a descriptor has what ends the wait, or is closed
  timed_out,
  cancelled,
};

// As a completion code; `pending` stands for a request that could not be made.
constexpr Rc to_rc(IoOutcome outcome) noexcept {
  switch (outcome) {
    case IoOutcome::ready:
      return Rc::success;
    case IoOutcome::timed_out:
      return Rc::timed_out;
    case IoOutcome::cancelled:
      return Rc::cancelled;
    default:
      return Rc::no_memory;
  }
}

struct IoRequest {
  Pcb* waiter = nullptr;
  std::int64_t deadline = kNever;
  std::uint64_t sequence = 0;  // order of arrival
  FdInterest* interests = nullptr;
  int interest_count = 0;
  IoOutcome outcome = IoOutcome::pending;
};

// Who is served first: earlier deadlines, then earlier arrivals; those without a deadline last.
inline bool served_before(const IoRequest& a, const IoRequest& b) noexcept {
  return a.deadline != b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence;
}

}  // namespace lwp
