// SPDX-License-Identifier: MIT
#include "preempt/loaded_object.h"

#include <atomic>
#include <cstring>

namespace lwp {

namespace {

std::uint32_t gnu_hash(const char* name) noexcept {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

// The table behind DT_GNU_HASH.
struct HashTable {
  std::uint32_t bucket_count, first_symbol, filter_words, filter_shift;

  const std::uint32_t* buckets() const noexcept {
    return reinterpret_cast<const std::uint32_t*>(this + 1) +
           filter_words * (sizeof(ElfW(Addr)) / sizeof(std::uint32_t));
  }
  const std::uint32_t* hashes() const noexcept { return buckets() + bucket_count; }
};

enum class Knowledge { none, being_written, complete };
std::atomic<Knowledge> knowledge{Knowledge::none};
LastingObjects known_objects;

struct LastingSearch {
  LastingObjects found;
  bool first = true;
};

// The first object that is reported is the program itself.
int look_for_lasting(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<LastingSearch*>(data);
  const LoadedObject object(*info);
  if (search.first) search.found.program = object;
  search.first = false;
  if (strcmp(object.soname(), "libc.so.6") != 0) return 0;
  search.found.libc = object;
  return 1;
}

}  // namespace

LoadedObject::LoadedObject(const dl_phdr_info& info) noexcept
    : base_(info.dlpi_addr), segments_(info.dlpi_phdr), segment_count_(info.dlpi_phnum) {}

const ElfW(Phdr) * LoadedObject::segment(ElfW(Word) type) const noexcept {
  for (std::size_t i = 0; i < segment_count_; ++i) {
    if (segments_[i].p_type == type) return &segments_[i];
  }
  return nullptr;
}

std::uintptr_t LoadedObject::lowest_address() const noexcept {
  const ElfW(Phdr)* const first = segment(PT_LOAD);
  return first != nullptr ? base_ + first->p_vaddr : base_;
}

bool LoadedObject::contains(std::uintptr_t address) const noexcept {
  for (std::size_t i = 0; i < segment_count_; ++i) {
    if (segments_[i].p_type != PT_LOAD) continue;
    const std::uintptr_t begin = base_ + segments_[i].p_vaddr;
    if (CodeRange{begin, begin + segments_[i].p_memsz}.contains(address)) return true;
  }
  return false;
}

// Addresses in the dynamic section are relocated when the object is loaded, unless the section can
// not be written.
std::uintptr_t LoadedObject::dynamic(ElfW(Sxword) tag) const noexcept {
  const ElfW(Phdr)* const where = segment(PT_DYNAMIC);
  if (where == nullptr) return 0;
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(base_ + where->p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != tag) continue;
    const std::uintptr_t value = entry->d_un.d_ptr;
    return tag == DT_SONAME || value >= base_ ? value : base_ + value;
  }
  return 0;
}

const char* LoadedObject::soname() const noexcept {
  const std::uintptr_t strings = dynamic(DT_STRTAB);
  const std::uintptr_t offset = dynamic(DT_SONAME);
  if (strings == 0 || offset == 0) return "";
  return reinterpret_cast<const char*>(strings + offset);
}

const unsigned char* LoadedObject::unwind_index() const noexcept {
  const ElfW(Phdr)* const where = segment(PT_GNU_EH_FRAME);
  if (where == nullptr) return nullptr;
  return reinterpret_cast<const unsigned char*>(base_ + where->p_vaddr);
}

CodeRange LoadedObject::function(const char* name) const noexcept {
  const auto* const table = reinterpret_cast<const HashTable*>(dynamic(DT_GNU_HASH));
  const auto* const symbols = reinterpret_cast<const ElfW(Sym)*>(dynamic(DT_SYMTAB));
  const auto* const strings = reinterpret_cast<const char*>(dynamic(DT_STRTAB));
  if (table == nullptr || symbols == nullptr || strings == nullptr) return {};
  if (table->bucket_count == 0) return {};
  const std::uint32_t hash = gnu_hash(name);
  std::uint32_t i = table->buckets()[hash % table->bucket_count];
  if (i < table->first_symbol) return {};
  for (;; ++i) {
    constexpr std::uint32_t kLast = 1;
    const std::uint32_t found = table->hashes()[i - table->first_symbol];
    const ElfW(Sym)& symbol = symbols[i];
    if ((found | kLast) == (hash | kLast) && strcmp(strings + symbol.st_name, name) == 0 &&
        (symbol.st_info & 0xf) == STT_FUNC && symbol.st_shndx != SHN_UNDEF) {
      const std::uintptr_t begin = base_ + symbol.st_value;
      return {begin, begin + symbol.st_size};
    }
    if ((found & kLast) != 0) return {};
  }
}

LastingObjects lasting_objects() noexcept {
  if (knowledge.load(std::memory_order_acquire) == Knowledge::complete) return known_objects;
  LastingSearch search;
  dl_iterate_phdr(look_for_lasting, &search);
  Knowledge none = Knowledge::none;
  if (knowledge.compare_exchange_strong(none, Knowledge::being_written)) {
    known_objects = search.found;
    knowledge.store(Knowledge::complete, std::memory_order_release);
  }
  return search.found;
}

}  // namespace lwp
