// SPDX-License-Identifier: MIT
// plain_form.h - what calls begin and end with that come in two forms: a plain one, inline and for
// the most common case, and a full one, for all. See wait_abi.cc.
#pragma once

#include "abi/abi.h"

namespace lwp {

// Enters the library, unless only the full form may. What a tick can change is to be asked after
// that: one that comes just before may turn the ticks off, if nobody else is ready then.
LWP_ALWAYS_INLINE bool enter_plainly(const Runtime* runtime) noexcept {
  if (LWP_UNLIKELY(runtime == nullptr || critical::in_library())) return false;
  critical::enter_library();
  return true;
}

// For the full form to enter it. That catches up with what has been noted meanwhile.
LWP_ALWAYS_INLINE void leave_to_full_form() noexcept { critical::leave_library(); }

LWP_NOINLINE inline int catch_up_and_return(int rc) noexcept {
  catch_up(*this_runtime());
  return rc;
}

LWP_ALWAYS_INLINE int leave_library_and_return(ThreadState& thread, int rc) noexcept {
  critical::leave_library(thread);
  if (LWP_UNLIKELY(thread.zone->attention.to_catch_up())) return catch_up_and_return(rc);
  return rc;
}

}  // namespace lwp
