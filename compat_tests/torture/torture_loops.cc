// SPDX-License-Identifier: MIT
// torture_loops.cc - loops that are asked all the time: no iteration is lost or done twice, however
// loops are nested and left, in code that ticks move and in code that they do not.
#include <preempt/loop.h>
#include <preempt/policy.h>

#include <csetjmp>

#include "plain_library.h"
#include "torture.h"

namespace {

// Counters of all widths, up and down; what they have counted is known.
template <typename Counter>
void count_through(struct worker* self, Counter low, Counter high) {
  const auto step = static_cast<Counter>(1 + draw(self, 7));
  unsigned long sum = 0;
  unsigned long plain = 0;
  long rounds = 0;
  Counter i;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, low, static_cast<Counter>(high - step), step) {
    sum = sum * 31 + static_cast<unsigned long>(i);
    ++rounds;
  }
  PRE_FOR_DOWN(loop, i, high, static_cast<Counter>(low + step), step) {
    sum = sum * 31 + static_cast<unsigned long>(i);
    ++rounds;
  }
  for (i = low; i < static_cast<Counter>(high - step); i = static_cast<Counter>(i + step), --rounds)
    plain = plain * 31 + static_cast<unsigned long>(i);
  for (i = high; i > static_cast<Counter>(low + step); i = static_cast<Counter>(i - step), --rounds)
    plain = plain * 31 + static_cast<unsigned long>(i);
  expect(sum == plain);
  expect_int(rounds, 0);
}

void all_widths(struct worker* self) {
  switch (draw(self, 6)) {
    case 0:
      return count_through<signed char>(self, -100, 100);
    case 1:
      return count_through<unsigned short>(self, 100, 30000);
    case 2:
      return count_through<int>(self, -20000, 20000);
    case 3:
      return count_through<unsigned>(self, 4000000000u, 4000030000u);
    case 4:
      return count_through<long>(self, -15000, 15000);
    default:
      return count_through<unsigned long>(self, ~0ul - 30000, ~0ul - 10);
  }
}

void in_shared_object(struct worker* self) {
  const long n = 100 + static_cast<long>(draw(self, 60000));
  expect(checksum_in_loop(n) == checksum(n));
}

struct Left {
  int row, column;
};

// Visits the cells of a triangle and leaves it at one, each time by another way.
int visit(struct worker* self, int depth, int rows, int row_of_exit, int column_of_exit, int way,
          int* visited) {
  int row, column;
  PRE_LOOP(outer);
  PRE_FOR_UP(outer, row, 0, rows, 1) {
    PRE_LOOP(inner);
    PRE_FOR_DOWN(inner, column, row, -1, 1) {
      ++*visited;
      if (depth > 0 && row == 3 && column == 1)
        expect_int(visit(self, depth - 1, rows, -1, -1, 0, visited), rows);
      if (row != row_of_exit || column != column_of_exit) continue;
      if (way == 0) return -1;
      if (way == 1) throw Left{row, column};
      if (way == 2) goto out;
      break;
    }
    if (row == row_of_exit) return -4;
  }
  return row;
out:
  return -3;
}

void left_in_all_ways(struct worker* self) {
  const int rows = 10 + static_cast<int>(draw(self, 60));
  const int depth = static_cast<int>(draw(self, 4));
  const int row = 4 + static_cast<int>(draw(self, static_cast<unsigned>(rows) - 4));
  const int column = static_cast<int>(draw(self, static_cast<unsigned>(row) + 1));
  const int way = static_cast<int>(draw(self, 4));
  const int cells = rows * (rows + 1) / 2;
  int visited = 0;
  try {
    const int result = visit(self, depth, rows, row, column, way, &visited);
    expect_int(result, -1 - way);
  } catch (const Left& left) {
    expect_int(way, 1);
    expect_int(left.row, row);
    expect_int(left.column, column);
  }
  expect_int(visited, depth * cells + row * (row + 1) / 2 + row - column + 1);
}

[[gnu::noinline]] void jump_out(struct worker* self, jmp_buf& place, long n) {
  long i;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, n + 1, 1) {
    if (i == n / 2 && draw(self, 2) == 0) jump_out(self, place, n / 2);
    if (i == n) longjmp(place, 1);
  }
}

void jumped_out_of(struct worker* self) {
  jmp_buf place;
  volatile long i;
  const long rounds = 1 + static_cast<long>(draw(self, 30));
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, rounds, 1) {
    struct PRE_Loop* const loops = PRE_Loops();
    if (setjmp(place) == 0) {
      jump_out(self, place, 400);
    } else {
      PRE_DropLoops(loops);
    }
  }
  expect_int(i, rounds);
}

void in_sections(struct worker* self) {
  static int inside;
  const long n = 100 + static_cast<long>(draw(self, 3000));
  long i;
  PRE_LOOP(loop);
  PRE_BeginCritical();
  expect_int(inside++, 0);
  PRE_FOR_UP(loop, i, 0, n, 1) {
    expect_int(inside, 1);
    PRE_Checkpoint();
  }
  --inside;
  PRE_EndCritical();
}

// The even ones spin until an odd one cancels them.
PROCESS spinners[kMostLwps];
long cancellations;

void cancel_or_be_cancelled(struct worker* self) {
  if (self->number % 2 == 0) {
    volatile long spins = 0;
    if (closing_time) return;
    spinners[self->number] = LWP_ThisProcess();
    if (draw(self, 2) == 0) {
      spin_until_cancelled(&spins);
    } else {
      spin_nested_until_cancelled(&spins);
    }
    return;
  }
  const PROCESS victim = spinners[draw(self, static_cast<unsigned>(worker_count))];
  const int rc = PRE_CancelLoops(victim);
  expect(rc == LWP_SUCCESS || rc == LWP_ENOWAIT || rc == LWP_EBADPID);
  if (rc == LWP_SUCCESS) ++cancellations;
  in_shared_object(self);
}

void everything(struct worker* self) {
  void (*const rounds[])(struct worker*) = {all_widths, in_shared_object, left_in_all_ways,
                                            jumped_out_of, in_sections};
  rounds[draw(self, 5)](self);
}

TORTURE(ten_count_in_all_widths, 10, all_widths, 20)
TORTURE(ten_loop_in_a_shared_object, 10, in_shared_object, 20)
TORTURE(ten_leave_loops_in_all_ways, 10, left_in_all_ways, 20)
TORTURE(ten_jump_out_of_loops, 10, jumped_out_of, 20)
TORTURE(ten_loop_in_sections, 10, in_sections, 20)
TORTURE(a_hundred_do_everything, 100, everything, 50)

// Nobody is moved but by a loop, a checkpoint or a library call.
CASE(ten_are_asked_everywhere) {
  open_shop();
  expect_int(PRE_SetPolicy(PRE_POLICY_OFF), LWP_SUCCESS);
  hire(10, everything);
  work_and_close(20);
}

void cancel_all(void*) {
  PRE_PreemptMe();
  while (!closing_time || workers_gone < worker_count) {
    if (closing_time) {
      for (const PROCESS spinner : spinners) (void)PRE_CancelLoops(spinner);
    }
    LWP_DispatchProcess();
  }
}

CASE(ten_cancel_each_other) {
  open_shop();
  hire(10, cancel_or_be_cancelled);
  expect_int(LWP_CreateProcess(cancel_all, 65536, 2, nullptr, "canceller", nullptr), LWP_SUCCESS);
  work_and_close(20);
  expect(cancellations > 0);
}

}  // namespace

int main() {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ten_count_in_all_widths),     cmocka_unit_test(ten_loop_in_a_shared_object),
      cmocka_unit_test(ten_leave_loops_in_all_ways), cmocka_unit_test(ten_jump_out_of_loops),
      cmocka_unit_test(ten_loop_in_sections),        cmocka_unit_test(a_hundred_do_everything),
      cmocka_unit_test(ten_are_asked_everywhere),    cmocka_unit_test(ten_cancel_each_other),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
