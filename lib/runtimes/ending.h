// SPDX-License-Identifier: MIT
// ending.h - the order in which what sits on top of the core ends with a runtime.
#pragma once

#include "core/runtime.h"

namespace lwp {

// Frees everything. The caller runs as the first LWP, inside the library; afterwards there is none.
void end_runtime(Runtime& runtime) noexcept;

}  // namespace lwp
