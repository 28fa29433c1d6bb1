// SPDX-License-Identifier: MIT
// edges.cc - the part of the poller that registers busy connections by edge.
//
// It takes some reads that get all there is, without a wait among them that lasts: slow connections
// would have to change their registrations too often.
#include "iomgr/poller.h"
#include "iomgr/socket_kind.h"

namespace lwp {

bool Poller::suits_edges(const Place& place, const FdInterest& interest) noexcept {
  return place.known && place.steady_reads == kSteady && interest.wanted == EPOLLIN &&
         (place.by_edge || place.interests.empty());
}

// Registers for one more wait. 0 or errno.
int Poller::enter_for(FdInterest& interest, bool by_edge) noexcept {
  constexpr std::uint32_t kReadsByEdge = EPOLLIN | EPOLLPRI | EPOLLET;
  Place& place = places_[interest.fd];
  if (by_edge) {
    const int error = enter(interest.fd, kReadsByEdge);
    place.by_edge = (place.registered & EPOLLET) != 0;  // not if the number means another file now
    return error;
  }
  if ((interest.wanted & EPOLLPRI) != 0) place.steady_reads = kNeverSteady;
  need_more_steady_reads(place);
  std::uint32_t present = place.known ? place.registered & ~EPOLLET : 0;
  if (place.by_edge) present = wanted(place);
  return enter(interest.fd, present | interest.wanted);
}

void Poller::note_steady_read(Place& place, int fd) noexcept {
  if (place.steady_reads >= kSteady) return;
  if (++place.steady_reads == kSteady && !is_plain_tcp(fd)) place.steady_reads = kNeverSteady;
}

void Poller::need_more_steady_reads(Place& place) noexcept {
  if (place.steady_reads != kNeverSteady) place.steady_reads = 0;
}

}  // namespace lwp
