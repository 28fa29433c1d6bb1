/* SPDX-License-Identifier: MIT */
/* torture_section.c - critical sections, entered and left all the time: what they guard is exact.
 */
#include "torture.h"

/* Guarded by sections, changed by plain C. */
static struct {
  volatile long sum;
  volatile long items[16];
  volatile long operations;
  volatile int busy;
} ledger;

static void transfer(struct worker* self) {
  const unsigned from = draw(self, 16);
  const unsigned to = draw(self, 16);
  expect_int(ledger.busy, 0);
  ledger.busy = 1;
  --ledger.items[from];
  work(10);
  ++ledger.items[to];
  ++ledger.operations;
  ledger.busy = 0;
}

static void inline_forms(struct worker* self) {
  PRE_BeginCritical();
  transfer(self);
  PRE_EndCritical();
}

static void functions(struct worker* self) {
  void (*volatile begin)(void) = &PRE_BeginCritical;
  void (*volatile end)(void) = &PRE_EndCritical;
  begin();
  transfer(self);
  end();
}

static void nested(struct worker* self) {
  const int depth = 1 + (int)draw(self, 6);
  int i;
  for (i = 0; i < depth; ++i) PRE_BeginCritical();
  transfer(self);
  for (i = 0; i < depth; ++i) PRE_EndCritical();
}

/* Library calls inside a section may not end it, but a tick that is owed makes them look. */
static void with_library_calls(struct worker* self) {
  PRE_BeginCritical();
  LWP_NoYieldSignal(&ledger);
  transfer(self);
  LWP_QSignal(LWP_ThisProcess());
  LWP_QWait();
  transfer(self);
  --ledger.operations;
  PRE_EndCritical();
}

static void any(struct worker* self) {
  void (*const rounds[])(struct worker*) = {inline_forms, functions, nested, with_library_calls};
  rounds[self->number % 4](self);
}

static void balance(int lwps, void (*round)(struct worker*), long slice) {
  long sum = 0;
  long operations = 0;
  int i;
  open_shop();
  hire(lwps, round);
  work_and_close(slice);
  for (i = 0; i < 16; ++i) sum += ledger.items[i];
  for (i = 0; i < lwps; ++i) operations += workers[i].rounds;
  expect_int(sum, 0);
  expect_int(ledger.operations, operations);
}

CASE(inline_forms_of_two) { balance(2, inline_forms, 20); }
CASE(functions_of_ten) { balance(10, functions, 20); }
CASE(nested_of_ten) { balance(10, nested, 20); }
CASE(any_of_forty) { balance(40, any, 20); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(inline_forms_of_two),
      cmocka_unit_test(functions_of_ten),
      cmocka_unit_test(nested_of_ten),
      cmocka_unit_test(any_of_forty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
