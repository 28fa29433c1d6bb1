// SPDX-License-Identifier: MIT
#include "preempt/movable_code.h"

#include <cstdlib>
#include <new>

#include "preempt/blocking_functions.h"
#include "preempt/loaded_object.h"

// The bounds of the section into which the build gathers all of this library's code.
extern "C" {
extern const char __start_lwp_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_lwp_text[] __attribute__((weak, visibility("hidden")));
}

namespace lwp {

namespace {

constexpr std::size_t kMaxRanges = 16;  // a program has one executable segment, rarely two

struct Found {
  bool has_interpreter = false;
  std::size_t count = 0;
  CodeRange ranges[kMaxRanges];
};

// The first object that is reported is the program itself.
int look_at_program(dl_phdr_info* program, std::size_t, void* data) {
  auto& found = *static_cast<Found*>(data);
  const LoadedObject object(*program);
  found.has_interpreter = object.has_interpreter();
  object.for_each_code([&](const CodeRange& code) {
    // What is left out is just not movable.
    if (found.count < kMaxRanges) found.ranges[found.count++] = code;
  });
  return 1;
}

}  // namespace

Rc map_movable_code(const CodeMap** ret_map) noexcept {
  Found found;
  dl_iterate_phdr(look_at_program, &found);
  if (!found.has_interpreter) return Rc::system;
  void* const memory = malloc(sizeof(CodeMap) + found.count * sizeof(CodeRange));
  if (memory == nullptr) return Rc::no_memory;
  auto* const map = new (memory) CodeMap;
  map->calls = find_blocking_functions();
  map->library = {reinterpret_cast<std::uintptr_t>(__start_lwp_text),
                  reinterpret_cast<std::uintptr_t>(__stop_lwp_text)};
  map->count = found.count;
  for (std::size_t i = 0; i < found.count; ++i) map->ranges[i] = found.ranges[i];
  *ret_map = map;
  return Rc::success;
}

void free_code_map(const CodeMap* map) noexcept { free(const_cast<CodeMap*>(map)); }

}  // namespace lwp
