// SPDX-License-Identifier: MIT
// mapped_file.h - in which file of the process an address lies.
//
// Context: signal handlers too: system calls only, some of which change errno.
#pragma once

#include <cstdint>

#include "base/memory_map.h"

namespace lwp {

struct MappedFile {
  char name[sizeof Mapping::name] = "";  // empty: not known
  std::uintptr_t base = 0;               // where the file begins in memory
};

MappedFile mapped_file_of(std::uintptr_t address) noexcept;

}  // namespace lwp
