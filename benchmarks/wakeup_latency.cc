// SPDX-License-Identifier: MIT
// wakeup_latency.cc - how long after its deadline, or after a byte has come, an LWP of a high
// priority runs while others compute without ever yielding.
//   wakeup_latency [SAMPLES [SLICE_US]]
//
// Where the system gives the processor to others meanwhile, or keeps from running who is to write
// the byte, the time until the LWP runs says nothing about slices. Such samples, in which more than
// a twentieth of a slice was lost, are told by the processor time of the kernel thread. The last
// figures are those of the others.
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

struct Sample {
  double late_us;
  double lost_us;  // that the kernel thread did not have the processor, or the byte was on its way
};

double slices_at(double share, const std::vector<double>& late_us, long slice_us) {
  if (late_us.empty()) return 0;
  const auto last = static_cast<double>(late_us.size() - 1);
  return late_us[static_cast<std::size_t>(share * last)] / static_cast<double>(slice_us);
}

void report(const char* what, const std::vector<Sample>& samples, long slice_us) {
  std::vector<double> all;
  std::vector<double> whole;
  for (const Sample& sample : samples) {
    all.push_back(sample.late_us);
    if (sample.lost_us < static_cast<double>(slice_us) / 20) whole.push_back(sample.late_us);
  }
  std::sort(all.begin(), all.end());
  std::sort(whole.begin(), whole.end());
  bench::report(what, {"p50, slices", slices_at(0.5, all, slice_us), "x"});
  bench::report(what, {"p99, slices", slices_at(0.99, all, slice_us), "x"});
  bench::report(what, {"most, slices", slices_at(1, all, slice_us), "x"});
  const auto share = static_cast<double>(whole.size()) / static_cast<double>(all.size());
  bench::report(what, {"undisturbed", 100 * share, "%"});
  bench::report(what, {"p99 of these", slices_at(0.99, whole, slice_us), "x"});
  bench::report(what, {"most of these", slices_at(1, whole, slice_us), "x"});
}

void wait_for_time(const char* what, int samples, long slice_us) {
  std::vector<Sample> late;
  unsigned random = 1;
  for (int i = 0; i < samples; ++i) {
    const long span = next_span(random, slice_us);
    const timespec time = after_us(span);
    const double begin = now_us();
    const double cpu_begin = bench::cpu_ns();
    LWPX_Sleep(&time);
    const double cpu_us = (bench::cpu_ns() - cpu_begin) / 1e3;
    const double us = now_us() - begin;
    late.push_back({us - static_cast<double>(span), us - cpu_us});
  }
  report(what, late, slice_us);
}

struct Sent {
  double at_us;
  double receiver_cpu_us;
};

struct Sender {
  int fd;
  clockid_t receiver_clock;
  long slice_us;
  std::vector<double> write_us;  // one for each sample: how long it took
};

double clock_us(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Another kernel thread.
void* send_times(void* argument) {
  Sender& sender = *static_cast<Sender*>(argument);
  unsigned random = 2;
  for (double& write_us : sender.write_us) {
    const timespec time = after_us(next_span(random, sender.slice_us));
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    const Sent sent = {now_us(), clock_us(sender.receiver_clock)};
    if (write(sender.fd, &sent, sizeof sent) != sizeof sent) abort();
    write_us = now_us() - sent.at_us;
  }
  return nullptr;
}

// All processors but the one on which the receiver runs, if there are others.
void set_other_processors(pthread_attr_t* attributes) {
  cpu_set_t others;
  memset(&others, 0xff, sizeof others);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1) CPU_CLR(sched_getcpu(), &others);
  pthread_attr_setaffinity_np(attributes, sizeof others, &others);
}

void wait_for_bytes(const char* what, int samples, long slice_us) {
  std::vector<Sample> late;
  int ends[2];
  if (pipe(ends) != 0) abort();
  Sender sender = {ends[1], {}, slice_us, std::vector<double>(static_cast<std::size_t>(samples))};
  pthread_getcpuclockid(pthread_self(), &sender.receiver_clock);
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  set_other_processors(&attributes);
  if (pthread_create(&thread, &attributes, send_times, &sender) != 0) abort();
  for (int i = 0; i < samples; ++i) {
    Sent sent;
    if (LWPX_Read(ends[0], &sent, sizeof sent) != sizeof sent) abort();
    const double us = now_us() - sent.at_us;
    const double cpu_us = clock_us(sender.receiver_clock) - sent.receiver_cpu_us;
    late.push_back({us, us - cpu_us});
  }
  pthread_join(thread, nullptr);
  for (std::size_t i = 0; i < late.size(); ++i) {
    late[i].lost_us = std::max(late[i].lost_us, sender.write_us[i]);
  }
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
