// SPDX-License-Identifier: MIT
#include "base/fork_sentinel.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace lwp {

bool ForkSentinel::start(bool may_map) noexcept {
  if (!may_map) {
    page_ = &own_;
    own_ = getpid();
    return true;
  }
  const auto size = static_cast<std::size_t>(getpagesize());
  void* const page =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  wiped_on_fork_ = madvise(page, size, MADV_WIPEONFORK) == 0;
  page_ = static_cast<pid_t*>(page);
  *page_ = getpid();
  return true;
}

void ForkSentinel::stop() noexcept {
  if (page_ != nullptr && page_ != &own_) munmap(page_, static_cast<std::size_t>(getpagesize()));
  page_ = nullptr;
}

bool ForkSentinel::is_other() noexcept {
  const pid_t self = getpid();
  if (*page_ == self) return false;
  *page_ = self;
  return true;
}

}  // namespace lwp
