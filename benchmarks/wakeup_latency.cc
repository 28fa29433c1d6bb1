// SPDX-License-Identifier: MIT
// wakeup_latency.cc - how long after its deadline, or after a byte has come, an LWP of a high
// priority runs while others compute without ever yielding.
//   wakeup_latency [SAMPLES [SLICE_US]]
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bench.h"

namespace {

constexpr int kSpinners = 10;
constexpr int kStack = 65536;

double now_us() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

timespec after_us(long us) { return {us / 1000000, us % 1000000 * 1000}; }

void compute(void*) {
  PRE_PreemptMe();
  for (volatile unsigned long i = 0;; ++i) {
  }
}

// Half of the time in the C library, where ticks do not act.
void compute_and_call(void*) {
  static char bytes[16384];
  PRE_PreemptMe();
  for (;;) {
    for (volatile int i = 0; i < 100; ++i) {
    }
    memset(bytes, 1, sizeof bytes);
  }
}

// A span that has nothing to do with the slice.
long next_span(unsigned& random, long slice_us) {
  random = random * 1664525u + 1013904223u;
  return slice_us + static_cast<long>(random >> 8) % (5 * slice_us);
}

void report(const char* what, std::vector<double>& late_us, long slice_us) {
  std::sort(late_us.begin(), late_us.end());
  const auto slices = [&](double share) {
    const auto last = static_cast<double>(late_us.size() - 1);
    return late_us[static_cast<std::size_t>(share * last)] / static_cast<double>(slice_us);
  };
  bench::report(what, {"p50, slices", slices(0.5), "x"});
  bench::report(what, {"p99, slices", slices(0.99), "x"});
  bench::report(what, {"most, slices", slices(1), "x"});
}

void wait_for_time(const char* what, int samples, long slice_us) {
  std::vector<double> late;
  unsigned random = 1;
  for (int i = 0; i < samples; ++i) {
    const long span = next_span(random, slice_us);
    const timespec time = after_us(span);
    const double begin = now_us();
    LWPX_Sleep(&time);
    late.push_back(now_us() - begin - static_cast<double>(span));
  }
  report(what, late, slice_us);
}

struct Sender {
  int fd;
  int samples;
  long slice_us;
};

// Another kernel thread, on another processor if there is one.
void* send_times(void* argument) {
  const Sender& sender = *static_cast<Sender*>(argument);
  unsigned random = 2;
  for (int i = 0; i < sender.samples; ++i) {
    const timespec time = after_us(next_span(random, sender.slice_us));
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    const double now = now_us();
    if (write(sender.fd, &now, sizeof now) != sizeof now) abort();
  }
  return nullptr;
}

void wait_for_bytes(const char* what, int samples, long slice_us) {
  std::vector<double> late;
  int ends[2];
  if (pipe(ends) != 0) abort();
  Sender sender = {ends[1], samples, slice_us};
  pthread_t thread;
  cpu_set_t all;
  memset(&all, 0xff, sizeof all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setaffinity_np(&attributes, sizeof all, &all);
  if (pthread_create(&thread, &attributes, send_times, &sender) != 0) abort();
  for (int i = 0; i < samples; ++i) {
    double sent;
    if (LWPX_Read(ends[0], &sent, sizeof sent) != sizeof sent) abort();
    late.push_back(now_us() - sent);
  }
  pthread_join(thread, nullptr);
  close(ends[0]);
  close(ends[1]);
  report(what, late, slice_us);
}

void among(void (*spinner)(void*), const char* time, const char* bytes, int samples,
           long slice_us) {
  timeval slice = {slice_us / 1000000, slice_us % 1000000};
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, nullptr) != LWP_SUCCESS) abort();
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) abort();
  for (int i = 0; i < kSpinners; ++i) {
    LWP_CreateProcess(spinner, kStack, 2, nullptr, "spinner", nullptr);
  }
  wait_for_time(time, samples, slice_us);
  wait_for_bytes(bytes, samples, slice_us);
  LWP_TerminateProcessSupport();
}

}  // namespace

int main(int argc, char** argv) {
  const int samples = argc > 1 ? atoi(argv[1]) : 1000;
  const long slice_us = argc > 2 ? atol(argv[2]) : 1000;
  if (samples < 1 || slice_us < 20) {
    fprintf(stderr, "usage: wakeup_latency [SAMPLES [SLICE_US]]\n");
    return EXIT_FAILURE;
  }
  bench::pin();
  among(compute, "deadline", "descriptor", samples, slice_us);
  among(compute_and_call, "deadline, half libc", "descriptor, half libc", samples, slice_us);
  return EXIT_SUCCESS;
}
