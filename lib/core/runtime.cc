// SPDX-License-Identifier: MIT
#include "core/runtime.h"

#include <atomic>
#include <cstdint>
#include <new>

#include "base/legacy_variables.h"
#include "core/life.h"
#include "core/overflow.h"
#include "sigsafe/signal_mask.h"

// The C++ runtime's __cxa_get_globals, if the program has one; under a name of its own, as some
// system headers declare the original without the chance that it is missing.
extern "C" void* lwp_cxx_exception_globals() noexcept __asm__("__cxa_get_globals")
    __attribute__((weak));

namespace lwp {

namespace {

// The first runtime of the process keeps the historical variables up to date; once it has ended,
// the next to start does.
std::atomic<bool> primary_exists{false};

std::atomic<unsigned> runtimes_started{0};

void become_primary_or_not(Runtime& runtime) noexcept {
  runtime.primary = !primary_exists.exchange(true, std::memory_order_acq_rel);
  runtime.dispatch_count = runtime.primary ? &Cont_Sws : &runtime.own_dispatch_count;
  runtime.current_mirror = runtime.primary ? &lwp_cpptr : &runtime.own_current;
  runtime.next_index = runtime.primary ? &lwp_nextindex : &runtime.own_next_index;
}

void find_exception_globals(Runtime& runtime) noexcept {
  runtime.exceptions = lwp_cxx_exception_globals != nullptr
                           ? static_cast<ExceptionGlobals*>(lwp_cxx_exception_globals())
                           : &runtime.no_exceptions;
}

// What both ways of starting have in common. Nothing is left behind if it fails.
Rc start_modules(Runtime& runtime, int priority, Dialect dialect) noexcept {
  const unsigned number = runtimes_started.fetch_add(1, std::memory_order_relaxed);
  if (!runtime.handles.start(number, runtime.block)) return Rc::no_memory;
  runtime.dialect = dialect;
  runtime.stacks.start({sizeof(Pcb), offsetof(Pcb, slot), sizeof(DueNode)},
                       &runtime.attention.canaries, runtime.block);
  runtime.events.start(runtime.block);
  start_overflow_reports(runtime);
  become_primary_or_not(runtime);
  find_exception_globals(runtime);
  runtime.known_mask = present_mask();
  adopt_first_lwp(runtime, priority);
  critical::set_word(critical::kInitialWord + critical::kDepthUnit);
  lwp_thread.zone = &runtime;
  return Rc::success;
}

}  // namespace

Rc start_runtime(int priority, Dialect dialect) noexcept {
  void* const memory = map_memory(nullptr, sizeof(Runtime));
  if (memory == nullptr) return Rc::no_memory;
  note_roots(memory, sizeof(Runtime));
  const Rc rc = start_modules(*new (memory) Runtime, priority, dialect);
  if (rc == Rc::success) return rc;
  forget_roots(memory, sizeof(Runtime));
  unmap_memory(nullptr, memory, sizeof(Runtime));
  return rc;
}

Rc start_runtime_in(void* memory, std::size_t bytes, int priority) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t lost = (alignof(Runtime) - begin % alignof(Runtime)) % alignof(Runtime);
  if (bytes > SIZE_MAX - begin || bytes < lost + sizeof(Runtime)) return Rc::no_memory;
  auto* const place = static_cast<char*>(memory) + lost;
  Runtime& runtime = *new (place) Runtime;
  runtime.block_heap.start(place + sizeof(Runtime), bytes - lost - sizeof(Runtime));
  runtime.block = &runtime.block_heap;
  return start_modules(runtime, priority, Dialect::coda);
}

void stop_runtime(Runtime& runtime) noexcept {
  lwp_thread.zone = nullptr;
  critical::set_word(critical::kInitialWord);
  *runtime.current_mirror = nullptr;
  free_all_lwps(runtime);
  stop_overflow_reports(runtime);
  runtime.events.stop();
  runtime.stacks.stop();
  runtime.handles.stop();
  if (runtime.primary) primary_exists.store(false, std::memory_order_release);
  if (runtime.block != nullptr) return;
  forget_roots(&runtime, sizeof runtime);
  unmap_memory(nullptr, &runtime, sizeof runtime);
}

}  // namespace lwp
