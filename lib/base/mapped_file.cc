// SPDX-License-Identifier: MIT
#include "base/mapped_file.h"

#include <cstring>

namespace lwp {

MappedFile mapped_file_of(std::uintptr_t address) noexcept {
  MemoryMap map;
  MappedFile file;
  std::uintptr_t last_inode = 0;
  for (Mapping mapping; map.next(&mapping); last_inode = mapping.inode) {
    // The mappings of one file follow each other.
    if (mapping.inode == 0 || mapping.inode != last_inode) file.base = mapping.begin;
    if (address - mapping.begin >= mapping.end - mapping.begin) continue;
    memcpy(file.name, mapping.name, sizeof file.name);
    return file;
  }
  return {};
}

}  // namespace lwp
