// SPDX-License-Identifier: MIT
// test_inbox.cc - calls that handlers leave behind: merged, counted, never lost.
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "child_case.h"
#include "sigsafe/inbox.h"

namespace {

using lwp::Inbox;
using lwp::PostKind;

constexpr std::uintptr_t kPlaces = 64;

std::atomic<bool> pending{false};
Inbox inbox(pending);

void note_deliveries() {
  inbox.drain([](PostKind kind, std::uintptr_t what, unsigned times) {
    note("%d:%d*%u", static_cast<int>(kind), static_cast<int>(what), times);
  });
}

CASE(an_empty_inbox_delivers_nothing) {
  expect(!inbox.pending());
  note_deliveries();
  expect_transcript("");
}

CASE(posts_of_one_kind_and_thing_are_merged_and_counted) {
  for (int i = 0; i < 3; ++i) expect(inbox.post(PostKind::credit, 7));
  expect(inbox.post(PostKind::event, 7));
  expect(inbox.post(PostKind::credit, 8));
  expect(inbox.post(PostKind::credit, 7));
  expect(inbox.post(PostKind::yield, 0));
  expect(inbox.pending());
  note_deliveries();
  expect_transcript("2:7*4 1:7*1 2:8*1 3:0*1");
  expect(!inbox.pending());
  note_deliveries();
  expect_transcript("");
}

CASE(places_are_used_again) {
  for (std::uintptr_t i = 0; i < 10 * kPlaces; ++i) {
    expect(inbox.post(PostKind::event, i));
    inbox.drain([&](PostKind, std::uintptr_t what, unsigned) { expect(what == i); });
  }
}

CASE(a_full_inbox_says_so_and_still_merges) {
  for (std::uintptr_t i = 0; i < kPlaces; ++i) expect(inbox.post(PostKind::event, i));
  expect(!inbox.post(PostKind::event, kPlaces));
  expect(!inbox.post(PostKind::credit, 0));
  expect(inbox.post(PostKind::event, kPlaces - 1));
  std::uintptr_t delivered = 0;
  inbox.drain([&](PostKind, std::uintptr_t, unsigned times) { delivered += times; });
  expect_int(delivered, kPlaces + 1);
  expect(inbox.post(PostKind::event, kPlaces));
}

CASE(posts_during_a_delivery_are_delivered_too) {
  expect(inbox.post(PostKind::event, 3));
  unsigned posts = 1;
  unsigned delivered = 0;
  inbox.drain([&](PostKind, std::uintptr_t what, unsigned times) {
    delivered += times;
    if (posts >= 100) return;
    expect(inbox.post(PostKind::event, what));
    expect(inbox.post(PostKind::credit, what + posts));
    posts += 2;
  });
  expect_int(delivered, posts);
}

// Two timers whose handlers interrupt each other and the consumer, posting the same things.

volatile sig_atomic_t posted[2];

void post_from_handler(int signo) {
  const int which = signo == SIGUSR1 ? 0 : 1;
  for (std::uintptr_t what = 0; what < 3; ++what) {
    if (inbox.post(PostKind::credit, what)) posted[which] = posted[which] + 1;
  }
}

timer_t start_timer(int signo, long nanoseconds) {
  struct sigaction action = {};
  action.sa_handler = post_from_handler;
  action.sa_flags = SA_RESTART;
  sigaction(signo, &action, nullptr);
  sigevent notify = {};
  notify.sigev_notify = SIGEV_SIGNAL;
  notify.sigev_signo = signo;
  timer_t timer;
  expect_int(timer_create(CLOCK_MONOTONIC, &notify, &timer), 0);
  const itimerspec interval = {{0, nanoseconds}, {0, nanoseconds}};
  timer_settime(timer, 0, &interval, nullptr);
  return timer;
}

CASE(nested_handlers_and_the_consumer_lose_nothing) {
  constexpr int kPosts = 20000;
  long delivered = 0;
  const timer_t timers[] = {start_timer(SIGUSR1, 20000), start_timer(SIGUSR2, 21001)};
  const auto take = [&](PostKind kind, std::uintptr_t what, unsigned times) {
    expect(kind == PostKind::credit && what < 3);
    delivered += times;
  };
  while (posted[0] < kPosts || posted[1] < kPosts) inbox.drain(take);
  for (timer_t timer : timers) timer_delete(timer);
  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, SIG_IGN);
  inbox.drain(take);
  expect_int(delivered, posted[0] + posted[1]);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_inbox_delivers_nothing),
      cmocka_unit_test(posts_of_one_kind_and_thing_are_merged_and_counted),
      cmocka_unit_test(places_are_used_again),
      cmocka_unit_test(a_full_inbox_says_so_and_still_merges),
      cmocka_unit_test(posts_during_a_delivery_are_delivered_too),
      cmocka_unit_test(nested_handlers_and_the_consumer_lose_nothing),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
