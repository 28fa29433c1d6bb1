// SPDX-License-Identifier: MIT
#include "arch/guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/memcheck.h"

namespace lwp {

namespace {

constexpr int kMadvGuardInstall = 102;  // not in the headers of older systems
constexpr int kMadvNothing = 0x7fffffff;
constexpr std::uint64_t kCanary[2] = {0x7265767265736e6f, 0xdeadc0de0ddba11f};
static_assert(sizeof kCanary == kCanaryBytes);

// Half of the mappings that the process may have; the other half is for everybody else.
long mappings_for_guards() noexcept {
  constexpr long kDefaultMaxMapCount = 65530;
  long limit = kDefaultMaxMapCount;
  const int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char text[24] = {};
    if (read(fd, text, sizeof text - 1) > 0) limit = atol(text);
    close(fd);
  }
  constexpr long kMappingsPerGuard = 2;
  return limit / 2 / kMappingsPerGuard;
}

}  // namespace

GuardKind GuardBudget::install(char* low, std::size_t bytes) noexcept {
  if (marking_ == Marking::not_asked_for) {
    const bool takes_any_advice = madvise(low, bytes, kMadvNothing) == 0;  // user-mode emulators
    marking_ = takes_any_advice ? Marking::impossible : Marking::possible;
  }
  if (marking_ == Marking::possible) {
    if (madvise(low, bytes, kMadvGuardInstall) == 0) return GuardKind::marked_pages;
    marking_ = Marking::impossible;
  }
  if (protections_left_ < 0) protections_left_ = mappings_for_guards();
  if (protections_left_ > 0) {
    if (mprotect(low, bytes, PROT_NONE) == 0) {
      --protections_left_;
      return GuardKind::protected_pages;
    }
    protections_left_ = 0;
  }
  return GuardKind::canary;
}

void plant_canary(char* low) noexcept {
  const MemcheckPaused paused;
  memcpy(low, kCanary, sizeof kCanary);
}

bool canary_alive(const char* low) noexcept {
  const MemcheckPaused paused;
  return memcmp(low, kCanary, sizeof kCanary) == 0;
}

}  // namespace lwp
