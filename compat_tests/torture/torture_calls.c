/* SPDX-License-Identifier: MIT */
/* torture_calls.c - LWPs that wait in system calls of their own, beside others that allocate: every
 * call gets what it waits for, once and in order. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "torture.h"

enum { kReaders = 4 };

static int pipes[kReaders][2];
static unsigned expected[kReaders];

/* Another process feeds the readers, now and then, with numbers in order. */
static void feed(void) {
  unsigned next[kReaders] = {0};
  unsigned random = 1;
  const pid_t parent = getppid();
  while (getppid() == parent) {
    const struct timespec pause = {0, 20000};
    struct pollfd fd;
    const int to = (int)((random >> 8) % kReaders);
    random = random * 1664525u + 1013904223u;
    fd.fd = pipes[to][1];
    fd.events = POLLOUT;
    if (poll(&fd, 1, 0) == 1 && write(fd.fd, &next[to], sizeof next[to]) > 0) ++next[to];
    nanosleep(&pause, NULL);
  }
  _exit(0);
}

static void read_next(struct worker* self) {
  unsigned got = 0;
  expect_int(read(pipes[self->number][0], &got, sizeof got), sizeof got);
  expect_int(got, expected[self->number]);
  ++expected[self->number];
}

static void poll_and_read(struct worker* self) {
  struct pollfd fd;
  fd.fd = pipes[self->number][0];
  fd.events = POLLIN;
  if (poll(&fd, 1, -1) < 0) {
    expect_int(errno, EINTR);
  } else {
    read_next(self);
  }
}

/* Until a point in time: the kernel adds its timer slack, 50 us, to the time that it says is left,
 * so that a sleep that is cut short more often than that would never end. */
static void sleep_a_little(struct worker* self) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += 1000 + (long)draw(self, 200000);
  if (end.tv_nsec >= 1000000000) {
    end.tv_nsec -= 1000000000;
    ++end.tv_sec;
  }
  for (;;) {
    const int rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    if (rc == 0) break;
    expect_int(rc, EINTR);
  }
}

static void wait_for_child(struct worker* self) {
  int status = 0;
  const int code = (int)draw(self, 100);
  const pid_t child = fork();
  if (child == 0) _exit(code);
  expect_int(waitpid(child, &status, 0), child);
  expect(WIFEXITED(status));
  expect_int(WEXITSTATUS(status), code);
}

static void allocate(struct worker* self) {
  enum { kBlocks = 8 };
  unsigned char* blocks[kBlocks];
  int i;
  for (i = 0; i < kBlocks; ++i) {
    const size_t size = 1 + draw(self, 300);
    blocks[i] = (unsigned char*)malloc(size);
    memset(blocks[i], self->number, size);
  }
  for (i = 0; i < kBlocks; ++i) {
    expect_int(blocks[i][0], self->number);
    free(blocks[i]);
  }
}

static void wait_in_calls(long slice_us) {
  int i;
  pid_t feeder;
  for (i = 0; i < kReaders; ++i) expect_int(pipe(pipes[i]), 0);
  feeder = fork();
  if (feeder == 0) feed();
  open_shop();
  hire(kReaders / 2, read_next);
  hire(kReaders - kReaders / 2, poll_and_read);
  hire(2, sleep_a_little);
  hire(1, wait_for_child);
  hire(4, allocate);
  work_and_close(slice_us);
  kill(feeder, SIGKILL);
  expect_int(waitpid(feeder, NULL, 0), feeder);
}

CASE(calls_under_50_us) { wait_in_calls(50); }
CASE(calls_under_1_ms) { wait_in_calls(1000); }

static void* sleep_for_ever(void* parm) {
  for (;;) pause();
  return parm;
}

CASE(calls_beside_a_kernel_thread_under_50_us) {
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  expect_int(pthread_create(&thread, NULL, sleep_for_ever, NULL), 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  wait_in_calls(50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_under_50_us),
      cmocka_unit_test(calls_under_1_ms),
      cmocka_unit_test(calls_beside_a_kernel_thread_under_50_us),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
