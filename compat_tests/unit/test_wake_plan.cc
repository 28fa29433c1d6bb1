// SPDX-License-Identifier: MIT
// test_wake_plan.cc - until when the I/O manager sleeps.
#include <memory>
#include <vector>

#include "child_case.h"
#include "iomgr/wake_plan.h"

namespace {

using lwp::IoRequest;
using lwp::kNever;
using Until = lwp::Poller::Until;

constexpr std::int64_t kUs = 1000;
constexpr std::int64_t kNow = 5000000 * kUs;
constexpr std::int64_t kLatest = 100 * kUs;

// With sleepers until so many microseconds from now.
Until planned(const lwp::WakePlan& plan, const std::vector<std::int64_t>& us) {
  const auto queue = std::make_unique<lwp::DeadlineQueue>();
  std::vector<IoRequest> requests(us.size());
  std::vector<lwp::Pcb> waiters(us.size());
  std::vector<lwp::DueNode> nodes(us.size());
  (void)queue->take_until(kNow);
  for (std::size_t i = 0; i < us.size(); ++i) {
    waiters[i].due = &nodes[i];
    requests[i].waiter = &waiters[i];
    requests[i].deadline = kNow + us[i] * kUs;
    requests[i].sequence = i;
    queue->insert(requests[i]);
  }
  return plan.next(*queue, kNow);
}

Until planned(const std::vector<std::int64_t>& us) { return planned({}, us); }

void expect_until(const Until& until, std::int64_t deadline_us, std::int64_t wake_us,
                  std::int64_t next_us) {
  expect_int((until.deadline - kNow) / kUs, deadline_us);
  expect_int((until.wake - kNow) / kUs, wake_us);
  if (next_us < 0) {
    expect(until.next == kNever);
  } else {
    expect_int((until.next - kNow) / kUs, next_us);
  }
}

CASE(nobody_is_waited_for_without_deadlines) {
  const Until until = planned(std::vector<std::int64_t>());
  expect(until.deadline == kNever && until.wake == kNever && until.next == kNever);
}

CASE(deadline_that_none_follows_closely_is_not_put_off) {
  expect_until(planned({300}), 300, 300, -1);
  expect_until(planned({300, 500}), 300, 300, 500);
  expect_until(planned({500, 300, 100000}), 300, 300, 500);
  expect_until(planned({2500, 2520}), 2500, 2500, -1);  // too far off to be planned for
}

CASE(deadlines_close_together_wake_with_the_last_of_them) {
  expect_until(planned({340, 300, 380}), 300, 380, -1);
  expect_until(planned({300, 340, 410, 430, 490, 520}), 300, 340, 490);
}

CASE(of_many_close_together_the_first_waits_for_some) {
  std::vector<std::int64_t> us;
  for (int i = 0; i < 200; ++i) us.push_back(300 + i);
  const Until until = planned(us);
  const std::int64_t wait = until.wake - until.deadline;
  expect(wait > 60 * kUs && wait < kLatest);
  expect(until.next == until.wake + wait);
}

// Whatever the delays, the first of a window is planned to wake within 100 us, delay included.
CASE(deadlines_are_put_off_less_where_the_manager_wakes_late) {
  std::vector<std::int64_t> us;
  for (int i = 0; i < 10; ++i) us.push_back(300 + i * 10);
  lwp::WakePlan plan;
  const auto put_off = [&](std::int64_t delay) {
    for (int i = 0; i < 2000; ++i) plan.note_delay(delay);
    const Until until = planned(plan, us);
    return until.wake - until.deadline;
  };
  expect_int(put_off(4 * kUs), 90 * kUs);
  expect_int(put_off(15 * kUs), 80 * kUs);
  expect_int(put_off(25 * kUs), 70 * kUs);
  expect_int(put_off(4 * kUs), 90 * kUs);
  expect_int(put_off(1000 * kUs), 60 * kUs);  // it is late anyway
}

CASE(rare_long_delays_are_no_reason_to_put_off_less) {
  lwp::WakePlan plan;
  for (int i = 0; i < 5000; ++i) plan.note_delay(i % 20 == 0 ? 500 * kUs : 4 * kUs);
  expect_until(planned(plan, {300, 388}), 300, 388, -1);
}

CASE(without_slack_each_deadline_wakes_by_itself) {
  lwp::WakePlan plan;
  plan.set_slack(0);
  expect_until(planned(plan, {300, 301, 380}), 300, 300, 301);
  const Until until = planned(plan, std::vector<std::int64_t>(40, 300));
  expect(until.wake == until.deadline);
}

CASE(slack_that_reaches_beyond_the_look_ahead_is_taken_in_full) {
  constexpr std::int64_t kWindowUs = 1990;  // the rest is for the manager
  lwp::WakePlan plan;
  plan.set_slack(2000 * kUs);
  expect_until(planned(plan, {300}), 300, 300 + kWindowUs, -1);
  expect_until(planned(plan, {5000, 5020}), 5000, 5000 + kWindowUs, -1);
  expect_until(planned(plan, {100000}), 100000, 100000 + kWindowUs, -1);
  std::vector<std::int64_t> many;
  for (int i = 0; i < 200; ++i) many.push_back(300 + i);
  const Until until = planned(plan, many);
  const std::int64_t wait = until.wake - until.deadline;
  expect(wait > kWindowUs * kUs * 9 / 10 && wait <= kWindowUs * kUs);
  expect(until.next == until.wake + wait);
  expect(planned(plan, {}).wake == kNever);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(nobody_is_waited_for_without_deadlines),
      cmocka_unit_test(deadline_that_none_follows_closely_is_not_put_off),
      cmocka_unit_test(deadlines_close_together_wake_with_the_last_of_them),
      cmocka_unit_test(of_many_close_together_the_first_waits_for_some),
      cmocka_unit_test(deadlines_are_put_off_less_where_the_manager_wakes_late),
      cmocka_unit_test(rare_long_delays_are_no_reason_to_put_off_less),
      cmocka_unit_test(without_slack_each_deadline_wakes_by_itself),
      cmocka_unit_test(slack_that_reaches_beyond_the_look_ahead_is_taken_in_full),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
