// SPDX-License-Identifier: MIT
// handle_table.h - turns the PROCESS handles of callers into control blocks, and refuses bad ones.
//
// A handle is made of a place in the table, the number of the runtime, and the generation of that
// place, in the highest bits, so that it may overflow. Whatever a caller passes, only the table is
// read to judge it: a handle of an LWP that has ended, of another kernel thread, or plain garbage
// is told apart without touching its memory.
//
// While nobody lives in a place it holds the last handle's complement, which no handle can equal:
// its low bits do not name the place.
//
// A generation has 32 bits (64-bit systems), so a stale handle is mistaken for a live one only
// after exactly 2^32 LWPs in the same place. The number of a runtime has 8 bits; of runtimes whose
// numbers share these, each counts generations from a point of its own, far from the others'.
//
// Context: find() also in signal handlers; the rest inside the library, never in handlers.
#pragma once

#include <lwp/detail/types.h>

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "base/block_heap.h"
#include "core/pcb.h"

namespace lwp {

class HandleTable {
 public:
  // runtime_number: tells the handles of runtimes apart, those of ended ones included.
  // block: where its memory comes from; null: from the system.
  bool start(unsigned runtime_number, BlockHeap* block = nullptr) noexcept;
  void stop() noexcept;

  // Gives the LWP in this block a handle of its own. False if there is no memory for a new place.
  LWP_ALWAYS_INLINE bool issue(Pcb& pcb) noexcept {
    if (LWP_UNLIKELY(pcb.table_index == 0) && !take_place(pcb)) return false;
    issue_again(pcb);
    return true;
  }
  // The same, if LWPs in this block have had handles before.
  LWP_ALWAYS_INLINE void issue_again(Pcb& pcb) noexcept {
    Place& place = places_[pcb.table_index];
    // A block keeps its last handle.
    const std::uintptr_t handle = reinterpret_cast<std::uintptr_t>(pcb.handle) + kGenerationUnit;
    ++live_;
    place.handle = handle;
    pcb.handle = reinterpret_cast<PROCESS>(handle);
  }
  // Ends the life of that handle; the place stays with the block.
  void retire(Pcb& pcb) noexcept {
    places_[pcb.table_index].handle = ~places_[pcb.table_index].handle;
    --live_;
  }
  // The block, which is about to vanish, gives its place back. Its handle is retired.
  void give_up(Pcb& pcb) noexcept;

  // Null for a handle that is not of a live LWP of this runtime.
  Pcb* find(PROCESS handle) const noexcept {
    const auto bits = reinterpret_cast<std::uintptr_t>(handle);
    const std::size_t index = bits & kIndexMask;
    if (index >= used_) return nullptr;
    const Place& place = places_[index];
    return place.handle == bits ? pcb_in(place) : nullptr;
  }

  // The block in which the LWP of a retired handle was, if no other has been in it since; or null.
  Pcb* find_retired(PROCESS handle) const noexcept {
    const auto bits = reinterpret_cast<std::uintptr_t>(handle);
    const std::size_t index = bits & kIndexMask;
    if (index == 0 || index >= used_) return nullptr;
    const Place& place = places_[index];
    return place.handle == ~bits && !is_free(place) ? pcb_in(place) : nullptr;
  }

  // How many LWPs there are.
  std::size_t live() const noexcept { return live_; }

  // Every block that has a place, dead ones included, in order of places.
  template <typename Visit>
  void for_each(Visit visit) const noexcept {
    for (std::size_t i = 1; i < used_; ++i) {
      if (!is_free(places_[i])) visit(*pcb_in(places_[i]));
    }
  }

 private:
  static constexpr bool kWide = sizeof(void*) == 8;
  static constexpr int kIndexBits = kWide ? 24 : 16;
  static constexpr int kRuntimeBits = kWide ? 8 : 4;
  static constexpr int kGenerationBits = kWide ? 32 : 12;
  static constexpr std::uintptr_t kIndexMask = (std::uintptr_t{1} << kIndexBits) - 1;
  static constexpr std::uintptr_t kGenerationUnit = std::uintptr_t{1}
                                                    << (kIndexBits + kRuntimeBits);
  static_assert(kIndexBits + kRuntimeBits + kGenerationBits == sizeof(void*) * 8);

  struct Place {
    std::uintptr_t handle;  // of the live LWP, or the complement of the last one's
    std::uintptr_t owner;   // address of the block; or twice the next free place, plus 1
  };
  static bool is_free(const Place& place) noexcept { return (place.owner & 1) != 0; }
  static Pcb* pcb_in(const Place& place) noexcept { return reinterpret_cast<Pcb*>(place.owner); }

  bool grow() noexcept;
  bool take_place(Pcb& pcb) noexcept;

  BlockHeap* block_ = nullptr;
  Place* places_ = nullptr;
  std::size_t used_ = 0;  // place 0 is never given, so no handle is null
  std::size_t capacity_ = 0;
  std::size_t live_ = 0;
  std::size_t first_free_ = 0;  // of the places given up; 0: none
  std::uintptr_t runtime_bits_ = 0;
  std::uintptr_t first_generation_ = 0;  // where new places begin to count
};

}  // namespace lwp
