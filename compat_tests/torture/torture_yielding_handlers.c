/* SPDX-License-Identifier: MIT */
/* torture_yielding_handlers.c - a signal handler that yields, at each instruction of a call, to an
 * LWP that takes away what the call is about: an LWP, or the I/O manager. The call either came
 * first, or finds nothing. */
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <preempt/loop.h>
#include <preempt/watch.h>
#include <signal.h>
#include <sys/mman.h>

#include "io_case.h"
#include "stepper.h"
#include "torture.h"

#define STEPPED(name) CASE_IF(STEPPER_WORKS, "no stepper here", name)

static PROCESS caller, other;
static volatile int other_is_due, signals;
static void (*meanwhile)(void);

static int is_to_be_stepped(void) { return LWP_ThisProcess() == caller && signals == 0; }

static void let_the_other_run(int signo) {
  (void)signo;
  ++signals;
  other_is_due = 1;
  LWP_QSignal(other);
  LWP_DispatchProcess();
}

static void be_the_other(void* parm) {
  (void)parm;
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    meanwhile();
    other_is_due = 0;
  }
}

static void begin(void (*what)(void)) {
  stepper_begin();
  signal(SIGUSR1, let_the_other_run);
  start_with_io();
  meanwhile = what;
  other = spawn("other", LWP_NORMAL_PRIORITY, be_the_other, NULL);
  step_only_if(is_to_be_stepped);
}

struct stepped_call {
  void (*call)(void*);
  long step;
  void (*afterwards)(void); /* by the caller; may be null */
};

static void make_call(void* parm) {
  const struct stepped_call* const stepped = (const struct stepped_call*)parm;
  caller = LWP_ThisProcess();
  step_through(stepped->call, NULL, SIGUSR1, stepped->step, kNoStep);
  if (stepped->afterwards != NULL) stepped->afterwards();
}

enum { kEach = 160 };

/* A new LWP makes the call, with a signal at a later one of its instructions, until it has as long
 * as it takes to end or to wait for good. False if there are no more instructions. */
static int step_on_in(struct stepped_call* stepped) {
  const struct timespec moment = {0, 1000};
  PROCESS pid;
  /* Each of the first, by which the call has entered the library; then fewer and fewer. */
  stepped->step += 1 + (stepped->step > kEach ? stepped->step / 16 : 0);
  signals = 0;
  pid = spawn("caller", LWP_NORMAL_PRIORITY, make_call, stepped);
  while (other_is_due) LWP_DispatchProcess();
  expect_int(LWPX_Sleep(&moment), LWP_SUCCESS);
  LWP_DestroyProcess(pid);
  return signals > 0;
}

/* --- an LWP is destroyed */

static PROCESS target;
static int rc, rc_of_other;
static char never;

static void wait_for_ever(void* parm) { LWP_WaitProcess(parm); }
static void destroy_target(void) { rc_of_other = LWP_DestroyProcess(target); }
static void destroy_it_too(void* parm) { (void)parm, rc = LWP_DestroyProcess(target); }

STEPPED(an_lwp_that_two_destroy_is_destroyed_once) {
  struct stepped_call stepped = {destroy_it_too, 0, NULL};
  begin(destroy_target);
  do {
    target = spawn("target", LWP_NORMAL_PRIORITY, wait_for_ever, &never);
    rc_of_other = LWP_EBADPID;
  } while (step_on_in(&stepped) && (expect_int((rc == 0) + (rc_of_other == 0), 1), 1));
  expect_int(rc, LWP_SUCCESS);
}

/* Whose memory is gone then. */
static struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;

static void create_target(void) {
  attributes.memory_size = LWPX_PROCESS_BYTES(0);
  attributes.memory = mmap(NULL, attributes.memory_size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(attributes.memory != MAP_FAILED);
  expect_int(LWPX_CreateProcess(&attributes, wait_for_ever, &never, &target), LWP_SUCCESS);
}

static void unmap_target(void) {
  expect_int(LWP_DestroyProcess(target), LWP_SUCCESS);
  munmap(attributes.memory, attributes.memory_size);
}

static void name_target(void* parm) {
  struct PRE_Counters counters;
  int max, used, priority;
  (void)parm;
  counters.size = sizeof counters;
  LWP_StackUsed(target, &max, &used);
  LWP_GetProcessPriority(target, &priority);
  LWP_QSignal(target);
  PRE_CancelLoops(target);
  PRE_GetCounters(target, &counters);
  IOMGR_Cancel(target);
}

STEPPED(a_call_that_names_an_lwp_does_not_touch_it_when_it_is_gone) {
  struct stepped_call stepped = {name_target, 0, NULL};
  begin(unmap_target);
  lwp_stackUseEnabled = 0; /* to look at a stack takes many steps */
  do create_target();
  while (step_on_in(&stepped));
}

/* --- an LWP is cancelled */

static int survived;

static void cancel_caller(void) { rc_of_other = LWPX_Cancel(caller); }
static void allow_cancellation(void* parm) {
  (void)parm, expect_int(LWPX_SetCancelState(LWPX_CANCEL_ENABLE, NULL), LWP_SUCCESS);
}
static void survive(void) {
  survived = 0;
  LWPX_TestCancel();
  survived = 1;
}

STEPPED(a_cancellation_is_not_lost_when_the_cancel_state_is_set) {
  struct stepped_call stepped = {allow_cancellation, 0, survive};
  begin(cancel_caller);
  while (step_on_in(&stepped)) expect_int(survived, rc_of_other != LWP_SUCCESS);
  expect_int(survived, 1);
}

/* --- the I/O manager ends */

static int ends[2];
static PROCESS main_lwp;

static void select_time(void* parm) {
  struct timeval soon = {0, 1};
  (void)parm, IOMGR_Select(0, NULL, NULL, NULL, &soon);
}
static void select_descriptor(void* parm) {
  fd_set set;
  (void)parm, set_of_one(&set, ends[0]);
  IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL);
}
static void poll_manager(void* parm) { (void)parm, IOMGR_Poll(); }
static void take_signal(void* parm) {
  (void)parm, IOMGR_Signal(SIGHUP, &never);
  IOMGR_CancelSignal(SIGHUP);
}
static void cancel_wait(void* parm) { (void)parm, IOMGR_Cancel(main_lwp); }
static void finalize_too(void* parm) { (void)parm, IOMGR_Finalize(); }
static void initialize(void* parm) { (void)parm, IOMGR_Initialize(); }
static void sleep_briefly(void* parm) {
  const struct timespec soon = {0, 1};
  (void)parm, LWPX_Sleep(&soon);
}
static void wait_until_the_past(void* parm) {
  const struct timespec past = {0, 0};
  (void)parm, LWPX_WaitProcessUntil(&never, &past);
}
static void join_until_the_past(void* parm) {
  const struct timespec past = {0, 0};
  (void)parm, LWPX_Join(main_lwp, &past, NULL);
}
static void poll_descriptor(void* parm) {
  struct pollfd ready = {ends[0], POLLIN, 0};
  (void)parm, LWPX_Poll(&ready, 1, NULL);
}

static void end_io(void) { IOMGR_Finalize(); }

#define WHILE_IO_ENDS(name, call)                   \
  STEPPED(name) {                                   \
    struct stepped_call stepped = {call, 0, NULL};  \
    stream_pair(ends);                              \
    expect_int(write(ends[1], "x", 1), 1);          \
    begin(end_io);                                  \
    main_lwp = LWP_ThisProcess();                   \
    do expect_int(IOMGR_Initialize(), LWP_SUCCESS); \
    while (step_on_in(&stepped));                   \
  }

WHILE_IO_ENDS(io_ends_while_somebody_selects_a_time, select_time)
WHILE_IO_ENDS(io_ends_while_somebody_selects_a_descriptor, select_descriptor)
WHILE_IO_ENDS(io_ends_while_somebody_polls_the_manager, poll_manager)
WHILE_IO_ENDS(io_ends_while_somebody_asks_for_a_signal, take_signal)
WHILE_IO_ENDS(io_ends_while_somebody_cancels_a_wait, cancel_wait)
WHILE_IO_ENDS(io_ends_while_somebody_ends_it, finalize_too)
WHILE_IO_ENDS(io_ends_while_somebody_starts_it, initialize)
WHILE_IO_ENDS(io_ends_while_somebody_sleeps, sleep_briefly)
WHILE_IO_ENDS(io_ends_while_somebody_waits_with_a_deadline, wait_until_the_past)
WHILE_IO_ENDS(io_ends_while_somebody_joins_with_a_deadline, join_until_the_past)
WHILE_IO_ENDS(io_ends_while_somebody_polls_a_descriptor, poll_descriptor)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_lwp_that_two_destroy_is_destroyed_once),
      cmocka_unit_test(a_call_that_names_an_lwp_does_not_touch_it_when_it_is_gone),
      cmocka_unit_test(a_cancellation_is_not_lost_when_the_cancel_state_is_set),
      cmocka_unit_test(io_ends_while_somebody_selects_a_time),
      cmocka_unit_test(io_ends_while_somebody_selects_a_descriptor),
      cmocka_unit_test(io_ends_while_somebody_polls_the_manager),
      cmocka_unit_test(io_ends_while_somebody_asks_for_a_signal),
      cmocka_unit_test(io_ends_while_somebody_cancels_a_wait),
      cmocka_unit_test(io_ends_while_somebody_ends_it),
      cmocka_unit_test(io_ends_while_somebody_starts_it),
      cmocka_unit_test(io_ends_while_somebody_sleeps),
      cmocka_unit_test(io_ends_while_somebody_waits_with_a_deadline),
      cmocka_unit_test(io_ends_while_somebody_joins_with_a_deadline),
      cmocka_unit_test(io_ends_while_somebody_polls_a_descriptor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
