// SPDX-License-Identifier: MIT
// loaded_object.h - what the dynamic linker tells of an executable or shared object in memory.
//
// Context: any, but not in a handler. Valid as long as the object stays loaded.
#pragma once

#include <link.h>

#include <cstddef>
#include <cstdint>

#include "sigsafe/code_range.h"

namespace lwp {

class LoadedObject {
 public:
  constexpr LoadedObject() noexcept = default;
  explicit LoadedObject(const dl_phdr_info& info) noexcept;

  bool has_interpreter() const noexcept { return segment(PT_INTERP) != nullptr; }
  std::uintptr_t lowest_address() const noexcept;
  // Any of its segments does, code or not.
  bool contains(std::uintptr_t address) const noexcept;
  // "libc.so.6"; empty if it has none.
  const char* soname() const noexcept;
  // Its .eh_frame_hdr; null if it has none.
  const unsigned char* unwind_index() const noexcept;

  // Calls found(CodeRange) for each executable segment.
  template <typename Found>
  void for_each_code(Found found) const noexcept {
    for (std::size_t i = 0; i < segment_count_; ++i) {
      if (segments_[i].p_type != PT_LOAD || (segments_[i].p_flags & PF_X) == 0) continue;
      const std::uintptr_t begin = base_ + segments_[i].p_vaddr;
      found(CodeRange{begin, begin + segments_[i].p_memsz});
    }
  }

  // The code of an exported function; empty if there is none of that name.
  CodeRange function(const char* name) const noexcept;

 private:
  const ElfW(Phdr) * segment(ElfW(Word) type) const noexcept;
  std::uintptr_t dynamic(ElfW(Sxword) tag) const noexcept;

  std::uintptr_t base_ = 0;
  const ElfW(Phdr) * segments_ = nullptr;
  std::size_t segment_count_ = 0;
};

// What has been there since the program was started, and stays; without segments if there is none.
struct LastingObjects {
  LoadedObject program;
  LoadedObject libc;  // glibc's, linked dynamically
};

// Asks the dynamic linker once in a process: a child that was forked off while another kernel
// thread held its lock would wait for ever.
LastingObjects lasting_objects() noexcept;

}  // namespace lwp
