// SPDX-License-Identifier: MIT
#include "core/aging.h"

#include "core/runtime.h"
#include "core/scheduler.h"

namespace lwp {

namespace {

// The I/O manager's own LWP has nothing to do while others are ready.
Pcb* in_turn(const Runtime& runtime, int priority) noexcept {
  Pcb* const head = runtime.queue.head(priority);
  if (head == nullptr || head != runtime.idle_lwp) return head;
  return head->next != head ? head->next : nullptr;
}

}  // namespace

void set_aging(Runtime& runtime, int slices) noexcept {
  runtime.aging = {};
  runtime.aging.limit = slices;
  runtime.attention.aging = slices != 0;
  stop_dozing_for(runtime, *runtime.current);
}

Pcb* grow_older(Runtime& runtime) noexcept {
  Aging& aging = runtime.aging;
  const Pcb* const best = runtime.queue.pick();
  Pcb* oldest = nullptr;
  for (int p = 0; p < kPriorities; ++p) {
    Pcb* const candidate = in_turn(runtime, p);
    const bool waits = best != nullptr && p < best->priority && candidate != nullptr &&
                       candidate != runtime.current && (aging.ran & 1u << p) == 0;
    aging.age[p] = waits ? aging.age[p] + 1 : 0;
    if (waits && aging.age[p] >= aging.limit &&
        (oldest == nullptr || aging.age[p] >= aging.age[oldest->priority])) {
      oldest = candidate;
    }
  }
  aging.ran = 0;
  if (oldest == nullptr) return nullptr;
  aging.age[oldest->priority] = 0;
  if (runtime.queue.head(oldest->priority) != oldest) {
    runtime.queue.rotate(*runtime.queue.head(oldest->priority));
  }
  return oldest;
}

bool somebody_ages(const Runtime& runtime, const Pcb& running) noexcept {
  if (!runtime.attention.aging) return false;
  for (int p = 0; p < running.priority; ++p) {
    if (in_turn(runtime, p) != nullptr) return true;
  }
  return false;
}

}  // namespace lwp
