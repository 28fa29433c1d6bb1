// SPDX-License-Identifier: MIT
// stack.h - where stacks come from: address space in large arenas, cut into power-of-two slots.
//
//   | slot | ... | slot | header | ... | header | annex | ... | annex |      an arena
//
//   slot base                                                        slot end
//   | guard        | stack, grows down <------------------- | colour |
//                  ^ low                                    ^ top
//
// The owner's headers (Pcbs, with a StackSlot in each) lie together behind the slots: a walk along
// many LWPs stays within few pages, and the processor sees it coming. At the top of the stacks,
// where they were first, each had its own page and, with 10 000 LWPs, was never in a near cache.
// An annex is another piece of the owner's, a small one, for what is looked at without the rest.
// Colour is 0 to 23 cache lines, different from slot to slot: else the hot part of every stack
// would fall into the same few cache sets.
//
// Memory:  slots are recycled last in first out, with their header as the last owner left it;
//          arenas go back to the system only all at once. acquire() returns null when there is no
//          address space; nothing else fails.
// Context: a pool belongs to one kernel thread. Never used by a signal handler.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/guard.h"
#include "arch/sanitizer.h"
#include "base/attributes.h"
#include "base/block_heap.h"
#include "base/cache_line.h"
#include "base/wide.h"

namespace lwp {

// What one signal takes of a stack: the frame that the kernel pushes, which holds all registers of
// the processor, and what the tick handler needs below it.
std::size_t signal_room() noexcept;

constexpr std::size_t kSmallestSlot = std::size_t{64} << 10;
constexpr int kGuardShift = 4;  // the guard is a sixteenth of the slot: deep stacks, large frames

struct StackSlot {
  char* low = nullptr;  // first usable byte, just above the guard
  char* top = nullptr;  // just above the last usable byte; 16-byte aligned
  StackSlot* next_free = nullptr;
  std::uint32_t expected_use = 0;  // see make_clean(); 0 = unknown
  std::uint8_t size_class = 0;
  GuardKind guard = GuardKind::none;
  std::uint16_t measure_every = 0;   // so many uses
  std::uint16_t until_measured = 0;  // uses left
  bool recycled = false;             // by acquire(): has had an owner before
  bool placed : 1;                   // not of an arena: see place()
  bool in_block : 1;                 // placed in the pool's own block
  unsigned valgrind_id = 0;
  void* annex = nullptr;  // 8-byte aligned; all zero when the slot is new

  StackSlot() noexcept : placed(false), in_block(false) {}

  std::size_t size() const noexcept { return static_cast<std::size_t>(top - low); }
  std::size_t guard_size() const noexcept { return kSmallestSlot << size_class >> kGuardShift; }

  // The lowest byte that is not zero, or top. Touches only pages that are in memory already.
  char* lowest_used() noexcept;

  // Makes the stack all zero again, so that lowest_used() speaks of the next owner alone. Zeroes
  // the part that owners of this slot usually use; the rest is looked at when the bytes just below
  // that part are not zero, or every 16th to 1024th time. An owner that jumped over those bytes
  // without touching them can so leave some behind: lowest_used() may be too low then, never too
  // high.
  void make_clean() noexcept;

  // The same where it is a matter of a few cache lines. Else false, and nothing has been done.
  LWP_ALWAYS_INLINE bool clean_plainly() noexcept {
    constexpr std::uint32_t kLittle = 512;  // far less than any stack
    if (LWP_UNLIKELY(expected_use == 0 || expected_use > kLittle || until_measured <= 1)) {
      return false;
    }
    char* const end = top;
    char* const begin = end - expected_use;
    if (kAddressSanitizer) note_readable(begin - kProbe, kProbe + expected_use);
    if (LWP_UNLIKELY(!all_zero_wide<kProbe>(begin - kProbe))) return false;
    --until_measured;
    for (char* at = begin; at < end; at += kCacheLine) clear_wide<kCacheLine>(at);
    return true;
  }

  // What the next owner leaves behind is not to be measured.
  void forget_use() noexcept {
    if (LWP_UNLIKELY(expected_use != 0)) expected_use = 0;
  }

 private:
  static constexpr std::size_t kProbe = 128;

  void measure_and_clean() noexcept;
};

class StackPool {
 public:
  // What belongs to the owner beside each slot, in bytes.
  struct Beside {
    std::size_t header;       // a multiple of 64
    std::size_t slot_offset;  // where in the header the StackSlot lies
    std::size_t annex;        // a multiple of 8
  };
  // block: where slots lie, placed (see there); null: in arenas.
  // ret_canaries becomes true when some slot is guarded by nothing but a word to be looked at.
  void start(const Beside& beside, bool* ret_canaries, BlockHeap* block = nullptr) noexcept;
  void stop() noexcept;  // unmaps everything

  // A slot with room for `wanted` bytes and two signals; null if there is no address space.
  StackSlot* acquire(std::size_t wanted) noexcept {
    StackSlot* const slot = first_recycled(wanted);
    if (LWP_UNLIKELY(slot == nullptr)) return acquire_another(wanted);
    take_recycled(*slot);
    slot->recycled = true;
    return slot;
  }
  // The same in two steps, where it is quick: the last one was wanted with as much room, and one of
  // that size has been released. Else null. `recycled` is left as it is.
  LWP_ALWAYS_INLINE StackSlot* first_recycled(std::size_t wanted) const noexcept {
    return LWP_LIKELY(wants_what_last(wanted)) ? last_class_->free : nullptr;
  }
  LWP_ALWAYS_INLINE bool wants_what_last(std::size_t wanted) const noexcept {
    return wanted == last_wanted_;
  }
  LWP_ALWAYS_INLINE void take_recycled(StackSlot& first) noexcept {
    last_class_->free = first.next_free;
  }
  void release(StackSlot& slot) noexcept {
    if (LWP_UNLIKELY(slot.placed)) return vacate(slot);
    release_pooled(slot);
  }
  // One that is not placed.
  LWP_ALWAYS_INLINE void release_pooled(StackSlot& slot) noexcept {
    Class& size_class = classes_[slot.size_class];
    slot.next_free = size_class.free;
    size_class.free = &slot;
  }

  // A slot in somebody else's memory, header and annex at the upper end; it is guarded by a canary
  // word, and never recycled: released, it is no more. ret_stack is what is left beside room for
  // two signals, in bytes; may be null. Null if that is less than kSmallestPlaced.
  StackSlot* place(void* memory, std::size_t bytes, int* ret_stack) noexcept;
  static constexpr std::size_t kSmallestPlaced = 4096;

 private:
  struct Arena {
    char* base;
    std::size_t bytes;
    std::uint8_t size_class;
  };
  struct alignas(kCacheLine) Class {  // of a power of two: quickly found
    StackSlot* free = nullptr;
    char* fresh = nullptr;  // slots of the newest arena that were never used
    char* fresh_end = nullptr;
    char* fresh_header = nullptr;  // and their headers
    char* fresh_annex = nullptr;
    std::size_t mapped = 0;  // bytes in all arenas of this class
    unsigned next_colour = 0;
  };
  static constexpr int kClasses = sizeof(void*) == 8 ? 18 : 16;
  static constexpr int kMaxArenas = 512;
  static constexpr std::size_t kNothing = ~std::size_t{0};

  StackSlot* acquire_another(std::size_t wanted) noexcept;
  StackSlot* place_in_block(std::size_t wanted) noexcept;
  std::size_t beside_placed() const noexcept;
  void vacate(StackSlot& slot) noexcept;
  bool map_arena(Class& size_class, int index) noexcept;
  StackSlot* cut_slot(Class& size_class, int index) noexcept;

  std::size_t last_wanted_ = kNothing;  // most LWPs want what the last one wanted
  Class* last_class_ = nullptr;
  BlockHeap* block_ = nullptr;
  Beside beside_ = {};
  std::size_t overhead_ = 0;  // what a slot needs beyond the stack and the guard
  GuardBudget guards_;
  bool* canaries_in_use_ = nullptr;
  Class classes_[kClasses];
  Arena arenas_[kMaxArenas];
  int arena_count_ = 0;
};

}  // namespace lwp
