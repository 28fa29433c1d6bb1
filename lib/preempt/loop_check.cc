// SPDX-License-Identifier: MIT
#include "preempt/loop_check.h"

#include <climits>

#include "base/check.h"
#include "core/cancel.h"
#include "core/loop_list.h"
#include "core/safe_point.h"
#include "sigsafe/critical.h"
#include "sigsafe/interrupted.h"
#include "sigsafe/tick_handler.h"

namespace lwp {

namespace {

// The end of the counter's range where the loop comes from, in the first bytes of the result.
lwpx_loop_bits stop_for(int size, bool is_signed, bool up) noexcept {
  constexpr unsigned long long kSign = 1ull << 63;
  unsigned long long stop = is_signed ? kSign : 0;
  if (!up) stop = ~stop;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  stop >>= CHAR_BIT * (static_cast<int>(sizeof stop) - size);
#endif
  return static_cast<lwpx_loop_bits>(stop);
}

std::uintptr_t here() noexcept {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

// Inside the library.
void pass_checkpoint(Runtime& runtime) noexcept {
  // If anybody has been dispatched since the tick, its slice has ended already.
  const bool due = runtime.asked_at == *runtime.dispatch_count;
  runtime.asked_at = ~*runtime.dispatch_count;  // no more
  // Whoever is to be cancelled may run next, and come to a checkpoint.
  lwpx_checkpoint_due = runtime.cancellations > 0 || runtime.attention.forced;
  restore_limits(runtime);
  if (LWP_UNLIKELY(cancellation_is_due(*runtime.current))) {
    // Not in a handler, which goes back to what may be half done.
    if (may_pay(runtime)) act_on_cancel(runtime);
    lower_limits(*runtime.current);
  }
  if (!due) return;
  if (critical::level_of(critical::word()) == 0) {
    pay_tick(runtime);
  } else {
    owe_tick(runtime);
  }
}

}  // namespace

void begin_loop(Runtime* runtime, PRE_Loop& loop, int counter_size, bool is_signed,
                bool up) noexcept {
  LWP_CHECK(counter_size > 0 && counter_size <= static_cast<int>(sizeof loop.wanted));
  loop.cancelled = 0;
  loop.stop.bits = stop_for(counter_size, is_signed, up);
  loop.compare = loop.wanted;
  if (runtime == nullptr) return;
  forget_dead_loops(*runtime, here());
  enlist(*runtime->current, loop);
  if (LWP_UNLIKELY(lwpx_checkpoint_due != 0)) checkpoint(runtime);
}

bool loop_goes_on(Runtime* runtime, PRE_Loop& loop, bool more) noexcept {
  if (more) {
    loop.compare = loop.wanted;
    checkpoint(runtime);
    if (loop.cancelled == 0) return true;
  } else {
    loop.cancelled = 0;
  }
  end_loop(runtime, loop);
  return false;
}

void ask_for_slice(Runtime& runtime, const ucontext_t* interrupted) noexcept {
  if (critical::in_library()) {
    owe_tick(runtime);
    return;
  }
  ask_loops(runtime, interrupted != nullptr ? interrupted_stack(*interrupted) : here());
}

void end_loop(Runtime* runtime, PRE_Loop& loop) noexcept {
  loop.listed = 0;
  if (runtime == nullptr) return;
  forget_dead_loops(*runtime, here());
  delist(*runtime->current, loop);
}

void checkpoint(Runtime* runtime) noexcept {
  if (runtime == nullptr) {
    lwpx_checkpoint_due = 0;
    return;
  }
  // A handler that interrupted the library: it asks again when that goes on.
  if (critical::in_library()) return;
  forget_dead_loops(*runtime, here());
  critical::enter_library();
  pass_checkpoint(*runtime);
  leave_library(*runtime);
}

}  // namespace lwp
