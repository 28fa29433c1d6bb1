// SPDX-License-Identifier: MIT
// wait_signal.cc - round trips of two LWPs that wake each other: by events, by credits, and for one
// of several events; alone, and beside others that wait for events of their own. The floor is one
// raw jump between two contexts.
//   wait_signal [OTHERS]
#include <lwp/lwp.h>

#include <cstdlib>
#include <vector>

#include "bench.h"
#include "raw_ring.h"

namespace {

constexpr int kMost = 64;  // events of one wait
constexpr int kPriority = 2;

struct Pair {
  char ping[kMost];
  char pong[kMost];
  int events;  // of a wait; 0: by credits
  PROCESS asker;
  PROCESS answerer;
  bool stop;
};

void wait_for(const char* events, int count) {
  if (count == 0) {
    LWP_QWait();
  } else if (count == 1) {
    LWP_WaitProcess(events);
  } else {
    const void* list[kMost + 1];
    for (int i = 0; i < count; ++i) list[i] = events + i;
    list[count] = nullptr;
    LWP_MwaitProcess(1, list);
  }
}

void wake(const Pair& pair, PROCESS who, const char* event) {
  if (pair.events == 0) {
    LWP_QSignal(who);
  } else {
    LWP_NoYieldSignal(event);
  }
}

void answer(void* argument) {
  auto& pair = *static_cast<Pair*>(argument);
  for (;;) {
    wait_for(pair.ping, pair.events);
    if (pair.stop) return;
    wake(pair, pair.asker, pair.pong);
  }
}

double round_trips(Pair& pair) {
  constexpr int kTrips = 1000000;
  const double begin = bench::cpu_ns();
  for (int i = 0; i < kTrips; ++i) {
    wake(pair, pair.answerer, pair.ping);
    wait_for(pair.pong, pair.events);
  }
  return (bench::cpu_ns() - begin) / kTrips;
}

void measure(int events, long others) {
  Pair pair = {};
  pair.events = events;
  LWP_CurrentProcess(&pair.asker);
  LWP_CreateProcess(answer, 0, kPriority, &pair, "answer", &pair.answerer);
  constexpr int kJumps = 1000000;
  bench::RawRing ring(2);
  char what[64];
  snprintf(what, sizeof what, "%s%.0d%s, %ld others",
           events == 0 ? "QWait/QSignal" : "wait/signal, 1 of ", events, "", others);
  bench::compare(
      what,
      [&] {
        const double begin = bench::cpu_ns();
        ring.turn(kJumps / 2);
        return (bench::cpu_ns() - begin) / kJumps;
      },
      [&] { return round_trips(pair); });
  pair.stop = true;
  wake(pair, pair.answerer, pair.ping);
  LWP_DispatchProcess();
}

void wait_for_ever(void* event) { LWP_WaitProcess(event); }

}  // namespace

int main(int argc, char** argv) {
  bench::pin();
  std::vector<long> crowds = {0, 10000};
  if (argc > 1) crowds = {atol(argv[1])};
  for (const long others : crowds) {
    if (LWP_Init(LWP_VERSION, kPriority, nullptr) != LWP_SUCCESS) abort();
    std::vector<char> events(static_cast<std::size_t>(others));
    for (char& event : events) {
      if (LWP_CreateProcess(wait_for_ever, 0, kPriority, &event, "other", nullptr) != LWP_SUCCESS) {
        fprintf(stderr, "wait_signal: no memory for %ld others\n", others);
        return EXIT_FAILURE;
      }
    }
    for (const int count : {1, 0, 4, 16, 64}) measure(count, others);
    LWP_TerminateProcessSupport();
  }
  return EXIT_SUCCESS;
}
