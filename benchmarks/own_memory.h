// SPDX-License-Identifier: MIT
// own_memory.h - what the kernel says of the memory of this process.
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

// A number in a file of /proc: that after `name`, or the second one if there is no name.
inline long number_of(const char* file, const char* name) {
  FILE* const stream = fopen(file, "r");
  char line[256];
  long value = -1;
  while (stream != nullptr && value < 0 && fgets(line, sizeof line, stream) != nullptr) {
    if (name == nullptr) {
      sscanf(line, "%*d %ld", &value);
    } else if (strncmp(line, name, strlen(name)) == 0) {
      value = atol(line + strlen(name));
    }
  }
  if (stream != nullptr) fclose(stream);
  return value;
}

inline long mappings() {
  FILE* const stream = fopen("/proc/self/maps", "r");
  long lines = 0;
  for (int c; stream != nullptr && (c = getc(stream)) != EOF;) lines += c == '\n';
  if (stream != nullptr) fclose(stream);
  return lines;
}

struct Usage {
  double resident;  // bytes
  double page_tables;
  long mappings;
};

inline Usage usage() {
  return {static_cast<double>(number_of("/proc/self/statm", nullptr) * getpagesize()),
          static_cast<double>(number_of("/proc/self/status", "VmPTE:")) * 1024, mappings()};
}

// Is there a page below this place on a stack that can not be read?
inline bool guarded(const char* place) {
  constexpr int kSlot = 65536;
  for (int below = 0; below < kSlot; below += getpagesize()) {
    char byte;
    const iovec to = {&byte, 1};
    const iovec from = {const_cast<char*>(place) - below, 1};
    if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1) return true;
  }
  return false;
}

}  // namespace bench
