// SPDX-License-Identifier: MIT
#include "core/thread_set.h"

#include "core/cancel.h"
#include "core/control.h"
#include "core/event.h"

namespace lwp {

void add_thread(Runtime& runtime, Pcb& pcb) noexcept {
  if (resume_lwp(runtime, pcb) != Rc::success || (pcb.flags & kThread) != 0) return;
  pcb.flags |= kThread;
  ++runtime.threads;
}

void block_until_threads_end(Runtime& runtime) noexcept {
  const void* const all_ended = &runtime.threads;
  while (runtime.threads > 0 && !wait_was_cut(*runtime.current)) {
    (void)block_on_events(runtime, &all_ended, 1, 1);
  }
}

}  // namespace lwp
