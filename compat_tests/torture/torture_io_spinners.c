/* SPDX-License-Identifier: MIT */
/*
 * torture_io_spinners.c - those who wait are served although others never yield.
 *
 * Preemptible LWPs spin without a call. How soon somebody is served is counted in slices that the
 * spinners have lost, not in time.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "io_case.h"
#include "torture.h"

static int ends[2];
static int event;
static volatile long spins[3];
static volatile int stop_spinning;

static void spin(void* counter) {
  volatile long* const count = (volatile long*)counter;
  PRE_PreemptMe();
  while (!stop_spinning) ++*count;
  PRE_BeginCritical();
}

static void echo(void* parm) {
  char c;
  (void)parm;
  while (LWPX_Read(ends[0], &c, 1) == 1) expect_int(LWPX_Write(ends[0], &c, 1), 1);
}

/* Sends a byte and waits for its echo, outside of all LWPs; and on, until the others have spun. */
static void* exchange(void* rounds) {
  long i;
  for (i = 0; i < *(long*)rounds || spins[0] == 0 || spins[1] == 0; ++i) {
    char out = (char)i, in = 0;
    expect_int(write(ends[1], &out, 1), 1);
    expect_int(read(ends[1], &in, 1), 1);
    expect_int(in, out);
  }
  stop_spinning = 1;
  return NULL;
}

static void echo_beside_spinners(int priority) {
  static long rounds = 300;
  pthread_t thread;
  start_with_io();
  stream_pair(ends);
  expect_int(LWP_CreateProcess(echo, 0, priority, NULL, "echo", NULL), 0);
  expect_int(LWP_CreateProcess(spin, 65536, 2, (void*)&spins[0], "spin", NULL), 0);
  expect_int(LWP_CreateProcess(spin, 65536, 2, (void*)&spins[1], "spin", NULL), 0);
  slices_of(500);
  pthread_create(&thread, NULL, exchange, &rounds);
  while (!stop_spinning) pause_ms(1);
  pthread_join(thread, NULL);
}

CASE(echo_of_equal_priority_is_served_beside_two_spinners) { echo_beside_spinners(2); }
CASE(echo_of_higher_priority_is_served_beside_two_spinners) { echo_beside_spinners(4); }

static void nap_often(void* count) {
  const struct timespec nap = {0, 300000};
  for (;;) {
    expect_int(LWPX_Sleep(&nap), 0);
    ++*(volatile long*)count;
  }
}

static void time_out_often(void* count) {
  for (;;) {
    struct timespec soon = us_from_now(300);
    expect_int(LWPX_WaitProcessUntil(count, &soon), LWPX_ETIMEOUT);
    ++*(volatile long*)count;
  }
}

static void count_events(void* count) {
  for (;;) {
    expect_int(LWP_WaitProcess(&event), 0);
    ++*(volatile long*)count;
  }
}

CASE(deadlines_come_beside_spinners) {
  static volatile long naps, timeouts;
  start_with_io();
  spawn("nap", 2, nap_often, (void*)&naps);
  spawn("timeout", 3, time_out_often, (void*)&timeouts);
  expect_int(LWP_CreateProcess(spin, 65536, 2, (void*)&spins[0], "spin", NULL), 0);
  slices_of(200);
  while (naps < 200 || timeouts < 200 || spins[0] == 0) pause_ms(1);
  stop_spinning = 1;
}

static volatile long events;

static void* send_until_counted(void* target) {
  long i;
  for (i = 1; i <= 50; ++i) {
    if (target != NULL) {
      pthread_kill(*(pthread_t*)target, SIGUSR1);
    } else {
      pthread_kill(pthread_self(), SIGUSR1);
    }
    while (events < i) sched_yield();
    usleep(3000); /* long enough for the ticks to be turned off */
  }
  stop_spinning = 1;
  return NULL;
}

/* The spinner is alone: ticks are off until something is caught. */
static void signals_beside_a_lone_spinner(int on_this_thread) {
  pthread_t self = pthread_self(), thread;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  spawn("e", 3, count_events, (void*)&events);
  slices_of(200);
  pthread_create(&thread, NULL, send_until_counted, on_this_thread ? &self : NULL);
  spin((void*)&spins[0]);
  pthread_join(thread, NULL);
  expect_int(events, 50);
}

CASE(signal_is_delivered_beside_a_lone_spinner) { signals_beside_a_lone_spinner(1); }
CASE(signal_caught_on_another_kernel_thread_is_delivered_beside_a_lone_spinner) {
  signals_beside_a_lone_spinner(0);
}

static void close_later(void* parm) {
  const struct timespec while_ = {0, 300000000};
  (void)parm;
  LWPX_Sleep(&while_);
  close(ends[0]);
}

static void read_until_closed(void* parm) {
  char c;
  (void)parm;
  expect_int(LWPX_Read(ends[0], &c, 1), -1);
  expect_int(errno, EBADF);
  stop_spinning = 1;
}

CASE(closed_descriptor_is_noticed_beside_spinners) {
  start_with_io();
  stream_pair(ends);
  spawn("r", 3, read_until_closed, NULL);
  spawn("c", 3, close_later, NULL);
  slices_of(500);
  spin((void*)&spins[0]);
}

static void read_byte(void* parm) {
  char c;
  (void)parm;
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  note("%c", c);
  stop_spinning = 1;
}

static void write_after_a_while(void* parm) {
  const struct timespec while_ = {0, 5000000};
  (void)parm;
  LWPX_Sleep(&while_);
  expect_int(write(ends[1], "2", 1), 1);
}

CASE(new_descriptor_of_an_old_number_is_watched_beside_spinners) {
  start_with_io();
  stream_pair(ends);
  spawn("r", 3, read_byte, NULL);
  pause_ms(1);
  expect_int(write(ends[1], "1", 1), 1);
  pause_ms(1);
  expect_transcript("1");
  spawn("r", 3, read_byte, NULL);
  pause_ms(1);
  expect_int(write(ends[1], "1", 1), 1);
  pause_ms(1);
  expect_transcript("1");
  close(ends[0]);
  close(ends[1]);
  stream_pair(ends);
  stop_spinning = 0;
  spawn("r", 3, read_byte, NULL);
  spawn("w", 3, write_after_a_while, NULL);
  slices_of(500);
  spin((void*)&spins[0]);
  expect_transcript("2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(echo_of_equal_priority_is_served_beside_two_spinners),
      cmocka_unit_test(echo_of_higher_priority_is_served_beside_two_spinners),
      cmocka_unit_test(deadlines_come_beside_spinners),
      cmocka_unit_test(signal_is_delivered_beside_a_lone_spinner),
      cmocka_unit_test(signal_caught_on_another_kernel_thread_is_delivered_beside_a_lone_spinner),
      cmocka_unit_test(closed_descriptor_is_noticed_beside_spinners),
      cmocka_unit_test(new_descriptor_of_an_old_number_is_watched_beside_spinners),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
