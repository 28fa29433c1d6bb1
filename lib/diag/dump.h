// SPDX-License-Identifier: MIT
// dump.h - describes the LWPs of a runtime in words.
#pragma once

#include <cstdio>

#include "core/runtime.h"

namespace lwp {

// The ready ones by priority, then those that wait. Context: inside the library.
void print_lwps(Runtime& runtime, FILE* out) noexcept;

}  // namespace lwp
