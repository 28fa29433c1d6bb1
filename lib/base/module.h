// SPDX-License-Identifier: MIT
// module.h - in which file of the process an address lies.
//
// Context: signal handlers too: system calls only, some of which change errno.
#pragma once

#include <cstdint>

namespace lwp {

struct Module {
  char name[64] = "";       // last part of the path, cut to fit; empty: not known
  std::uintptr_t base = 0;  // where the file begins in memory
};

Module module_of(std::uintptr_t address) noexcept;

}  // namespace lwp
