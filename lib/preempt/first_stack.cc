// SPDX-License-Identifier: MIT
#include "preempt/first_stack.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/memory_map.h"

namespace lwp {

// pthread_getattr_np knows it, for the main thread from /proc.
FirstStack find_first_stack() noexcept {
  FirstStack stack;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return stack;
  void* low = nullptr;
  std::size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    stack.low = static_cast<char*>(low);
    stack.end = stack.low + size;
  }
  pthread_attr_destroy(&attributes);
  return stack;
}

FirstStack find_first_stack_without_heap() noexcept {
  MemoryMap map;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  std::uintptr_t below = 0;  // where the mapping before this one ends
  for (Mapping mapping; map.next(&mapping); below = mapping.end) {
    if (here < mapping.begin || here >= mapping.end) continue;
    std::uintptr_t low = mapping.begin;
    // The main thread's grows downwards as it is needed, up to a limit.
    rlimit limit;
    if (getpid() == gettid() && getrlimit(RLIMIT_STACK, &limit) == 0) {
      const bool fits = limit.rlim_cur < mapping.end - below;
      low = fits ? mapping.end - limit.rlim_cur : below;
      if (low > mapping.begin) low = mapping.begin;
    }
    return {reinterpret_cast<const char*>(low), reinterpret_cast<const char*>(mapping.end)};
  }
  return {};
}

}  // namespace lwp
