// SPDX-License-Identifier: MIT
// test_message_ring.cc - messages of many senders: in order, never lost, never waited for.
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <cstring>
#include <vector>

#include "child_case.h"
#include "sigsafe/message_ring.h"

namespace {

using lwp::Message;
using lwp::MessageRing;

constexpr std::uint64_t kCells = 8;
MessageRing::Cell cells[kCells];
MessageRing ring;

Message message(std::uintptr_t target) {
  Message result = {};
  result.target = target;
  return result;
}

bool push(std::uintptr_t target) { return ring.push(message(target)); }

std::uintptr_t take() {
  const Message* const front = ring.front();
  if (front == nullptr) return 0;
  const std::uintptr_t target = front->target;
  ring.pop();
  return target;
}

CASE(a_ring_without_cells_is_empty_and_full) {
  expect(ring.front() == nullptr);
  expect(!push(1));
}

CASE(messages_come_in_order_round_after_round) {
  ring.start(cells, kCells);
  std::uintptr_t sent = 0;
  std::uintptr_t taken = 0;
  for (int round = 0; round < 1000; ++round) {
    for (int i = round % 7; i >= 0; --i) expect(push(++sent));
    while (ring.front() != nullptr) expect_int(take(), ++taken);
    expect_int(taken, sent);
  }
}

CASE(a_full_ring_takes_no_more_until_one_is_taken) {
  ring.start(cells, kCells);
  for (std::uintptr_t i = 1; i <= kCells; ++i) expect(push(i));
  for (int i = 0; i < 3; ++i) expect(!push(100));
  expect_int(take(), 1);
  expect(push(9));
  expect(!push(100));
  for (std::uintptr_t i = 2; i <= kCells + 1; ++i) expect_int(take(), i);
  expect(ring.front() == nullptr);
}

CASE(the_front_stays_until_it_is_popped) {
  ring.start(cells, kCells);
  push(1);
  push(2);
  expect_int(ring.front()->target, 1);
  expect_int(ring.front()->target, 1);
  ring.pop();
  expect_int(ring.front()->target, 2);
}

CASE(those_passed_over_stay_while_others_are_taken) {
  ring.start(cells, kCells);
  for (std::uintptr_t i = 1; i <= kCells; ++i) expect(push(i));
  for (std::uintptr_t i = 3; i <= kCells; ++i) {
    expect_int(ring.front(2)->target, i);
    ring.pop(2);
  }
  expect(ring.front(2) == nullptr);
  for (std::uintptr_t i = 0; i < kCells - 2; ++i) expect(push(10 + i));
  expect(!push(100));
  expect_int(ring.front(2)->target, 10);
  expect_int(take() + take(), 3);
  for (std::uintptr_t i = 0; i < kCells - 2; ++i) expect_int(take(), 10 + i);
  expect(ring.front() == nullptr);
}

CASE(a_full_ring_can_be_passed_over) {
  ring.start(cells, kCells);
  for (std::uintptr_t i = 1; i <= kCells; ++i) expect(push(i));
  expect(ring.front(kCells) == nullptr);
  for (std::uintptr_t i = 1; i <= kCells; ++i) expect_int(take(), i);
}

CASE(a_cell_that_is_claimed_holds_back_those_behind_it_only) {
  ring.start(cells, kCells);
  push(1);
  push(2);
  // As if the sender of the second had been interrupted before it published.
  cells[1].turn.store(1);
  push(3);
  expect_int(take(), 1);
  expect(ring.front() == nullptr);
  for (std::uintptr_t i = 4; push(i); ++i) {
  }
  expect(ring.front() == nullptr);
  cells[1].turn.store(2);
  expect_int(take(), 2);
  expect_int(take(), 3);
}

// --- at once

constexpr int kThreads = 3;
constexpr std::uintptr_t kEach = 200000;

// A message is its number, and above that who has sent it.
constexpr int kSenderShift = 8 * sizeof(std::uintptr_t) - 2;
constexpr std::uintptr_t kNumber = (std::uintptr_t{1} << kSenderShift) - 1;

void* send_many(void* argument) {
  const auto sender = reinterpret_cast<std::uintptr_t>(argument);
  for (std::uintptr_t i = 1; i <= kEach; ++i) {
    while (!push(sender << kSenderShift | i)) sched_yield();
  }
  return nullptr;
}

CASE(senders_at_once_lose_nothing_and_keep_their_order) {
  ring.start(cells, kCells);
  pthread_t threads[kThreads];
  std::uintptr_t last[kThreads] = {};
  for (std::uintptr_t i = 0; i < kThreads; ++i) {
    pthread_create(&threads[i], nullptr, send_many, reinterpret_cast<void*>(i));
  }
  for (std::uintptr_t left = kThreads * kEach; left > 0;) {
    const std::uintptr_t target = take();
    if (target == 0) {
      sched_yield();
      continue;
    }
    expect_int(target & kNumber, ++last[target >> kSenderShift]);
    --left;
  }
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
}

volatile std::uintptr_t sent_by_handler;

void send_from_handler(int) {
  if (push(std::uintptr_t{1} << kSenderShift | (sent_by_handler + 1)))
    sent_by_handler = sent_by_handler + 1;
}

// The handler comes between claiming and publishing, too; the owner then finds an empty ring.
CASE(a_handler_may_send_while_it_interrupts_a_sender) {
  ring.start(cells, kCells);
  struct sigaction action = {};
  action.sa_handler = send_from_handler;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 20}, {0, 20}};
  setitimer(ITIMER_REAL, &often, nullptr);
  std::uintptr_t last[2] = {};
  std::uintptr_t sent = 0;
  while (sent_by_handler < 5000) {
    if (push(sent + 1)) ++sent;
    while (const std::uintptr_t target = take()) {
      expect_int(target & kNumber, ++last[target >> kSenderShift]);
    }
  }
  const itimerval off = {};
  setitimer(ITIMER_REAL, &off, nullptr);
  while (const std::uintptr_t target = take()) ++last[target >> kSenderShift];
  expect_int(last[0], sent);
  expect_int(last[1], sent_by_handler);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_ring_without_cells_is_empty_and_full),
      cmocka_unit_test(messages_come_in_order_round_after_round),
      cmocka_unit_test(a_full_ring_takes_no_more_until_one_is_taken),
      cmocka_unit_test(the_front_stays_until_it_is_popped),
      cmocka_unit_test(those_passed_over_stay_while_others_are_taken),
      cmocka_unit_test(a_full_ring_can_be_passed_over),
      cmocka_unit_test(a_cell_that_is_claimed_holds_back_those_behind_it_only),
      cmocka_unit_test(senders_at_once_lose_nothing_and_keep_their_order),
      cmocka_unit_test(a_handler_may_send_while_it_interrupts_a_sender),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
