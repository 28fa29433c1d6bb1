// SPDX-License-Identifier: MIT
// trace.h - the line in the log that some calls begin with.
#pragma once

#include "base/attributes.h"
#include "base/legacy_variables.h"
#include "core/watch.h"

namespace lwp {

// One test per call while tracing is off.
LWP_ALWAYS_INLINE void trace_call(const char* name) noexcept {
  if (LWP_UNLIKELY(lwp_debug > 0)) log_line("Entered %s", name);
}

}  // namespace lwp
