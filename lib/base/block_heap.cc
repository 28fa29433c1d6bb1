// SPDX-License-Identifier: MIT
#include "base/block_heap.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"

namespace lwp {

namespace {

constexpr std::size_t kUnit = BlockHeap::kOverhead;
constexpr std::size_t kMost = SIZE_MAX / 2;

constexpr std::size_t with_header(std::size_t bytes) noexcept {
  return (bytes + kUnit - 1) / kUnit * kUnit + kUnit;
}

}  // namespace

void BlockHeap::start(void* memory, std::size_t bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t aligned = (begin + kUnit - 1) / kUnit * kUnit;
  const std::size_t lost = aligned - begin;
  first_gap_ = nullptr;
  if (bytes < lost + 2 * kUnit) return;
  first_gap_ = new (reinterpret_cast<void*>(aligned)) Header;
  *first_gap_ = {(bytes - lost) / kUnit * kUnit, nullptr};
}

void* BlockHeap::take_low(std::size_t bytes) noexcept {
  if (bytes > kMost) return nullptr;
  const std::size_t wanted = with_header(bytes);
  Header** at = &first_gap_;
  while (*at != nullptr && (*at)->bytes < wanted) at = &(*at)->next;
  Header* const taken = *at;
  if (taken == nullptr) return nullptr;
  if (taken->bytes == wanted) {
    *at = taken->next;
  } else {
    auto* const rest = new (reinterpret_cast<char*>(taken) + wanted) Header;
    *rest = {taken->bytes - wanted, taken->next};
    *at = rest;
    taken->bytes = wanted;
  }
  return taken + 1;
}

void* BlockHeap::take_high(std::size_t bytes) noexcept {
  if (bytes > kMost) return nullptr;
  const std::size_t wanted = with_header(bytes);
  Header** found = nullptr;
  for (Header** at = &first_gap_; *at != nullptr; at = &(*at)->next) {
    if ((*at)->bytes >= wanted) found = at;
  }
  if (found == nullptr) return nullptr;
  Header* taken = *found;
  if (taken->bytes == wanted) {
    *found = taken->next;
  } else {
    taken->bytes -= wanted;
    taken = new (end_of(*taken)) Header;
    taken->bytes = wanted;
  }
  return taken + 1;
}

void BlockHeap::give_back(void* piece) noexcept {
  Header* const gap = static_cast<Header*>(piece) - 1;
  Header* before = nullptr;
  Header* after = first_gap_;
  while (after != nullptr && after < gap) {
    before = after;
    after = after->next;
  }
  LWP_CHECK(before == nullptr || end_of(*before) <= reinterpret_cast<char*>(gap));
  LWP_CHECK(after == nullptr || end_of(*gap) <= reinterpret_cast<char*>(after));
  gap->next = after;
  (before != nullptr ? before->next : first_gap_) = gap;
  if (after != nullptr && end_of(*gap) == reinterpret_cast<char*>(after)) {
    gap->bytes += after->bytes;
    gap->next = after->next;
  }
  if (before != nullptr && end_of(*before) == reinterpret_cast<char*>(gap)) {
    before->bytes += gap->bytes;
    before->next = gap->next;
  }
}

std::size_t BlockHeap::size_of(const void* piece) const noexcept {
  return (static_cast<const Header*>(piece) - 1)->bytes - kUnit;
}

void* take_memory(BlockHeap* block, std::size_t bytes) noexcept {
  return block != nullptr ? block->take_high(bytes) : malloc(bytes);
}

void* enlarge_memory(BlockHeap* block, void* old, std::size_t bytes) noexcept {
  if (block == nullptr) return realloc(old, bytes);
  void* const larger = block->take_high(bytes);
  if (larger == nullptr || old == nullptr) return larger;
  const std::size_t old_bytes = block->size_of(old);
  memcpy(larger, old, old_bytes < bytes ? old_bytes : bytes);
  block->give_back(old);
  return larger;
}

void return_memory(BlockHeap* block, void* memory) noexcept {
  if (block == nullptr) return free(memory);
  if (memory != nullptr) block->give_back(memory);
}

void* map_memory(BlockHeap* block, std::size_t bytes) noexcept {
  if (block == nullptr) {
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? memory : nullptr;
  }
  void* const memory = block->take_high(bytes);
  if (memory != nullptr) memset(memory, 0, bytes);
  return memory;
}

void unmap_memory(BlockHeap* block, void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  if (block == nullptr) {
    munmap(memory, bytes);
  } else {
    block->give_back(memory);
  }
}

}  // namespace lwp
