// SPDX-License-Identifier: MIT
#include "core/runtime.h"

#include <sys/mman.h>

#include <atomic>
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

}  // namespace

Rc start_runtime(int priority, Dialect dialect) noexcept {
  void* const memory =
      mmap(nullptr, sizeof(Runtime), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Rc::no_memory;
  Runtime& runtime = *new (memory) Runtime;
  note_roots(memory, sizeof(Runtime));
  if (!runtime.handles.start(runtimes_started.fetch_add(1, std::memory_order_relaxed))) {
    forget_roots(memory, sizeof(Runtime));
    munmap(memory, sizeof(Runtime));
    return Rc::no_memory;
  }
  runtime.dialect = dialect;
  runtime.stacks.start(sizeof(Pcb), offsetof(Pcb, slot), &runtime.attention.canaries);
  start_overflow_reports(runtime);
  become_primary_or_not(runtime);
  find_exception_globals(runtime);
  runtime.known_mask = present_mask();
  adopt_first_lwp(runtime, priority);
  critical::set_word(critical::kInitialWord + critical::kDepthUnit);
  lwp_thread.zone = &runtime;
  return Rc::success;
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
  forget_roots(&runtime, sizeof runtime);
  munmap(&runtime, sizeof runtime);
}

}  // namespace lwp
