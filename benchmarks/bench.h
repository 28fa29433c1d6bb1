// SPDX-License-Identifier: MIT
// bench.h - measuring: medians of interleaved runs, in processor time, on one pinned core.
//
// Every program measures its floor, raw fcontext, beside our operation in the same run,
// alternately, so that a machine that slows down slows both. What is printed: median of each, and
// the median of the ratios of the pairs.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace bench {

inline double cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline void pin() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

constexpr int kRuns = 9;

// floor() and ours() each do their operation a number of times and return ns per operation.
template <typename Floor, typename Ours>
void compare(const char* what, Floor floor, Ours ours, const char* floor_name = "raw fcontext",
             const char* our_name = "LWP") {
  std::vector<double> of_floor;
  std::vector<double> of_ours;
  std::vector<double> ratios;
  floor();
  ours();
  for (int run = 0; run < kRuns; ++run) {
    of_floor.push_back(floor());
    of_ours.push_back(ours());
    ratios.push_back(of_ours.back() / of_floor.back());
  }
  printf("%-32s %s %8.2f ns   %s %8.2f ns   ratio %5.2f\n", what, floor_name, median(of_floor),
         our_name, median(of_ours), median(ratios));
  fflush(stdout);
}

}  // namespace bench
