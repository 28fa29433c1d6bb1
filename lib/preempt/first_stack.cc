// SPDX-License-Identifier: MIT
#include "preempt/first_stack.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace lwp {

namespace {

struct Mapping {
  std::uintptr_t begin, end;
};

// Reads /proc/self/maps, of which each line begins "BEGIN-END ", in hexadecimal digits.
class MapsReader {
 public:
  MapsReader() noexcept : fd_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~MapsReader() {
    if (fd_ >= 0) close(fd_);
  }
  MapsReader(const MapsReader&) = delete;
  MapsReader& operator=(const MapsReader&) = delete;

  // False at the end.
  bool next(Mapping* ret_mapping) noexcept {
    Mapping mapping = {};
    if (!read_number('-', &mapping.begin) || !read_number(' ', &mapping.end)) return false;
    for (int c = 0; c != '\n'; c = get()) {
      if (c < 0) return false;
    }
    *ret_mapping = mapping;
    return true;
  }

 private:
  int get() noexcept {
    if (at_ == filled_) {
      filled_ = fd_ >= 0 ? read(fd_, buffer_, sizeof buffer_) : 0;
      at_ = 0;
      if (filled_ <= 0) return -1;
    }
    return static_cast<unsigned char>(buffer_[at_++]);
  }

  bool read_number(int separator, std::uintptr_t* ret_number) noexcept {
    int c;
    while ((c = get()) != separator) {
      const int digit = c >= 'a' && c <= 'f' ? c - 'a' + 10 : c - '0';
      if (digit < 0 || digit > 15) return false;
      *ret_number = *ret_number << 4 | static_cast<unsigned>(digit);
    }
    return true;
  }

  const int fd_;
  ssize_t filled_ = 0;
  ssize_t at_ = 0;
  char buffer_[512];
};

}  // namespace

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
  MapsReader maps;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  std::uintptr_t below = 0;  // where the mapping before this one ends
  for (Mapping mapping; maps.next(&mapping); below = mapping.end) {
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
