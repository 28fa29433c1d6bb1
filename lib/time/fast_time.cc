// SPDX-License-Identifier: MIT
#include "time/fast_time.h"

#include <atomic>
#include <cstdio>

#include "base/attributes.h"
#include "base/legacy_variables.h"

namespace lwp {

namespace {

// Odd while FT_LastTime is being written; another number afterwards.
std::atomic<unsigned> version{0};

std::atomic<bool> init_called{false};

template <typename T>
T load(const T& field) noexcept {
  return __atomic_load_n(&field, __ATOMIC_RELAXED);
}

template <typename T>
void store(T& field, T value) noexcept {
  __atomic_store_n(&field, value, __ATOMIC_RELAXED);
}

void remember(const timeval& now) noexcept {
  unsigned before = version.load(std::memory_order_relaxed);
  if ((before & 1) != 0) return;  // the time that another remembers is as good
  if (!version.compare_exchange_strong(before, before + 1, std::memory_order_acquire)) return;
  std::atomic_thread_fence(std::memory_order_release);
  store(FT_LastTime.tv_sec, now.tv_sec);
  store(FT_LastTime.tv_usec, now.tv_usec);
  version.store(before + 2, std::memory_order_release);
}

// False if there is none, or it is being written.
bool recall(timeval* ret_now) noexcept {
  const unsigned before = version.load(std::memory_order_acquire);
  const timeval last = {load(FT_LastTime.tv_sec), load(FT_LastTime.tv_usec)};
  std::atomic_thread_fence(std::memory_order_acquire);
  if ((before & 1) != 0 || version.load(std::memory_order_relaxed) != before) return false;
  if (last.tv_sec == 0) return false;
  *ret_now = last;
  return true;
}

}  // namespace

int fetch_time(timeval* ret_now, struct timezone* ret_zone) noexcept {
  timeval now;
  const int result = gettimeofday(&now, ret_zone);
  if (LWP_UNLIKELY(result != 0)) return result;
  remember(now);
  if (ret_now != nullptr) *ret_now = now;
  return result;
}

int recall_time(timeval* ret_now, struct timezone* ret_zone) noexcept {
  timeval last;
  if (!recall(&last)) return fetch_time(ret_now, ret_zone);
  if (ret_now != nullptr) *ret_now = last;
  return 0;
}

int init_fast_time(bool print_errors, bool not_really) noexcept {
  if (not_really) return 0;
  const bool first = !init_called.exchange(true, std::memory_order_relaxed);
  // Historical text.
  if (first && print_errors) fputs("FT_Init: mmap  not implemented on this kernel\n", stderr);
  return -1;
}

}  // namespace lwp
