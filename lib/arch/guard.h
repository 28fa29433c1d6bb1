// SPDX-License-Identifier: MIT
// guard.h - makes the low end of a stack a place that can not be touched unnoticed.
//
// Best first: MADV_GUARD_INSTALL marks the pages in the page table alone (Linux 6.13 and later), so
// a million guards need no mappings of their own; mprotect splits the mapping in two, of which the
// system allows some 65 000; last comes a canary word that is compared at every dispatch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lwp {

enum class GuardKind : std::uint8_t { none, marked_pages, protected_pages, canary };

class GuardBudget {
 public:
  GuardKind install(char* low, std::size_t bytes) noexcept;

 private:
  enum class Marking : std::uint8_t { not_asked_for, possible, impossible };

  Marking marking_ = Marking::not_asked_for;
  long protections_left_ = -1;  // -1: vm.max_map_count has not been read yet
};

void plant_canary(char* low) noexcept;
bool canary_alive(const char* low) noexcept;
constexpr std::size_t kCanaryBytes = 16;

}  // namespace lwp
