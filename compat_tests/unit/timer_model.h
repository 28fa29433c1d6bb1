// SPDX-License-Identifier: MIT
// timer_model.h - two timer lists beside two sorted arrays that say what they should look like, a
// clock that the test sets, and memory that runs out when the test wants it to.
#ifndef UNIT_TIMER_MODEL_H
#define UNIT_TIMER_MODEL_H

#include <cstdlib>
#include <cstring>

#include "child_case.h"
#include "time/timer_list.h"

using namespace lwp;

static bool memory_fails = false;
static unsigned state = 1;

static unsigned draw(unsigned below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __wrap_malloc(size_t size);
void* __wrap_calloc(size_t count, size_t size);

void* __wrap_malloc(size_t size) {
  return memory_fails && draw(4) == 0 ? nullptr : __real_malloc(size);
}
void* __wrap_calloc(size_t count, size_t size) {
  return memory_fails && draw(4) == 0 ? nullptr : __real_calloc(count, size);
}
}

namespace {

constexpr int kTimers = 150;
constexpr long kUs = 1000000;

// What a list should look like: places in the order of expiry.
struct Model {
  struct Place {
    TM_Elem* timer;
    Expiry expiry;
  };
  Place places[kTimers];
  int count = 0;

  int find(const TM_Elem* timer) const {
    int i = 0;
    while (i < count && places[i].timer != timer) ++i;
    return i;
  }
  bool has(const TM_Elem* timer) const { return find(timer) < count; }

  void remove(const TM_Elem* timer) {
    const int at = find(timer);
    if (at == count) return;
    memmove(&places[at], &places[at + 1], sizeof(Place) * static_cast<size_t>(count - at - 1));
    --count;
  }
  void insert(TM_Elem* timer, const Expiry& expiry) {
    remove(timer);
    int at = count;
    while (at > 0 && expiry < places[at - 1].expiry) --at;
    memmove(&places[at + 1], &places[at], sizeof(Place) * static_cast<size_t>(count - at));
    places[at] = {timer, expiry};
    ++count;
  }
};

struct Fixture {
  TimerList* lists[2];
  Model models[2];
  TM_Elem timers[kTimers];
  timeval now = {1000, 999990};

  Fixture() {
    for (TimerList*& list : lists) list = TimerList::create();
    memset(timers, 0, sizeof timers);
  }

  TM_Elem* head(int which) { return &lists[which]->head(); }

  void check() {
    for (int which = 0; which < 2; ++which) {
      const Model& model = models[which];
      TM_Elem* forth = head(which);
      TM_Elem* back = head(which);
      for (int i = 0; i < model.count; ++i) {
        forth = forth->Next;
        back = back->Prev;
        expect(forth == model.places[i].timer);
        expect(back == model.places[model.count - 1 - i].timer);
      }
      expect(forth->Next == head(which) && back->Prev == head(which));
      expect(first_timer(*head(which)) == (model.count > 0 ? model.places[0].timer : nullptr));
    }
  }

  void insert(int which, TM_Elem* timer) {
    // Few different times, so that ties are frequent.
    const long us = draw(6) == 0 ? -1 : 100 * static_cast<long>(draw(30));
    timer->TotalTime = {static_cast<time_t>(draw(2)), us};
    const timeval wait = timer->TotalTime;
    lists[which]->insert(*timer, now);
    expect(timer->TimeLeft.tv_sec == wait.tv_sec && timer->TimeLeft.tv_usec == wait.tv_usec);
    Expiry expiry = Expiry::never();
    if (us >= 0) {
      const long sum = now.tv_usec + us;
      expiry = {now.tv_sec + wait.tv_sec + sum / kUs, sum % kUs};
      expect(timer->TotalTime.tv_sec == expiry.seconds);
      expect(timer->TotalTime.tv_usec == expiry.microseconds);
    }
    models[which].insert(timer, expiry);
  }

  // `named` is the list that the program says it is in.
  void remove(int which, TM_Elem* timer, TM_Elem* named) {
    remove_timer(named, *timer);
    expect(timer->Next == timer && timer->Prev == timer);
    models[which].remove(timer);
  }

  void step_clock() {
    now.tv_usec += draw(400);
    if (draw(50) == 0) now.tv_sec += static_cast<time_t>(draw(5)) - 2;  // set, forth or back
    now.tv_sec += now.tv_usec / kUs;
    now.tv_usec %= kUs;
  }
};

}  // namespace

#endif
