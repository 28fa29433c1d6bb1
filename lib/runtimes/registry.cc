// SPDX-License-Identifier: MIT
#include "runtimes/registry.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

#include "arch/sanitizer.h"

namespace lwp {

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
    if (directory.compare_exchange_strong(old, fresh, std::memory_order_acq_rel)) {
      note_roots(memory, sizeof(Registry));
      return fresh;
    }
    munmap(memory, sizeof(Registry));
  }
}

}  // namespace lwp
