/* SPDX-License-Identifier: MIT */
/* torture_watchdog.c - reports out of tick handlers all the time, wherever the ticks land. */
#include <errno.h>
#include <fcntl.h>
#include <preempt/watch.h>
#include <stdio.h>
#include <string.h>

#include "counters.h"
#include "torture.h"

static volatile unsigned long reports[PRE_STUCK_STACK + 1];
static int section_report_wanted;
static int nowhere = -1;

static void write_report(const struct PRE_Stuck* stuck, void* argument) {
  (void)argument;
  ++reports[stuck->reason];
  if (stuck->pid != NULL) expect(strcmp(stuck->name, LWP_Name()) == 0);
  errno = EDOM; /* which the library undoes */
  if (write(nowhere, stuck->module, strlen(stuck->module)) < 0) expect(0);
}

static void compute(struct worker* self) { work(20 + (long)draw(self, 200)); }

static void hold_a_section_for(long iterations) {
  static volatile int busy;
  PRE_BeginCritical();
  expect_int(busy, 0);
  busy = 1;
  work(iterations);
  busy = 0;
  PRE_EndCritical();
}

/* A section is reported when two ticks fall into it, however fast the machine is. */
static void hold_a_section(struct worker* self) {
  long iterations = 10 + (long)draw(self, 20000);
  hold_a_section_for(iterations);
  for (; section_report_wanted && reports[PRE_STUCK_SECTION] == 0; iterations *= 2) {
    hold_a_section_for(iterations);
  }
}

static void stay_in_libc(struct worker* self) {
  char text[64];
  double back;
  void* const block = malloc(1 + draw(self, 3000));
  expect(block != NULL);
  errno = ERANGE;
  snprintf(text, sizeof text, "%.15g", (double)self->rounds / 3);
  expect_int(errno, ERANGE);
  expect_int(sscanf(text, "%lg", &back), 1);
  free(block);
}

static void end_at_once(void* parm) { (void)parm; }

static void live_and_die(struct worker* self) {
  (void)self;
  expect_int(
      LWP_CreateProcess(end_at_once, 0, 2, NULL, "one with a name that is allocated apart", NULL),
      LWP_SUCCESS);
}

static void any(struct worker* self) {
  void (*const rounds[])(struct worker*) = {compute, hold_a_section, stay_in_libc, live_and_die};
  rounds[self->number % 4](self);
}

static void prepare(void (*report)(const struct PRE_Stuck*, void*)) {
  struct timeval limit;
  limit.tv_sec = 0;
  limit.tv_usec = 1;
  nowhere = open("/dev/null", O_WRONLY);
  expect(nowhere >= 0);
  open_shop();
  expect_int(PRE_SetWatchdog(&limit, report, NULL), LWP_SUCCESS);
  hire(40, any);
}

CASE(own_reports) {
  section_report_wanted = 1;
  prepare(write_report);
  work_and_close(20);
  expect(reports[PRE_STUCK_SECTION] > 0);
}

CASE(default_reports) {
  const int keep = dup(STDERR_FILENO);
  prepare(NULL);
  expect(dup2(nowhere, STDERR_FILENO) >= 0);
  work_and_close(20);
  expect(dup2(keep, STDERR_FILENO) >= 0);
}

/* Each tick ends in one way at least. */
CASE(counters_add_up) {
  struct PRE_Counters all;
  prepare(write_report);
  work_and_close(20);
  all = counters_of_all();
  expect(all.ticks > 0 && all.preemptions > 0);
  expect(all.ticks <= all.preemptions + all.deferred_level + all.deferred_vetoed +
                          all.deferred_code + all.deferred_mask + all.deferred_stack +
                          all.no_rival);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_reports),
      cmocka_unit_test(default_reports),
      cmocka_unit_test(counters_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
