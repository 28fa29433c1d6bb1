// SPDX-License-Identifier: MIT
// torture_exceptions.cc - C++ exceptions under ticks: thrown, caught, rethrown and held over a
// yield in many LWPs at once; what each has caught is its own.
#include <exception>
#include <stdexcept>
#include <string>

#include "torture.h"

namespace {

struct Thrown {
  int number;
  long round;
};

// Counts itself, so that a destructor that is lost or runs twice shows.
class Counted {
 public:
  explicit Counted(long* balance) : balance_(balance) { ++*balance_; }
  ~Counted() { --*balance_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  long* balance_;
};

long balances[kMostLwps];

__attribute__((noinline)) void throw_from(worker* self, int depth) {
  const Counted counted(&balances[self->number]);
  if (depth > 0) {
    throw_from(self, depth - 1);
  } else {
    throw Thrown{self->number, self->rounds};
  }
  work(1);
}

void check(const Thrown& thrown, worker* self) {
  expect_int(thrown.number, self->number);
  expect_int(thrown.round, self->rounds);
}

void throw_and_catch(worker* self) {
  try {
    throw_from(self, static_cast<int>(draw(self, 10)));
    expect(false);
  } catch (const Thrown& thrown) {
    check(thrown, self);
  }
  expect_int(balances[self->number], 0);
  expect(std::current_exception() == nullptr);
}

void yield_in_catch(worker* self) {
  try {
    throw_from(self, 3);
  } catch (const Thrown& thrown) {
    work(200);
    LWP_DispatchProcess();
    check(thrown, self);
    expect(std::current_exception() != nullptr);
  }
  expect(std::current_exception() == nullptr);
}

void rethrow(worker* self) {
  try {
    try {
      throw_from(self, 2);
    } catch (const Thrown&) {
      if (draw(self, 2) == 0) LWP_DispatchProcess();
      work(100);
      throw;
    }
    expect(false);
  } catch (const Thrown& thrown) {
    check(thrown, self);
  }
}

void nest(worker* self) {
  try {
    throw std::runtime_error("outer " + std::to_string(self->number));
  } catch (const std::exception& outer) {
    try {
      throw_from(self, 1);
    } catch (const Thrown& inner) {
      LWP_DispatchProcess();
      work(100);
      check(inner, self);
    }
    expect(outer.what() == "outer " + std::to_string(self->number));
  }
  expect_int(std::uncaught_exceptions(), 0);
}

// Destructors that run while an exception is on its way are moved, too.
struct SlowToGo {
  ~SlowToGo() {
    expect_int(std::uncaught_exceptions(), 1);
    work(300);
    LWP_DispatchProcess();
    expect_int(std::uncaught_exceptions(), 1);
  }
};

void unwind_slowly(worker* self) {
  try {
    const SlowToGo slow;
    throw_from(self, 1);
  } catch (const Thrown& thrown) {
    check(thrown, self);
  }
  expect_int(std::uncaught_exceptions(), 0);
}

// What is caught stays the current exception over ticks, and outlives the handler in a pointer.
void hold_current(worker* self) {
  std::exception_ptr held;
  try {
    throw_from(self, 2);
  } catch (const Thrown&) {
    held = std::current_exception();
    work(300);
    expect(held == std::current_exception());
  }
  work(300);
  if (draw(self, 2) == 0) LWP_DispatchProcess();
  expect(std::current_exception() == nullptr);
  try {
    std::rethrow_exception(held);
  } catch (const Thrown& thrown) {
    work(100);
    check(thrown, self);
  }
}

void any(worker* self) {
  void (*const rounds[])(worker*) = {throw_and_catch, yield_in_catch, rethrow,
                                     nest,            unwind_slowly,  hold_current};
  rounds[self->number % 6](self);
}

TORTURE(throwers, 10, throw_and_catch, 50)
TORTURE(yielders_in_catch, 10, yield_in_catch, 50)
TORTURE(rethrowers, 10, rethrow, 50)
TORTURE(nesters, 10, nest, 50)
TORTURE(slow_unwinders, 10, unwind_slowly, 50)
TORTURE(holders_of_the_current_exception, 10, hold_current, 50)
TORTURE(fifty_of_any_kind, 50, any, 20)

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(throwers),
      cmocka_unit_test(yielders_in_catch),
      cmocka_unit_test(rethrowers),
      cmocka_unit_test(nesters),
      cmocka_unit_test(slow_unwinders),
      cmocka_unit_test(holders_of_the_current_exception),
      cmocka_unit_test(fifty_of_any_kind),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
