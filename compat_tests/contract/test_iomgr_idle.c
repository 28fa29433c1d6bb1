/* SPDX-License-Identifier: MIT */
/* test_iomgr_idle.c - those who wait cost nothing. */
#include "io_case.h"

enum { kMany = 1000 };

static int many[kMany][2];
static int active[2];

static void read_for_ever(void* fd) {
  char c;
  while (LWPX_Read(*(int*)fd, &c, 1) == 1) {
  }
}

static void sleep_for_ever(void* parm) {
  (void)parm;
  LWPX_Sleep(NULL);
}

/* What the machine does meanwhile may be charged to the process, but hardly time and again. */
enum { kTries = 8 };

static long sleeps(void) { return proc_value("/proc/self/status", "voluntary_ctxt_switches"); }

static int a_second_costs_nothing(void) {
  const long switches = sleeps();
  const double cpu = cpu_seconds();
  select_ms(1000);
  return cpu_seconds() - cpu < 0.02 && sleeps() - switches < 10;
}

CASE(a_second_in_which_all_wait_costs_nothing) {
  int i;
  start_with_io();
  for (i = 0; i < 50; ++i) {
    stream_pair(many[i]);
    spawn("r", 3, read_for_ever, many[i]);
    spawn("s", 3, sleep_for_ever, NULL);
  }
  pause_ms(50);
  for (i = 1; !a_second_costs_nothing(); ++i) expect(i < kTries);
}

static void echo(void* parm) {
  char c;
  (void)parm;
  while (LWPX_Read(active[0], &c, 1) == 1) expect_int(LWPX_Write(active[0], &c, 1), 1);
}

/* Processor time of a thousand exchanges, each of which lets the manager look twice: the best of
 * several tries, as other work on the machine only ever adds to it. */
static double cost_of_exchanges(void) {
  double best = 1e9;
  int tries, exchanges;
  for (tries = 0; tries < kTries; ++tries) {
    const double begin = cpu_seconds();
    double cost;
    for (exchanges = 0; exchanges < 1000; ++exchanges) {
      char c = 'x';
      expect_int(LWPX_Write(active[1], &c, 1), 1);
      expect_int(LWPX_Read(active[1], &c, 1), 1);
    }
    cost = cpu_seconds() - begin;
    if (cost < best) best = cost;
  }
  return best;
}

CASE_IF(have_descriptors(2 * kMany + 50), "too few descriptors here",
        idle_connections_add_nothing_to_the_cost_of_an_active_one) {
  double few = 0, all;
  int i;
  start_with_io();
  stream_pair(active);
  spawn("echo", 3, echo, NULL);
  for (i = 0; i < kMany; ++i) {
    stream_pair(many[i]);
    if (i == 10) {
      pause_ms(250);
      few = cost_of_exchanges();
    }
    spawn("r", 3, read_for_ever, many[i]);
  }
  pause_ms(1000);
  /* A look at each of the idle ones would cost a hundred times as much. */
  for (i = 1; (all = cost_of_exchanges()) >= few * 8; ++i) {
    fprintf(stderr, "cost: %f with 10, %f with %d\n", few, all, kMany);
    expect(i < kTries);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_in_which_all_wait_costs_nothing),
      cmocka_unit_test(idle_connections_add_nothing_to_the_cost_of_an_active_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
