// SPDX-License-Identifier: MIT
#include "core/handle_table.h"

#include <atomic>
#include <cstring>

namespace lwp {

namespace {
constexpr std::size_t kFirstPlaces = 256;
}

bool HandleTable::start(unsigned runtime_number, BlockHeap* block) noexcept {
  block_ = block;
  constexpr unsigned kRuntimeMask = (1u << kRuntimeBits) - 1;
  runtime_bits_ = static_cast<std::uintptr_t>(runtime_number & kRuntimeMask) << kIndexBits;
  // Multiples of the golden ratio stay far apart, however many there are.
  constexpr std::uint32_t kGoldenRatio = 0x9e3779b9;
  const std::uint32_t start = (runtime_number >> kRuntimeBits) * kGoldenRatio;
  first_generation_ = (start >> (32 - kGenerationBits)) * kGenerationUnit;
  return grow();
}

void HandleTable::stop() noexcept {
  unmap_memory(block_, places_, capacity_ * sizeof(Place));
  *this = HandleTable{};
}

bool HandleTable::grow() noexcept {
  const std::size_t wanted = capacity_ == 0 ? kFirstPlaces : capacity_ * 2;
  if (wanted > kIndexMask + 1) return false;
  void* const memory = map_memory(block_, wanted * sizeof(Place));
  if (memory == nullptr) return false;
  // Not mremap: a signal handler may look a handle up at any time, in the old table or the new.
  Place* const old = places_;
  if (old != nullptr) memcpy(memory, old, used_ * sizeof(Place));
  std::atomic_signal_fence(std::memory_order_seq_cst);
  places_ = static_cast<Place*>(memory);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  unmap_memory(block_, old, capacity_ * sizeof(Place));
  capacity_ = wanted;
  if (used_ == 0) used_ = 1;
  return true;
}

bool HandleTable::take_place(Pcb& pcb) noexcept {
  std::size_t index = first_free_;
  if (index != 0) {
    first_free_ = places_[index].owner >> 1;
  } else {
    if (used_ == capacity_ && !grow()) return false;
    index = used_++;
    places_[index].handle = ~(runtime_bits_ | first_generation_ | index);
  }
  places_[index].owner = reinterpret_cast<std::uintptr_t>(&pcb);
  pcb.table_index = static_cast<std::uint32_t>(index);
  pcb.handle = reinterpret_cast<PROCESS>(~places_[index].handle);
  return true;
}

void HandleTable::give_up(Pcb& pcb) noexcept {
  places_[pcb.table_index].owner = first_free_ << 1 | 1;
  first_free_ = pcb.table_index;
}

}  // namespace lwp
