// SPDX-License-Identifier: MIT
#include "core/forced_ticks.h"

#include <preempt/loop.h>

#include "core/runtime.h"
#include "sigsafe/access_rights.h"
#include "sigsafe/signal_mask.h"

namespace lwp {

void force_ticks(Runtime& runtime, std::uint64_t seed, unsigned every) noexcept {
  runtime.attention.forced = every != 0;
  if (every == 0) return;
  runtime.forced_ticks = {seed, every};
  lwpx_checkpoint_due = 1;  // for as long as they are on
  // Before PRE_InitPreempt nobody has asked for the mask under which LWPs may be moved.
  if (!runtime.preempting) runtime.known_mask = present_mask();
  if (runtime.rights_place == 0) runtime.rights_place = find_access_rights();
}

}  // namespace lwp
