// SPDX-License-Identifier: MIT
// test_deadline_queue.cc - those who wait by deadline, against a model that looks at all of them.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "child_case.h"
#include "iomgr/deadline_queue.h"

namespace {

using lwp::DeadlineQueue;
using lwp::DueNode;
using lwp::IoRequest;
using lwp::kNever;

constexpr std::int64_t kMs = 1000000;
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::int64_t kYear = 365 * 86400 * kSecond;

class Model {
 public:
  explicit Model(std::size_t count, std::int64_t now)
      : requests_(count), waiters_(count), nodes_(count), now_(now) {
    for (std::size_t i = 0; i < count; ++i) {
      requests_[i].waiter = &waiters_[i];
      waiters_[i].due = &nodes_[i];
      nodes_[i].pcb = &waiters_[i];
    }
    (void)queue_->take_until(now_);
  }

  void insert(IoRequest& request, std::int64_t deadline) {
    request.deadline = deadline;
    request.sequence = next_sequence_++;
    queue_->insert(request);
    expect(contains(request));
    ++inside_;
  }

  void erase(IoRequest& request) {
    queue_->erase(*request.waiter);
    expect(!contains(request));
    --inside_;
  }

  // Time goes on, and everybody who is due comes out, in order.
  void go_to(std::int64_t now) {
    now_ = now;
    const IoRequest* last = nullptr;
    for (const DueNode* due = queue_->take_until(now); due != nullptr; due = due->next) {
      const IoRequest& request = *due->request;
      expect(last == nullptr || served_before(*last, request));
      expect(due->deadline == request.deadline && due->pcb == request.waiter);
      expect(request.deadline <= now && !contains(request));
      last = &request;
      --inside_;
    }
    for (const IoRequest& each : requests_) {
      if (contains(each)) expect(each.deadline > now);
    }
    expect(queue_->empty() == (inside_ == 0));
  }

  // The time to look again is not too late, and no earlier than one slot's length.
  std::int64_t check_next_look() {
    const std::int64_t look = queue_->next_look();
    expect((look == kNever) == (inside_ == 0));
    for (const IoRequest& each : requests_) {
      if (contains(each)) expect(look <= each.deadline);
    }
    return look;
  }

  static bool contains(const IoRequest& request) {
    return DeadlineQueue::contains(*request.waiter);
  }
  DeadlineQueue& queue() { return *queue_; }
  std::vector<IoRequest>& requests() { return requests_; }
  std::int64_t now() const { return now_; }

 private:
  std::unique_ptr<DeadlineQueue> queue_ = std::make_unique<DeadlineQueue>();
  std::vector<IoRequest> requests_;
  std::vector<lwp::Pcb> waiters_;
  std::vector<DueNode> nodes_;
  std::int64_t now_;
  std::size_t inside_ = 0;
  std::uint64_t next_sequence_ = 0;
};

CASE(empty_queue_has_nothing_to_say) {
  Model model(1, 0);
  expect(model.queue().empty() && model.queue().take_until(0) == nullptr);
  expect(model.check_next_look() == kNever);
  model.go_to(kYear);
  expect(!Model::contains(model.requests()[0]));
}

// Each distance, from all sides of the borders between slots and levels.
CASE(lone_deadline_comes_out_when_it_is_due_and_is_told_exactly) {
  for (int bit = 0; bit < 62; ++bit) {
    for (std::int64_t begin : {std::int64_t{0}, 77 * kMs, 3 * kYear + 5}) {
      for (std::int64_t off : {-1, 0, 1}) {
        const std::int64_t deadline = begin + (std::int64_t{1} << bit) + off;
        Model model(1, begin);
        model.insert(model.requests()[0], deadline);
        expect(model.check_next_look() == deadline);
        model.go_to(std::max(begin, deadline - 1));
        if (deadline > begin) expect(model.check_next_look() == deadline);
        model.go_to(deadline);
        expect(model.queue().empty());
      }
    }
  }
}

CASE(deadlines_of_the_past_come_out_at_once) {
  Model model(3, kSecond);
  model.insert(model.requests()[0], kSecond);
  model.insert(model.requests()[1], 0);
  model.insert(model.requests()[2], INT64_MIN);
  expect(model.check_next_look() == INT64_MIN);
  model.go_to(kSecond);
  expect(model.queue().empty());
}

CASE(equal_deadlines_come_out_in_order_of_arrival) {
  Model model(1000, 0);
  for (IoRequest& each : model.requests()) model.insert(each, 90 * kMs);
  model.go_to(90 * kMs - 1);
  expect(!model.queue().empty());
  model.go_to(90 * kMs);  // checks the order
  expect(model.queue().empty());
}

// Who sleeps until the time that is told comes to the deadline in a few steps.
CASE(many_far_deadlines_need_few_looks) {
  for (const std::int64_t deadline : {50 * kMs, 5 * kSecond, 500 * kSecond, kYear}) {
    Model model(1000, 0);
    for (std::size_t i = 0; i < 1000; ++i) {
      model.insert(model.requests()[i], deadline + static_cast<std::int64_t>(i));
    }
    int looks = 0;
    while (model.now() < deadline) {
      const std::int64_t look = model.check_next_look();
      expect(look > model.now() || looks == 0);
      model.go_to(look);
      ++looks;
    }
    expect(looks <= 8);
  }
}

// Distances of all sizes; time in strides of all sizes; most are erased before they are due.
CASE(random_inserts_erases_and_strides_agree_with_the_model) {
  std::mt19937_64 random(1);
  const auto any_size = [&](int bits) {
    return static_cast<std::int64_t>(random() >> (63 - random() % static_cast<unsigned>(bits)));
  };
  for (int round = 0; round < 20; ++round) {
    Model model(300, any_size(55));
    for (int step = 0; step < 3000; ++step) {
      IoRequest& request = model.requests()[random() % model.requests().size()];
      if (Model::contains(request)) {
        model.erase(request);
      } else {
        model.insert(request, model.now() + any_size(round % 2 != 0 ? 30 : 56));
      }
      if (step % 8 == 0) model.go_to(model.now() + any_size(round % 4 < 2 ? 24 : 40));
      if (step % 8 == 4) model.check_next_look();
      if (step % 16 == 10) model.queue().work_ahead();
    }
    model.go_to(model.now() + (std::int64_t{1} << 60));
    expect(model.queue().empty());
  }
}

// Half a millisecond of it, whoever is not wanted and all behind him left out.
CASE(what_comes_next_is_told_in_order_of_slots) {
  constexpr std::int64_t kSlot = 8192;
  Model model(100, kSecond);
  for (std::size_t i = 0; i < 100; ++i) {
    model.insert(model.requests()[i], kSecond + static_cast<std::int64_t>(100 - i) * 10000);
  }
  int seen = 0;
  std::int64_t last = 0;
  const auto see = [&](const DueNode& due) {
    expect(due.deadline >> 13 >= last >> 13);
    last = due.deadline;
    return ++seen != 7;
  };
  model.queue().look_ahead(see);
  expect_int(seen, 7);
  expect(last <= kSecond + 70000 + kSlot);
  seen = 0;
  last = 0;
  model.queue().look_ahead([&](const DueNode& due) { return see(due) || true; });
  expect(seen >= 50 && seen <= 53);
  model.go_to(kSecond + kMs);
  model.queue().look_ahead([](const DueNode&) {
    fail();
    return true;
  });
}

// In one slot, in an order that has nothing to do with that of their deadlines.
CASE(thousands_in_one_slot_come_out_in_order) {
  std::mt19937_64 random(3);
  Model model(10007, 0);
  for (IoRequest& each : model.requests()) {
    model.insert(each, kSecond + static_cast<std::int64_t>(random() % 1000));
  }
  model.go_to(kSecond + 400);
  expect(!model.queue().empty());
  expect(model.check_next_look() <= kSecond + 401);
  model.go_to(kSecond + 1000);
  expect(model.queue().empty());
}

// The requests of a slot are moved a part at a time: all the same none is forgotten, and each may
// be erased in the middle of it.
CASE(slots_that_are_moved_in_parts_lose_nobody) {
  std::mt19937_64 random(2);
  Model model(5000, 0);
  for (IoRequest& each : model.requests()) {
    model.insert(each, static_cast<std::int64_t>(random() % (2 * kSecond)));
  }
  for (std::int64_t now = 0; now < 2 * kSecond; now += 131072) {
    model.go_to(now);
    if (now % 5 != 0) model.queue().work_ahead();
    IoRequest& request = model.requests()[random() % model.requests().size()];
    if (Model::contains(request)) model.erase(request);
  }
  model.go_to(2 * kSecond);
  expect(model.queue().empty());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(empty_queue_has_nothing_to_say),
      cmocka_unit_test(lone_deadline_comes_out_when_it_is_due_and_is_told_exactly),
      cmocka_unit_test(deadlines_of_the_past_come_out_at_once),
      cmocka_unit_test(equal_deadlines_come_out_in_order_of_arrival),
      cmocka_unit_test(many_far_deadlines_need_few_looks),
      cmocka_unit_test(random_inserts_erases_and_strides_agree_with_the_model),
      cmocka_unit_test(what_comes_next_is_told_in_order_of_slots),
      cmocka_unit_test(thousands_in_one_slot_come_out_in_order),
      cmocka_unit_test(slots_that_are_moved_in_parts_lose_nobody),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
