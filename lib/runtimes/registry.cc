// SPDX-License-Identifier: MIT
#include "runtimes/registry.h"

#include <sys/mman.h>
#include <unistd.h>

#include <limits>
#include <new>

#include "arch/sanitizer.h"

namespace lwp {

namespace {

// In this process and those that it was forked from.
std::atomic<unsigned> registries_made{0};

// Handles that a child has from its parent are not to be those of what it makes itself.
void begin_handles(Registry& registry, unsigned number) noexcept {
  // Multiples of the golden ratio stay far apart, however many there are.
  constexpr std::uint32_t kGoldenRatio = 0x9e3779b9;
  constexpr int kWidth = std::numeric_limits<std::uint32_t>::digits;
  constexpr int kHigher = std::numeric_limits<std::uintptr_t>::digits - kWidth;
  const std::uintptr_t begin = std::uintptr_t{number * kGoldenRatio} << kHigher;
  if (begin == 0) return;
  for (Port& port : registry.ports) port.last_handle = begin;
  for (GroupPlace& place : registry.groups) place.handle = begin;
}

}  // namespace

Registry* open_registry() noexcept {
  for (;;) {
    if (Registry* const present = present_registry()) return present;
    Directory* old = directory.load(std::memory_order_acquire);
    if (present_directory() != nullptr) continue;
    void* const memory =
        mmap(nullptr, sizeof(Registry), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    auto* const fresh = new (memory) Registry;
    fresh->wiped_on_fork = madvise(memory, sizeof(Registry), MADV_WIPEONFORK) == 0;
    fresh->process = getpid();
    begin_handles(*fresh, registries_made.fetch_add(1, std::memory_order_relaxed));
    if (directory.compare_exchange_strong(old, fresh, std::memory_order_acq_rel)) {
      note_roots(memory, sizeof(Registry));
      return fresh;
    }
    munmap(memory, sizeof(Registry));
  }
}

}  // namespace lwp
