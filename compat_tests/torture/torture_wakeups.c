/* SPDX-License-Identifier: MIT */
/*
 * torture_wakeups.c - no wake-up is lost between a handler and the sleep of the I/O manager.
 *
 * A sender aims signals at the moments when the manager goes to sleep and wakes. Each signal does
 * one thing that can be counted; the counts must match, and nothing may hang: everybody else waits
 * for ever, so the watchdog finds a lost wake-up.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "io_case.h"
#include "torture.h"

static atomic_long handled, taken;
static atomic_int finished;
static PROCESS target;
static int event;

/* At odd distances, from almost none to longer than going to sleep takes. */
static void pause_oddly(unsigned* random) {
  long rounds;
  *random = *random * 1664525u + 1013904223u;
  if ((*random >> 28) == 0) usleep(100);
  for (rounds = (*random >> 8) % 6000; rounds > 0; --rounds) __asm__ __volatile__("");
}

enum { kFewest = 100 }; /* signals that are sent, however long it takes */

struct sender {
  pthread_t thread;
  int signo;
  int blocked;   /* a signal that the LWPs' kernel thread is to hold back; 0: none */
  pthread_t aim; /* a thread, or 0: the process */
};

static void send_one(const struct sender* self) {
  if (self->aim != 0) {
    pthread_kill(self->aim, self->signo);
  } else {
    kill(getpid(), self->signo);
  }
}

/* Sends the next one when the last has been handled, so that none is merged by the kernel. */
static void* send_and_count(void* parm) {
  const struct sender* const self = (const struct sender*)parm;
  const double end = now_seconds() + torture_seconds();
  unsigned random = 4711;
  long sent = 0;
  while (now_seconds() < end || sent < kFewest) {
    send_one(self);
    ++sent;
    while (handled < sent) sched_yield();
    pause_oddly(&random);
  }
  return (void*)sent;
}

static void give_credit(int signo) {
  const int rc = LWP_QSignal(target);
  (void)signo;
  expect(rc == LWP_SUCCESS || rc == LWP_ENOWAIT);
  ++handled;
}

static void block_here(int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void* last_credit(void* parm) {
  const long sent = (long)send_and_count(parm);
  finished = 1;
  send_one((const struct sender*)parm); /* the one that ends it */
  return (void*)sent;
}

CASE(every_credit_of_a_handler_arrives_while_the_manager_sleeps_and_wakes) {
  struct sender sender = {.signo = SIGUSR1, .aim = pthread_self()};
  void* sent;
  long got = 0;
  target = start_with_io();
  signal(SIGUSR1, give_credit);
  pthread_create(&sender.thread, NULL, last_credit, &sender);
  for (;;) {
    expect_int(LWP_QWait(), 0);
    ++got;
    if (finished && got == handled) break;
  }
  pthread_join(sender.thread, &sent);
  while (got < handled) {
    expect_int(LWP_QWait(), 0);
    ++got;
  }
  expect_int(handled, (long)sent + 1);
  expect_int(got, (long)sent + 1);
  fprintf(stderr, "%ld credits\n", got);
}

/* The handler signals an event that is waited for: once per signal. */
static atomic_int waiting;

static void signal_if_waited_for(int signo) {
  (void)signo;
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  ++handled;
}

static void* signal_waiter(void* parm) {
  const struct sender* const self = (const struct sender*)parm;
  const double end = now_seconds() + torture_seconds();
  unsigned random = 4712;
  long sent = 0;
  while (now_seconds() < end || sent < kFewest) {
    while (taken < sent || !waiting) sched_yield();
    pause_oddly(&random);
    ++sent;
    waiting = 0;
    if (now_seconds() >= end && sent >= kFewest) finished = 1;
    send_one(self);
  }
  if (!finished) {
    while (taken < sent || !waiting) sched_yield();
    finished = 1;
    ++sent;
    send_one(self);
  }
  return (void*)sent;
}

/* Of a lower priority than main, so it runs once main has begun to wait. */
static void say_when_main_waits(void* parm) {
  (void)parm;
  for (;;) {
    waiting = 1;
    LWP_QWait();
  }
}

static void take_events(struct sender* sender) {
  void* sent;
  const PROCESS herald = spawn("herald", 2, say_when_main_waits, NULL);
  pthread_create(&sender->thread, NULL, signal_waiter, sender);
  if (sender->blocked != 0) block_here(sender->blocked);
  do {
    expect_int(LWP_WaitProcess(&event), 0);
    ++taken;
    LWP_QSignal(herald);
  } while (!finished);
  pthread_join(sender->thread, &sent);
  expect_int(taken, (long)sent);
  fprintf(stderr, "%ld events\n", (long)taken);
}

CASE(every_event_of_a_handler_arrives) {
  struct sender sender = {.signo = SIGUSR1, .aim = pthread_self()};
  start_with_io();
  signal(SIGUSR1, signal_if_waited_for);
  take_events(&sender);
}

static void run_softly(void* parm) {
  (void)parm;
  ++taken;
  LWP_QSignal(target);
}

static void ask_softly(int signo) {
  (void)signo;
  expect_int(IOMGR_SoftSig(run_softly, NULL), 0);
  ++handled;
}

static atomic_long wanted = -1; /* how many, told before the last is sent */

static void* send_softly(void* parm) {
  const struct sender* const self = (const struct sender*)parm;
  const double end = now_seconds() + torture_seconds();
  unsigned random = 4713;
  long sent = 0;
  while (sent != wanted) {
    if (now_seconds() >= end && sent >= kFewest) wanted = sent + 1;
    send_one(self);
    ++sent;
    while (taken < sent) sched_yield();
    pause_oddly(&random);
  }
  return (void*)sent;
}

CASE(every_soft_signal_runs) {
  struct sender sender = {.signo = SIGUSR1, .aim = pthread_self()};
  void* sent;
  long got = 0;
  target = start_with_io();
  signal(SIGUSR1, ask_softly);
  pthread_create(&sender.thread, NULL, send_softly, &sender);
  do {
    expect_int(LWP_QWait(), 0);
    ++got;
  } while (got != wanted);
  pthread_join(sender.thread, &sent);
  expect_int(taken, (long)sent);
}

/* Unix signals as events, caught on this kernel thread, on another, or on both. */
static void event_storm(int on_this_thread, int on_the_other) {
  struct sender sender = {.signo = SIGUSR2};
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR2, (char*)&event), 0);
  if (!on_the_other) sender.aim = pthread_self();
  sender.blocked = on_this_thread ? 0 : SIGUSR2;
  take_events(&sender);
}

CASE(every_unix_signal_wakes_its_waiter_when_caught_on_this_kernel_thread) { event_storm(1, 0); }
CASE(every_unix_signal_wakes_its_waiter_when_caught_on_another) { event_storm(0, 1); }
CASE(every_unix_signal_wakes_its_waiter_wherever_it_is_caught) { event_storm(1, 1); }

/* Before what else is done at exit: leak checkers do not see the stack of main from here. */
static void at_exit(void) { _exit(7); }

static void end_it_all(int signo) {
  (void)signo;
  IOMGR_Finalize();
  exit(0);
}

static long delay_us;

static void sleep_and_be_ended(void) {
  const struct itimerval soon = {{0, 0}, {0, delay_us}};
  atexit(at_exit);
  start_with_io();
  signal(SIGALRM, end_it_all);
  setitimer(ITIMER_REAL, &soon, NULL);
  for (;;) {
    const struct timespec little = {0, 20000};
    LWPX_Sleep(&little);
  }
}

static void handler_may_end_io_and_the_program_at_any_instant(void** state) {
  static struct outcome outcome;
  int i;
  (void)state;
  for (i = 0; i < 100; ++i) {
    delay_us = 500 + i * 13;
    child_case_observe(sleep_and_be_ended, &outcome);
    assert_int_equal(outcome.exit_status, 7);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_credit_of_a_handler_arrives_while_the_manager_sleeps_and_wakes),
      cmocka_unit_test(every_event_of_a_handler_arrives),
      cmocka_unit_test(every_soft_signal_runs),
      cmocka_unit_test(every_unix_signal_wakes_its_waiter_when_caught_on_this_kernel_thread),
      cmocka_unit_test(every_unix_signal_wakes_its_waiter_when_caught_on_another),
      cmocka_unit_test(every_unix_signal_wakes_its_waiter_wherever_it_is_caught),
      cmocka_unit_test(handler_may_end_io_and_the_program_at_any_instant),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
