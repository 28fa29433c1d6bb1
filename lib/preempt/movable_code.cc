// SPDX-License-Identifier: MIT
#include "preempt/movable_code.h"

#include <elf.h>
#include <link.h>

#include <cstdlib>

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
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type == PT_INTERP) found.has_interpreter = true;
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    if (found.count == kMaxRanges) continue;  // what is left out is just not movable
    const std::uintptr_t begin = program->dlpi_addr + segment.p_vaddr;
    found.ranges[found.count++] = {begin, begin + segment.p_memsz};
  }
  return 1;
}

}  // namespace

Rc map_movable_code(const CodeMap** ret_map) noexcept {
  Found found;
  dl_iterate_phdr(look_at_program, &found);
  if (!found.has_interpreter) return Rc::system;
  auto* const map =
      static_cast<CodeMap*>(malloc(sizeof(CodeMap) + found.count * sizeof(CodeRange)));
  if (map == nullptr) return Rc::no_memory;
  map->library = {reinterpret_cast<std::uintptr_t>(__start_lwp_text),
                  reinterpret_cast<std::uintptr_t>(__stop_lwp_text)};
  map->count = found.count;
  for (std::size_t i = 0; i < found.count; ++i) map->ranges[i] = found.ranges[i];
  *ret_map = map;
  return Rc::success;
}

void free_code_map(const CodeMap* map) noexcept { free(const_cast<CodeMap*>(map)); }

}  // namespace lwp
