/* SPDX-License-Identifier: MIT */
/*
 * control_waits.h - LWPs that are controlled by others: what each is told to do, what is known of
 * it, and all the ways in which it waits.
 */
#ifndef TORTURE_CONTROL_WAITS_H
#define TORTURE_CONTROL_WAITS_H

#include <lwp/lock.h>
#include <preempt/loop.h>

#include "io_case.h"
#include "torture.h"

enum { kCleanups = 3 };

struct life;

struct cleanup {
  enum { kNotPushed, kPushed, kRun, kPopped } state;
  int waits, exits;
  struct life* life;
};

/* Written by the LWP itself: how it is about to end, unless it is cancelled or destroyed first. */
enum way { kByOthers, kReturns, kExits, kDestroysItself, kWays };

struct life {
  /* what it is to do */
  int wait; /* one of waits[] */
  int pushes, pops, calls_preempt_me, disables_cancel;
  enum way end;
  unsigned random;
  /* what becomes of it */
  volatile enum way way;
  struct cleanup cleanups[kCleanups];
  volatile int cancelled, destroyed;
  volatile int joins, detaches; /* that have succeeded */
  PROCESS pid;
  PROCESS child;      /* that it joins; NULL: there is none, or it has been joined */
  volatile int final; /* it is to end; nobody is to keep it from that */
  /* what it waits for */
  struct Lock lock;
  int lock_held;     /* by the parent */
  int in[2], out[2]; /* one that is empty, and one that is full */
  int listener;
  struct sockaddr_un address;
  socklen_t address_size;
};

static struct life lives[kMostLwps];
static int have_blocking = 1;

static void wait_for_event(struct life* self) { LWP_WaitProcess(self); }

static void wait_for_events(struct life* self) {
  const void* events[4];
  events[0] = self;
  events[1] = &self->lock;
  events[2] = self;
  events[3] = NULL;
  LWP_MwaitProcess(2, events);
}

static void wait_for_credit(struct life* self) {
  (void)self;
  LWP_QWait();
}

static void wait_until(struct life* self) {
  const struct timespec soon = us_from_now((long)(self->random % 3000));
  LWPX_WaitProcessUntil(self, &soon);
}

static void wait_for_events_until(struct life* self) {
  const struct timespec soon = us_from_now((long)(self->random % 3000));
  const void* events[3];
  events[0] = self;
  events[1] = &self->lock;
  events[2] = NULL;
  LWPX_MwaitProcessUntil(1, events, &soon);
}

static void wait_in_sleep(struct life* self) {
  const struct timespec time = us_timespec((long)(self->random % 3000));
  LWPX_Sleep(&time);
}

static void wait_in_select(struct life* self) {
  fd_set set;
  set_of_one(&set, self->in[0]);
  IOMGR_Select(self->in[0] + 1, &set, NULL, NULL, NULL);
}

static void wait_in_poll(struct life* self) {
  struct pollfd fds[2];
  memset(fds, 0, sizeof fds);
  fds[0].fd = self->in[0];
  fds[0].events = POLLIN;
  fds[1].fd = self->out[0];
  fds[1].events = POLLOUT;
  LWPX_Poll(fds, 2, NULL);
}

static void wait_in_read(struct life* self) {
  char byte;
  LWPX_Read(self->in[0], &byte, 1);
}

static void wait_in_recv(struct life* self) {
  char byte;
  LWPX_Recv(self->in[0], &byte, 1, 0);
}

static void wait_in_write(struct life* self) {
  static const char bytes[5000];
  LWPX_Write(self->out[0], bytes, sizeof bytes);
}

/* In a section, so that nobody is destroyed who holds the only number of a descriptor. */
static void wait_in_accept(struct life* self) {
  int fd;
  PRE_BeginCritical();
  fd = LWPX_Accept(self->listener, NULL, NULL);
  if (fd >= 0) close(fd);
  PRE_EndCritical();
}

static void* take_a_moment(void* arg) {
  usleep(30);
  return arg;
}

static void wait_for_blocking(struct life* self) {
  void* result = NULL;
  const int rc = LWPX_Blocking(take_a_moment, self, &result);
  expect_int(rc, have_blocking ? LWP_SUCCESS : LWP_ESYSTEM);
  if (rc == LWP_SUCCESS) expect(result == self);
}

static void wait_for_lock(struct life* self) {
  switch (self->random % 3) {
    case 0:
      ObtainReadLock(&self->lock);
      ReleaseReadLock(&self->lock);
      break;
    case 1:
      ObtainSharedLock(&self->lock);
      ReleaseSharedLock(&self->lock);
      break;
    default:
      ObtainWriteLock(&self->lock);
      ReleaseWriteLock(&self->lock);
  }
}

static void suspend_itself(struct life* self) { LWPX_Suspend(self->pid); }

static void wait_for_cancel(struct life* self) {
  while (!self->final) {
    LWPX_TestCancel();
    LWP_DispatchProcess();
  }
}

static void count(struct life* self) {
  long i, sum = 0;
  PRE_LOOP(loop);
  while (!self->final) {
    PRE_FOR_UP(loop, i, 0, 3000, 1) sum += i;
    expect(i == 3000 && sum % 4498500 == 0);
  }
}

static void be_a_child(void* parm) {
  work((long)(intptr_t)parm);
  LWPX_Exit(parm);
}

/* Whoever joins after this LWP has gone finds the child's handle in the record. */
static void wait_in_join(struct life* self) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  void* status = NULL;
  PROCESS child;
  wanted.flags = LWPX_JOINABLE | LWPX_PREEMPTIBLE;
  wanted.priority = 2;
  PRE_BeginCritical();
  expect_int(
      LWPX_CreateProcess(&wanted, be_a_child, (void*)(intptr_t)(self->random % 3000), &child),
      LWP_SUCCESS);
  self->child = child;
  expect_int(LWPX_Join(child, NULL, &status), LWP_SUCCESS);
  self->child = NULL;
  PRE_EndCritical();
  expect(status == (void*)(intptr_t)(self->random % 3000));
}

static void (*const waits[])(struct life*) = {
    wait_for_event, wait_for_events,       wait_for_credit,
    wait_until,     wait_for_events_until, wait_in_sleep,
    wait_in_select, wait_in_poll,          wait_in_read,
    wait_in_recv,   wait_in_write,         wait_in_accept,
    wait_for_lock,  wait_for_blocking,     suspend_itself,
    wait_in_join,   wait_for_cancel,       count};

enum { kWaits = sizeof waits / sizeof *waits };

/* Such an LWP must not rank above others, who would never run. */
static int never_waits(const struct life* life) {
  return waits[life->wait] == wait_for_cancel || waits[life->wait] == count;
}

static void open_descriptors_of(struct life* life) {
  stream_pair(life->in);
  stream_pair(life->out);
  life->listener = local_listener(5, &life->address, &life->address_size);
  expect_int(fcntl(life->listener, F_SETFL, O_NONBLOCK), 0);
}

/* As they are before anybody waits: nothing to read or to accept, and no room to write. */
static void reset_descriptors_of(struct life* life) {
  char bytes[4096];
  int fd;
  memset(bytes, 0, sizeof bytes);
  while (recv(life->in[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  while (send(life->out[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  while ((fd = accept(life->listener, NULL, NULL)) >= 0) close(fd);
}

/* Everything that any of the waits may wait for. What comes too early may be lost, so again. */
static void nudge(struct life* life) {
  char bytes[8192];
  const int knocker = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (connect(knocker, (struct sockaddr*)&life->address, life->address_size) == 0) work(10);
  close(knocker);
  if (send(life->in[1], "x", 1, MSG_DONTWAIT) == 1) work(10);
  while (recv(life->out[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  LWP_NoYieldSignal(life);
  LWP_NoYieldSignal(&life->lock);
  (void)LWP_QSignal(life->pid);
  if (life->lock_held) {
    life->lock_held = 0;
    ReleaseWriteLock(&life->lock);
  }
}

#endif
