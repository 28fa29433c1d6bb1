// SPDX-License-Identifier: MIT
// bench.h - measuring: medians of interleaved runs, in processor time, on one pinned core.
//
// Every program measures its floor, raw fcontext, beside our operation in the same run,
// alternately, so that a machine that slows down slows both. What is printed: median of each, and
// the median of the ratios of the pairs.
//
// A line of results, as run.py reads it: what was measured, the floor, ours, the ratio; with a bar
// between them, and "-" for what there is not.
#pragma once

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
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

struct Figure {
  const char* name;
  double value;
  const char* unit = "ns";
};

inline std::string text(const Figure& figure) {
  char line[80];
  snprintf(line, sizeof line, "%-15s %9.*f %-4s", figure.name, figure.value < 1000 ? 2 : 0,
           figure.value, figure.unit);
  return line;
}

inline void report(const char* what, const Figure& floor, const Figure& ours, double ratio) {
  printf("%-40s | %s | %s | %6.2f\n", what, text(floor).c_str(), text(ours).c_str(), ratio);
  fflush(stdout);
}

// What has no floor.
inline void report(const char* what, const Figure& ours) {
  printf("%-40s | %-30s | %s | %6s\n", what, "-", text(ours).c_str(), "-");
  fflush(stdout);
}

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
  report(what, {floor_name, median(of_floor)}, {our_name, median(of_ours)}, median(ratios));
}

// ns that one body() takes, of many.
template <typename Body>
double ns_each(long count, Body body) {
  const double begin = cpu_ns();
  for (long i = 0; i < count; ++i) body();
  return (cpu_ns() - begin) / static_cast<double>(count);
}

}  // namespace bench
