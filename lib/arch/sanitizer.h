// SPDX-License-Identifier: MIT
// sanitizer.h - tells ASan, TSan and Valgrind about stacks and switches; nothing in other builds.
//
// FiberNote is what a sanitizer wants kept per flow of control. The order of calls at a switch from
// A to B: B.about_to_run(&A) on A's stack, the jump, then B.running(A) on B's stack. A flow that
// ends passes null instead of itself.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define LWP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LWP_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define LWP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LWP_TSAN 1
#endif
#endif

#if defined(LWP_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#elif defined(LWP_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#if defined(LWP_HAVE_VALGRIND)
#include <valgrind/memcheck.h>
#endif

namespace lwp {

#if defined(LWP_ASAN)

struct FiberNote {
  void* fake_stack = nullptr;
  const void* low = nullptr;  // null for the kernel thread's own stack, until it is first left
  std::size_t size = 0;
  bool after_an_end = false;

  void made(void* stack_low, std::size_t stack_size) noexcept {
    __asan_unpoison_memory_region(stack_low, stack_size);
    *this = FiberNote{nullptr, stack_low, stack_size, false};
  }
  void adopted() noexcept {}
  void about_to_run(FiberNote* from) noexcept {
    after_an_end = from == nullptr;
    __sanitizer_start_switch_fiber(from != nullptr ? &from->fake_stack : nullptr, low, size);
  }
  void running(FiberNote& from) noexcept {
    const void* from_low;
    std::size_t from_size;
    __sanitizer_finish_switch_fiber(fake_stack, &from_low, &from_size);
    // Its last frames were never returned from, and the memory may be the program's again.
    if (after_an_end) __asan_unpoison_memory_region(from_low, from_size);
    if (from.low == nullptr) {
      from.low = from_low;
      from.size = from_size;
    }
  }
  void gone() noexcept {}
};

#elif defined(LWP_TSAN)

struct FiberNote {
  void* fiber = nullptr;

  void made(void*, std::size_t) noexcept {
    gone();
    fiber = __tsan_create_fiber(0);
  }
  void adopted() noexcept { fiber = __tsan_get_current_fiber(); }
  void about_to_run(FiberNote*) noexcept { __tsan_switch_to_fiber(fiber, 0); }
  void running(FiberNote&) noexcept {}
  void gone() noexcept {
    if (fiber != nullptr) __tsan_destroy_fiber(fiber);
    fiber = nullptr;
  }
};

#else

struct FiberNote {
  void made(void*, std::size_t) noexcept {}
  void adopted() noexcept {}
  void about_to_run(FiberNote*) noexcept {}
  void running(FiberNote&) noexcept {}
  void gone() noexcept {}
};

#endif

#if defined(LWP_ASAN)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

inline bool on_valgrind() noexcept {
#if defined(LWP_HAVE_VALGRIND)
  return RUNNING_ON_VALGRIND != 0;
#else
  return false;
#endif
}

// The library is about to read memory below a stack pointer, where only it may.
inline void note_readable([[maybe_unused]] void* start, [[maybe_unused]] std::size_t size) {
#if defined(LWP_ASAN)
  __asan_unpoison_memory_region(start, size);
#endif
#if defined(LWP_HAVE_VALGRIND)
  (void)VALGRIND_MAKE_MEM_DEFINED(start, size);
#endif
}

// A stack is memory like any other again. Frames that were never returned from would else be taken
// for such as are in use.
inline void note_no_stack([[maybe_unused]] char* low, [[maybe_unused]] char* top) {
#if defined(LWP_ASAN)
  __asan_unpoison_memory_region(low, static_cast<std::size_t>(top - low));
#endif
}

// Memory that did not come from malloc and may hold the only pointer to some that did: else that
// counts as leaked.
inline void note_roots([[maybe_unused]] void* start, [[maybe_unused]] std::size_t size) {
#if defined(LWP_ASAN)
  __lsan_register_root_region(start, size);
#endif
}

inline void forget_roots([[maybe_unused]] void* start, [[maybe_unused]] std::size_t size) {
#if defined(LWP_ASAN)
  __lsan_unregister_root_region(start, size);
#endif
}

inline unsigned note_stack_begins([[maybe_unused]] char* low, [[maybe_unused]] char* top) {
#if defined(LWP_HAVE_VALGRIND)
  return VALGRIND_STACK_REGISTER(low, top);
#else
  return 0;
#endif
}

inline void note_stack_ends([[maybe_unused]] unsigned id) {
#if defined(LWP_HAVE_VALGRIND)
  VALGRIND_STACK_DEREGISTER(id);
#endif
}

}  // namespace lwp
