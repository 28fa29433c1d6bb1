// SPDX-License-Identifier: MIT
#include "preempt/module.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstring>

#include "preempt/loaded_object.h"

namespace lwp {

namespace {

const char* last_part(const char* path) noexcept {
  const char* const slash = strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

struct Search {
  const char* name;
  std::uintptr_t address;  // by which to find it, or where it was found
  bool first = true;       // the first object that is reported is the program itself
  bool found = false;
  bool is_program = false;
  bool is_forbidden = false;
  bool out_of_memory = false;
  RangeSet* code = nullptr;
};

// The kernel tells where the dynamic linker and the vDSO are.
bool must_not_be_interrupted(const LoadedObject& object) noexcept {
  return strcmp(object.soname(), "libc.so.6") == 0 ||
         strncmp(object.soname(), "ld-", strlen("ld-")) == 0 ||
         object.contains(getauxval(AT_BASE)) || object.contains(getauxval(AT_SYSINFO_EHDR));
}

int look_for_name(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  const LoadedObject object(*info);
  const char* const path = info->dlpi_name != nullptr ? info->dlpi_name : "";
  if (strcmp(path, search.name) != 0 && strcmp(last_part(path), search.name) != 0 &&
      strcmp(object.soname(), search.name) != 0) {
    return 0;
  }
  search.address = object.lowest_address();
  search.found = true;
  return 1;
}

int look_for_address(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  const LoadedObject object(*info);
  search.is_program = search.first;
  search.first = false;
  if (!object.contains(search.address)) return 0;
  search.found = true;
  search.is_forbidden = must_not_be_interrupted(object);
  object.for_each_code([&](const CodeRange& code) {
    if (!search.code->add(code)) search.out_of_memory = true;
  });
  return 1;
}

Rc search_address(Search& search) noexcept {
  dl_iterate_phdr(look_for_address, &search);
  if (search.out_of_memory) return Rc::no_memory;
  return search.found ? Rc::success : Rc::system;
}

struct FunctionSearch {
  const char* name;
  CodeRange found;
};

int look_for_function(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<FunctionSearch*>(data);
  search.found = LoadedObject(*info).function(search.name);
  return search.found.begin != 0 ? 1 : 0;
}

// A function of the dynamic linker, of the type of `like`. Looked up, as a mention by name would
// bring the dynamic linker into static programs. Null: there is none.
template <typename Function>
Function* loader_function(const char* name, Function* /*like*/) noexcept {
  FunctionSearch search = {name, {}};
  dl_iterate_phdr(look_for_function, &search);
  return reinterpret_cast<Function*>(search.found.begin);
}
#define LOADER_FUNCTION(name) loader_function(#name, static_cast<decltype(&(name))>(nullptr))

// By name, as there is no other way; and then it must be the same. Another kernel thread may unload
// the object meanwhile.
void* pin_object_at(const void* address) noexcept {
  auto* const map_of = LOADER_FUNCTION(dladdr1);
  auto* const open = LOADER_FUNCTION(dlopen);
  auto* const inquire = LOADER_FUNCTION(dlinfo);
  if (map_of == nullptr || open == nullptr || inquire == nullptr) return nullptr;
  Dl_info info;
  void* found = nullptr;
  if (map_of(address, &info, &found, RTLD_DL_LINKMAP) == 0 || found == nullptr) return nullptr;
  const auto* const map = static_cast<link_map*>(found);
  void* const pin = open(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
  if (pin == nullptr) return nullptr;
  link_map* pinned = nullptr;
  if (inquire(pin, RTLD_DI_LINKMAP, &pinned) == 0 && pinned == map) return pin;
  unpin(pin);
  return nullptr;
}

}  // namespace

const void* find_module(const char* name) noexcept {
  if (*name == '\0') return nullptr;
  Search search = {name, 0};
  dl_iterate_phdr(look_for_name, &search);
  return search.found ? reinterpret_cast<const void*>(search.address) : nullptr;
}

Rc find_code(const void* address, RangeSet& ret_code) noexcept {
  Search search = {nullptr, reinterpret_cast<std::uintptr_t>(address)};
  search.code = &ret_code;
  return search_address(search);
}

Rc pin_module(const void* address, Module& ret_module) noexcept {
  RangeSet before;
  Search search = {nullptr, reinterpret_cast<std::uintptr_t>(address)};
  search.code = &before;
  if (const Rc rc = search_address(search); rc != Rc::success) return rc;
  if (search.is_forbidden) return Rc::system;
  if (search.is_program) {
    ret_module.code = static_cast<RangeSet&&>(before);
    return Rc::success;
  }
  void* const pin = pin_object_at(address);
  if (pin == nullptr) return Rc::system;
  // Only now it can not be another one.
  if (const Rc rc = find_code(address, ret_module.code); rc != Rc::success) {
    unpin(pin);
    return rc;
  }
  ret_module.pin = pin;
  return Rc::success;
}

void unpin(void* pin) noexcept {
  auto* const close = LOADER_FUNCTION(dlclose);
  if (pin != nullptr && close != nullptr) close(pin);
}

}  // namespace lwp
