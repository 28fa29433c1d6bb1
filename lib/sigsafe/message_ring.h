// SPDX-License-Identifier: MIT
// message_ring.h - messages from any number of kernel threads and signal handlers to one kernel
// thread, in a ring of fixed size without locks.
//
// A sender claims a cell by moving the tail, fills it, and publishes it by its turn number. Nobody
// waits for anybody: the owner takes up to the first cell that is claimed but not yet published,
// and whoever publishes that one tells the owner afterwards. So a handler may send while it
// interrupts a sender, and the messages of one sender arrive in the order in which it sent them.
//
// Memory:  the cells are the owner's, a cache line each, so that senders do not disturb each other.
//          All zero is a ring without cells, which is empty and full.
// Context: push() in signal handlers and on any kernel thread; the rest on the owner's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/attributes.h"
#include "base/cache_line.h"

namespace lwp {

struct Message {
  enum class Kind : std::uint8_t {
    event,   // target: the event to signal
    credit,  // target: the handle of the LWP that gets one
    spawn,   // target: the entry of a new LWP
  };
  static constexpr std::size_t kName = 32;  // with its end

  std::uintptr_t target;
  void* parm;
  int stack_size;
  Kind kind;
  std::uint8_t priority;
  char name[kName];
};

class MessageRing {
 public:
  struct alignas(kCacheLine) Cell {
    // Place p of all that is ever sent: p while free, p + 1 while it holds a message.
    std::atomic<std::uint64_t> turn;
    Message message;
  };

  // A lone cell that holds a message would be taken for the free place that comes next.
  static constexpr std::uint64_t kFewest = 2;

  // count: a power of two, kFewest or more. Nobody sends meanwhile.
  void start(Cell* cells, std::uint64_t count) noexcept {
    cells_ = cells;
    count_ = count;
    head_ = 0;
    tail_.store(0, std::memory_order_relaxed);
    for (std::uint64_t i = 0; i < count; ++i) {
      new (&cells[i]) Cell;
      cells[i].turn.store(i, std::memory_order_relaxed);
    }
  }

  // False if it is full. Sequentially consistent with an owner that first says that it will sleep
  // and then looks once more.
  LWP_SIGSAFE bool push(const Message& message) noexcept {
    if (count_ == 0) return false;
    std::uint64_t place = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[place & (count_ - 1)];
      const auto ahead =
          static_cast<std::int64_t>(cell.turn.load(std::memory_order_acquire) - place);
      if (ahead < 0) return false;  // a message of the round before is still there
      if (ahead > 0) {
        place = tail_.load(std::memory_order_relaxed);
        continue;
      }
      if (tail_.compare_exchange_weak(place, place + 1, std::memory_order_relaxed)) {
        cell.message = message;
        cell.turn.store(place + 1, std::memory_order_seq_cst);
        return true;
      }
    }
  }

  // The oldest message but for some that are passed over, which have been looked at before. It
  // stays until pop(); null if there is none, or if its sender has not published it yet.
  const Message* front(std::uint64_t passed_over = 0) const noexcept {
    if (count_ == 0) return nullptr;
    const Cell& cell = cell_at(head_ + passed_over);
    const bool published = cell.turn.load(std::memory_order_seq_cst) == head_ + passed_over + 1;
    return published ? &cell.message : nullptr;
  }

  // Takes it out; the oldest of those that are passed over becomes the last of them.
  void pop(std::uint64_t passed_over = 0) noexcept {
    Cell& oldest = cell_at(head_);
    if (passed_over > 0) cell_at(head_ + passed_over).message = oldest.message;
    oldest.turn.store(head_ + count_, std::memory_order_release);
    ++head_;
  }

  Cell* cells() const noexcept { return cells_; }
  std::uint64_t count() const noexcept { return count_; }

 private:
  Cell& cell_at(std::uint64_t place) const noexcept { return cells_[place & (count_ - 1)]; }

  std::atomic<std::uint64_t> tail_{0};
  alignas(kCacheLine) Cell* cells_ = nullptr;
  std::uint64_t count_ = 0;
  alignas(kCacheLine) std::uint64_t head_ = 0;
};

static_assert(sizeof(void*) != 8 || sizeof(MessageRing::Cell) == kCacheLine);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace lwp
