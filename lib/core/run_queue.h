// SPDX-License-Identifier: MIT
// run_queue.h - which LWP runs next: one ring per priority, and a bitmap of those not empty.
//
// Invariant: bit p of ready_ is set iff ring p is not empty, so pick() never searches. If the
//            running LWP is in its ring it is the head; else the head is the next to run.
// Order:     an LWP enters just before the head: after everybody else, but, if the head is running,
//            before its next turn. A dispatch rotates first and picks then, so an LWP that yields
//            to a higher priority loses its place among its equals too. Programs rely on both.
// Memory:    links live in the Pcb; nothing here allocates, so nothing here can fail.
// Context:   inside the library (the critical word says so). Never by a signal handler.
#pragma once

#include <cstdint>

#include "base/attributes.h"
#include "base/cache_line.h"
#include "base/check.h"
#include "core/pcb.h"

namespace lwp {

constexpr int kPriorities = 5;

constexpr bool is_priority(int priority) noexcept {
  return static_cast<unsigned>(priority) < static_cast<unsigned>(kPriorities);
}

class RunQueue {
 public:
  void insert(Pcb& pcb) noexcept {
    Pcb*& head = head_[pcb.priority];
    if (head == nullptr) {
      head = pcb.next = pcb.prev = &pcb;
      ready_ |= 1u << pcb.priority;
      return;
    }
    Pcb& first = *head;
    Pcb& last = *first.prev;
    pcb.next = &first;
    pcb.prev = &last;
    last.next = &pcb;
    first.prev = &pcb;
  }

  // The running LWP changes rings: it is the head of the new one.
  void insert_running(Pcb& pcb) noexcept {
    insert(pcb);
    head_[pcb.priority] = &pcb;
  }

  void remove(Pcb& pcb) noexcept {
    Pcb*& head = head_[pcb.priority];
    if (LWP_UNLIKELY(scout_ == &pcb)) scout_ = nullptr;
    if (pcb.next == &pcb) {
      LWP_CHECK(head == &pcb);
      head = nullptr;
      ready_ &= ~(1u << pcb.priority);
    } else {
      pcb.next->prev = pcb.prev;
      pcb.prev->next = pcb.next;
      if (head == &pcb) head = pcb.next;
    }
    pcb.next = pcb.prev = nullptr;
  }

  // The running LWP gives up its turn, if it is in its ring.
  LWP_ALWAYS_INLINE void rotate(Pcb& running) noexcept {
    Pcb*& head = head_[running.priority];
    if (head == &running) head = running.next;
  }

  // rotate() and pick() in one. By branches, not by way of head_: they are predicted, and who
  // comes next is then known one load after who runs.
  LWP_ALWAYS_INLINE Pcb* rotate_and_pick(Pcb& running) noexcept {
    Pcb*& head = head_[running.priority];
    if (LWP_LIKELY(head == &running && ready_ >> running.priority == 1)) {
      Pcb* const next = running.next;
      if (next == nullptr) __builtin_unreachable();
      head = next;
      return next;
    }
    rotate(running);
    return pick();
  }

  // The running LWP, which is in its ring, would be picked again.
  LWP_ALWAYS_INLINE bool leads_alone(const Pcb& running) const noexcept {
    return running.next == &running && ready_ >> running.priority == 1;
  }

  // remove() and pick() in two steps, where it is quick: others are in the ring of the running LWP,
  // which is in it, so running.next comes next, as nobody is in a higher one.
  LWP_ALWAYS_INLINE bool leads_others(const Pcb& running) const noexcept {
    return running.next != &running && scout_ != &running && ready_ >> running.priority == 1;
  }
  LWP_ALWAYS_INLINE void unlink_head(const Pcb& running, Pcb& next) noexcept {
    Pcb& last = *running.prev;
    const unsigned priority = running.priority;
    next.prev = &last;
    last.next = &next;
    head_[priority] = &next;
  }

  // Somebody is ready whose priority lies between the two.
  bool any_between(int low, int high) const noexcept {
    return high > low && (ready_ & ((1u << high) - 1)) >> (low + 1) != 0;
  }

  // The best ready LWP, still queued; null if there is none.
  LWP_ALWAYS_INLINE Pcb* pick() const noexcept {
    if (LWP_UNLIKELY(ready_ == 0)) return nullptr;
    return head_[31 - __builtin_clz(ready_)];
  }

  // Whom rotate_and_pick() would pick; the running LWP, which is ready, if there is nobody else.
  Pcb* pick_after(const Pcb& running) const noexcept {
    Pcb* const best = pick();
    return best == &running ? running.next : best;
  }

  // Each switch would wait for memory, for the top of the stack of who comes. Most likely the ring
  // goes on in order, so what the LWP after the next will need is asked for now. With very many
  // LWPs that is too late, and a scout goes round, some places ahead. Nothing depends on the guess.
  LWP_ALWAYS_INLINE void prefetch_after(const Pcb& next) noexcept {
    const Pcb* expected = next.next;
    if (LWP_UNLIKELY(scout_ != nullptr)) scout_ = expected = scout_->next;
    const auto* const frame = static_cast<const char*>(expected->context.frame);
    __builtin_prefetch(expected->next);
    __builtin_prefetch(frame, 1);
    __builtin_prefetch(frame + kCacheLine, 1);
  }

  // From time to time, as rings change: puts the scout where it should be.
  void send_scout(const Pcb& next) noexcept {
    constexpr int kAhead = 8;
    scout_ = &next;
    for (int i = 0; i < kAhead; ++i) scout_ = scout_->next;
  }
  void dismiss_scout() noexcept { scout_ = nullptr; }

  // Somebody else than this LWP, which is running, is ready at its priority or above.
  bool has_rival(const Pcb& running) const noexcept {
    if ((ready_ >> running.priority) > 1u) return true;
    const Pcb* const head = head_[running.priority];
    return head != nullptr && (head != &running || head->next != head);
  }

  Pcb* head(int priority) const noexcept { return head_[priority]; }

 private:
  Pcb* head_[kPriorities] = {};
  const Pcb* scout_ = nullptr;  // in some ring, or null
  std::uint32_t ready_ = 0;
};

}  // namespace lwp
