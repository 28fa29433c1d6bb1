// SPDX-License-Identifier: MIT
// locks.cc - locks that are free, and write locks that go from hand to hand.
#include <lwp/lock.h>
#include <lwp/lwp.h>

#include "bench.h"

namespace {

constexpr int kPriority = 2;
constexpr long kTimes = 10000000;
constexpr long kHandOvers = 1000000;

__attribute__((noinline)) void nothing(Lock* lock) { __asm__ __volatile__("" : : "r"(lock)); }

template <void (*obtain)(Lock*), void (*release)(Lock*)>
double pair() {
  static Lock lock;
  Lock_Init(&lock);
  return bench::ns_each(kTimes, [] {
    obtain(&lock);
    release(&lock);
  });
}

template <void (*obtain)(Lock*), void (*release)(Lock*)>
void measure_free(const char* what) {
  bench::compare(what, pair<nothing, nothing>, pair<obtain, release>, "two empty calls");
}

// Two LWPs follow each other round three locks: each obtains the next before it releases its own.
// So every lock that is obtained is held by the other, who goes on when it waits: one hand-over per
// switch.
struct Chase {
  Lock locks[3];
  bool over;
};

void step(Chase& chase, int& ret_place) {
  const int next = (ret_place + 1) % 3;
  ObtainWriteLock(&chase.locks[next]);
  ReleaseWriteLock(&chase.locks[ret_place]);
  ret_place = next;
}

void follow(void* argument) {
  auto& chase = *static_cast<Chase*>(argument);
  int place = 1;
  ObtainWriteLock(&chase.locks[place]);
  while (!chase.over) step(chase, place);
  ReleaseWriteLock(&chase.locks[place]);
}

double handed_over() {
  Chase chase = {};
  for (Lock& lock : chase.locks) Lock_Init(&lock);
  int place = 0;
  ObtainWriteLock(&chase.locks[place]);
  LWP_CreateProcess(follow, 0, kPriority, &chase, "follow", nullptr);
  const double ns = bench::ns_each(kHandOvers / 2, [&] { step(chase, place); }) / 2;
  chase.over = true;
  ReleaseWriteLock(&chase.locks[place]);
  LWP_DispatchProcess();
  return ns;
}

struct Pair {
  char ping;
  char pong;
  bool over;
};

void answer(void* argument) {
  auto& pair = *static_cast<Pair*>(argument);
  while (!pair.over) {
    LWP_NoYieldSignal(&pair.pong);
    LWP_WaitProcess(&pair.ping);
  }
}

double waits_and_signals() {
  Pair pair = {};
  LWP_CreateProcess(answer, 0, kPriority, &pair, "answer", nullptr);
  const double trip = bench::ns_each(kHandOvers / 2, [&] {
    LWP_NoYieldSignal(&pair.ping);
    LWP_WaitProcess(&pair.pong);
  });
  pair.over = true;
  LWP_NoYieldSignal(&pair.ping);
  LWP_DispatchProcess();
  return trip / 2;
}

}  // namespace

int main() {
  bench::pin();
  if (LWP_Init(LWP_VERSION, kPriority, nullptr) != LWP_SUCCESS) abort();
  measure_free<ObtainReadLock, ReleaseReadLock>("obtain + release to read");
  measure_free<ObtainWriteLock, ReleaseWriteLock>("obtain + release to write");
  measure_free<ObtainSharedLock, ReleaseSharedLock>("obtain + release shared");
  bench::compare("write lock, hand to hand", waits_and_signals, handed_over, "wait, signal",
                 "locks");
  return LWP_TerminateProcessSupport();
}
