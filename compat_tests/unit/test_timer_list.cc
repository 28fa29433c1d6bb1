// SPDX-License-Identifier: MIT
// test_timer_list.cc - timer lists against a sorted array, step by random step, with a clock of the
// test's own and memory that runs out now and then.
//
// After every step the ring is compared with the array in both directions. Steps include what a
// sloppy program does: it removes twice, removes from another list or from none, inserts twice,
// fills removed timers with garbage, copies timers.
#include "timer_model.h"

namespace {

void scramble(TM_Elem* timer) {
  memset(timer, static_cast<int>(draw(256)), sizeof *timer);
  timer->Next = timer->Prev = nullptr;
}

void random_steps(Fixture& f, int steps, bool sloppy) {
  for (int step = 0; step < steps; ++step) {
    TM_Elem* const timer = &f.timers[draw(kTimers)];
    const int home = f.models[0].has(timer) ? 0 : f.models[1].has(timer) ? 1 : -1;
    if (draw(4) == 0) f.step_clock();
    if (home < 0) {
      if (sloppy && draw(2) == 0) scramble(timer);
      if (draw(4) == 0) {
        remove_timer(f.head(0), *timer);  // it is in no list
      } else {
        f.insert(static_cast<int>(draw(2)), timer);
      }
    } else if (sloppy && draw(4) == 0) {
      if (draw(2) == 0) scramble(timer);
      f.insert(home, timer);  // again
    } else if (sloppy && draw(8) == 0) {
      TM_Elem copy = *timer;
      remove_timer(draw(2) == 0 ? f.head(home) : nullptr, copy);
      timer->TotalTime.tv_sec = static_cast<time_t>(draw(2000));
    } else {
      TM_Elem* const named[] = {f.head(home), f.head(home), f.head(1 - home), nullptr};
      f.remove(home, timer, named[draw(4)]);
    }
    f.check();
  }
}

}  // namespace

CASE(random_steps_keep_the_order) {
  static Fixture f;
  random_steps(f, 40000, false);
}

CASE(sloppy_programs_do_not_break_the_order) {
  static Fixture f;
  random_steps(f, 40000, true);
}

CASE(without_memory_timers_are_still_in_order) {
  static Fixture f;
  memory_fails = true;
  for (int run = 0; run < 3; ++run) {
    random_steps(f, 5000, false);
    memory_fails = !memory_fails;  // lists with and without indexed timers
  }
}

CASE(create_without_memory_fails) {
  int failures = 0;
  memory_fails = true;
  for (int i = 0; i < 100; ++i) {
    TimerList* const list = TimerList::create();
    if (list == nullptr) {
      ++failures;
    } else {
      TimerList::destroy(*list);
    }
  }
  expect(failures > 0 && failures < 100);
}

CASE(any_removal_of_the_visited_timer_leaves_the_walk_complete) {
  static Fixture f;
  for (int i = 0; i < kTimers; ++i) f.insert(0, &f.timers[i]);
  Model wanted = f.models[0];
  int visited = 0;
  FOR_ALL_ELTS(timer, f.head(0), {
    expect(timer == wanted.places[visited].timer);
    ++visited;
    if (draw(2) == 0) {
      f.remove(0, timer, f.head(0));
      f.insert(1, timer);
    }
    f.check();
  })
  expect_int(visited, kTimers);
}

CASE(walk_ends_where_the_timer_behind_was_removed) {
  static Fixture f;
  int visited = 0;
  for (int i = 0; i < 3; ++i) {
    f.timers[i].TotalTime = {i, 0};
    f.lists[0]->insert(f.timers[i], f.now);
  }
  FOR_ALL_ELTS(timer, f.head(0), {
    ++visited;
    if (timer == &f.timers[0]) remove_timer(f.head(0), f.timers[1]);
  })
  expect_int(visited, 1);
}

CASE(rescan_follows_the_clock_both_ways) {
  static Fixture f;
  f.timers[0].TotalTime = {10, 0};
  f.timers[1].TotalTime = {20, 500000};
  f.timers[2].TotalTime = {0, -1};
  for (int i = 0; i < 3; ++i) f.lists[0]->insert(f.timers[i], f.now);
  expect_int(rescan(*f.head(0), {1011, 40}), 1);
  expect_int(f.timers[0].TimeLeft.tv_sec, -1);
  expect_int(f.timers[0].TimeLeft.tv_usec, 999950);
  expect_int(f.timers[1].TimeLeft.tv_sec, 10);
  expect_int(f.timers[1].TimeLeft.tv_usec, 499950 + 0);
  expect_int(f.timers[2].TimeLeft.tv_sec, 0);
  expect_int(f.timers[2].TimeLeft.tv_usec, -1);
  expect(first_expired(*f.head(0)) == &f.timers[0]);
  expect_int(rescan(*f.head(0), {900, 0}), 0);  // the clock was set back
  expect(first_expired(*f.head(0)) == nullptr);
  expect_int(f.timers[0].TimeLeft.tv_sec, 110);
}

CASE(far_times_do_not_wrap) {
  static Fixture f;
  const time_t last = std::numeric_limits<time_t>::max();
  f.timers[0].TotalTime = {last, 0};
  f.timers[1].TotalTime = {0, 3 * kUs + 20};
  f.timers[2].TotalTime = {-1, 5};
  f.timers[3].TotalTime = {last, 999999};
  for (int i = 0; i < 4; ++i) f.lists[0]->insert(f.timers[i], f.now);
  expect(f.timers[0].TotalTime.tv_sec == last);
  expect_int(f.timers[1].TotalTime.tv_sec, 1004);
  expect_int(f.timers[1].TotalTime.tv_usec, 10);
  const TM_Elem* elem = f.head(0);
  const int order[] = {1, 0, 3, 2};
  for (const int wanted : order) {
    elem = elem->Next;
    expect(elem == &f.timers[wanted]);
  }
}

CASE(ring_of_the_programs_own_works) {
  static TM_Elem ring, timers[3], zeros;
  ring.Next = ring.Prev = &ring;
  const long seconds[] = {30, 10, 20};
  for (int i = 0; i < 3; ++i) {
    timers[i].TotalTime = {seconds[i], 0};
    insert_timer(ring, timers[i]);
  }
  expect(ring.Next == &timers[1] && ring.Next->Next == &timers[2] && ring.Prev == &timers[0]);
  remove_timer(&ring, timers[2]);
  expect(ring.Next->Next == &timers[0]);
  insert_timer(zeros, timers[2]);
  remove_timer(&zeros, zeros);
  expect(zeros.Next == nullptr);
}

int main() {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_steps_keep_the_order),
      cmocka_unit_test(sloppy_programs_do_not_break_the_order),
      cmocka_unit_test(without_memory_timers_are_still_in_order),
      cmocka_unit_test(create_without_memory_fails),
      cmocka_unit_test(any_removal_of_the_visited_timer_leaves_the_walk_complete),
      cmocka_unit_test(walk_ends_where_the_timer_behind_was_removed),
      cmocka_unit_test(rescan_follows_the_clock_both_ways),
      cmocka_unit_test(far_times_do_not_wrap),
      cmocka_unit_test(ring_of_the_programs_own_works),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
