/* SPDX-License-Identifier: MIT */
/*
 * torture_connections.c - connections that are asked for, cancelled, asked for again, accepted,
 * used and reset, some of them at listeners that are full most of the time: each that has come
 * about is served once, and each cancellation is told to whom it was meant for, and to nobody else.
 */
#include "io_case.h"
#include "torture.h"

enum { kListeners = 3, kTcp = 0, kCallers = 15, kServers = 3 * kListeners };

static struct listener {
  int fd;
  struct sockaddr_storage address;
  socklen_t size;
  long made, served;
} listeners[kListeners];

static struct actor {
  PROCESS pid;
  unsigned random;
  int may_be_cancelled; /* what it does now */
  int cancelled;
  struct listener* listener;
} callers[kCallers], servers[kServers];

static int callers_left = kCallers, conversations; /* of servers */
static long cancellations, second_calls;

static unsigned draw_of(unsigned* random, unsigned below) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % below;
}

/* One of both, until it has not been cancelled, or just once. */
static int try_to(struct actor* self, int fd, int again) {
  int rc;
  do {
    self->cancelled = 0;
    self->may_be_cancelled = 1;
    rc = fd >= 0
             ? LWPX_Connect(fd, (struct sockaddr*)&self->listener->address, self->listener->size)
             : LWPX_Accept(self->listener->fd, NULL, NULL);
    self->may_be_cancelled = 0;
    expect_int(self->cancelled, rc < 0 && errno == ECANCELED);
    if (self->cancelled && again) __atomic_fetch_add(&second_calls, 1, __ATOMIC_RELAXED);
  } while (self->cancelled && again);
  return rc;
}

static void converse(struct actor* self, int fd) {
  const struct linger reset = {1, 0};
  char answer[5];
  __atomic_fetch_add(&self->listener->made, 1, __ATOMIC_RELAXED);
  expect_int(LWPX_Write(fd, "hello", 5), 5);
  expect_int(LWPX_Recv(fd, answer, 5, MSG_WAITALL), 5);
  expect(memcmp(answer, "HELLO", 5) == 0);
  expect_int(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
}

static void call(void* parm) {
  struct actor* const self = (struct actor*)parm;
  PRE_PreemptMe();
  while (!closing_time) {
    int fd;
    self->listener = &listeners[draw_of(&self->random, kListeners)];
    fd = socket(self->listener->address.ss_family, SOCK_STREAM, 0);
    expect(fd >= 0);
    if (try_to(self, fd, (int)draw_of(&self->random, 2)) == 0) {
      converse(self, fd);
    } else {
      expect(errno == ECANCELED || errno == EADDRNOTAVAIL); /* too many have just been closed */
    }
    close(fd);
  }
  __atomic_fetch_sub(&callers_left, 1, __ATOMIC_RELAXED);
}

static void serve(void* parm) {
  struct actor* const self = (struct actor*)parm;
  PRE_PreemptMe();
  for (;;) {
    const int fd = try_to(self, -1, 1);
    char text[5];
    ssize_t size;
    expect(fd >= 0);
    __atomic_fetch_add(&conversations, 1, __ATOMIC_RELAXED);
    size = LWPX_Recv(fd, text, 5, draw_of(&self->random, 2) == 0 ? MSG_WAITALL : 0);
    if (size == 5) {
      expect(memcmp(text, "hello", 5) == 0);
      expect_int(LWPX_Write(fd, "HELLO", 5), 5);
      __atomic_fetch_add(&self->listener->served, 1, __ATOMIC_RELAXED);
      (void)LWPX_Read(fd, text, 5);
    } else {
      expect(self->listener == &listeners[kTcp]); /* a connection whose caller was cancelled */
    }
    close(fd);
    __atomic_fetch_sub(&conversations, 1, __ATOMIC_RELAXED);
  }
}

static void listen_everywhere(void) {
  struct sockaddr_in* const any = (struct sockaddr_in*)&listeners[kTcp].address;
  int i;
  listeners[kTcp].size = sizeof *any;
  listeners[kTcp].fd = socket(AF_INET, SOCK_STREAM, 0);
  any->sin_family = AF_INET;
  any->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  expect_int(bind(listeners[kTcp].fd, (struct sockaddr*)any, sizeof *any), 0);
  expect_int(getsockname(listeners[kTcp].fd, (struct sockaddr*)any, &listeners[kTcp].size), 0);
  expect_int(listen(listeners[kTcp].fd, 2 * kCallers), 0);
  for (i = 0; i < kListeners; ++i) {
    struct listener* const self = &listeners[i];
    if (i != kTcp) {
      self->fd = local_listener(i - 1, (struct sockaddr_un*)&self->address, &self->size);
    }
  }
}

static void hire_all(void) {
  int i;
  for (i = 0; i < kServers; ++i) {
    servers[i].random = 3u + (unsigned)i;
    servers[i].listener = &listeners[i % kListeners];
    servers[i].pid = spawn("server", 1 + i % 3, serve, &servers[i]);
  }
  for (i = 0; i < kCallers; ++i) {
    callers[i].random = 77u + (unsigned)i;
    callers[i].pid = spawn("caller", 1 + i % 3, call, &callers[i]);
  }
}

static void cancel(struct actor* other) {
  if (!other->may_be_cancelled || IOMGR_Cancel(other->pid) != 0) return;
  ++other->cancelled;
  ++cancellations;
}

static int all_are_used(void) {
  int i, used = cancellations > 20 && second_calls > 20;
  for (i = 0; i < kListeners; ++i) used &= listeners[i].made > 20;
  return used;
}

static void connect_for_a_while(int ticks) {
  const double end = now_seconds() + torture_seconds();
  const int descriptors = open_descriptors();
  unsigned random = 1;
  int i;
  start_with_io();
  listen_everywhere();
  hire_all();
  if (ticks) slices_of(50);
  while (now_seconds() < end || !all_are_used()) {
    const struct timespec nap = us_timespec(draw_of(&random, 300));
    expect_int(LWPX_Sleep(&nap), 0);
    cancel(&callers[draw_of(&random, kCallers)]);
    cancel(&servers[draw_of(&random, kServers)]);
  }
  closing_time = 1;
  while (__atomic_load_n(&callers_left, __ATOMIC_RELAXED) > 0) pause_ms(1);
  while (__atomic_load_n(&conversations, __ATOMIC_RELAXED) > 0) pause_ms(1);
  for (i = 0; i < kListeners; ++i) expect_int(listeners[i].served, listeners[i].made);
  if (ticks) expect_int(PRE_EndPreempt(), 0);
  expect_int(LWP_TerminateProcessSupport(), 0);
  for (i = 0; i < kListeners; ++i) close(listeners[i].fd);
  expect_int(open_descriptors(), descriptors);
}

#define ON_LOOPBACK(name) CASE_IF(have_loopback(), "no network here", name)

ON_LOOPBACK(each_connection_is_served_once_whoever_is_cancelled) { connect_for_a_while(0); }
ON_LOOPBACK(the_same_under_the_shortest_slices) { connect_for_a_while(1); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_connection_is_served_once_whoever_is_cancelled),
      cmocka_unit_test(the_same_under_the_shortest_slices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
