/* SPDX-License-Identifier: MIT */
/*
 * torture_edges.c - busy TCP connections, whose readers the library comes to trust, while others
 * wait for the same descriptors by other calls, read them behind its back, cancel and destroy:
 * nobody sleeps on what is there.
 */
#include "io_case.h"
#include "tcp_case.h"
#include "torture.h"

enum { kConnections = 12, kMuch = 64 };

static struct connection {
  int fd, peer;
  PROCESS reader, guest;
  unsigned random;
  volatile long reads;
} connections[kConnections];

static unsigned draw_of(unsigned* random, unsigned below) {
  *random = *random * 1664525u + 1013904223u;
  return (*random >> 8) % below;
}

static void tell(int peer, unsigned bytes) {
  static const char text[kMuch];
  expect_int(send(peer, text, bytes, 0), bytes);
}

/* What others have left, if anything. */
static void take_some(struct connection* self, unsigned most) {
  char text[kMuch];
  if (recv(self->fd, text, 1 + draw_of(&self->random, most), MSG_DONTWAIT) < 0) {
    expect_int(errno, EAGAIN);
  }
}

static void select_and_take_some(struct connection* self, int writes_too) {
  fd_set readers, writers;
  set_of_one(&readers, self->fd);
  FD_ZERO(&writers);
  if (writes_too) FD_SET(self->fd, &writers);
  if (IOMGR_Select(self->fd + 1, &readers, &writers, NULL, NULL) < 1) return; /* cancelled */
  if (FD_ISSET(self->fd, &readers)) take_some(self, 20);
}

static void poll_and_take_some(struct connection* self) {
  struct pollfd look;
  look.fd = self->fd;
  look.events = POLLIN;
  if (LWPX_Poll(&look, 1, NULL) == 1) take_some(self, 5);
}

static void read_somehow(struct connection* self, unsigned choices) {
  char text[kMuch];
  switch (draw_of(&self->random, choices)) {
    case 0:
      LWPX_Read(self->fd, text, 3);
      return;
    case 1:
      select_and_take_some(self, 0);
      return;
    case 2:
      select_and_take_some(self, 1);
      return;
    case 3:
      poll_and_take_some(self);
      return;
    case 4:
      LWPX_Recv(self->fd, text, sizeof text, MSG_PEEK);
      return;
    case 5:
      LWPX_Recv(self->fd, text, 10, 0);
      return;
    default:
      if (LWPX_Read(self->fd, text, sizeof text) > 0) ++self->reads;
  }
}

static void read_for_ever(void* parm) {
  PRE_PreemptMe();
  for (;;) read_somehow((struct connection*)parm, 150);
}

static void come_by_at_times(void* parm) {
  struct connection* const self = (struct connection*)parm;
  PRE_PreemptMe();
  for (;;) {
    const struct timespec nap = us_timespec(draw_of(&self->random, 5000));
    LWPX_Sleep(&nap);
    read_somehow(self, 8);
  }
}

static void hire_reader(struct connection* self) {
  self->reader = spawn("reader", 3, read_for_ever, self);
}

/* Lets the others run who are ready, or become so. */
static void look(void) {
  expect(IOMGR_Poll() >= 0);
  LWP_DispatchProcess();
}

static int something_there(void) {
  int i, bytes = 0;
  for (i = 0; i < kConnections; ++i) bytes |= bytes_there(connections[i].fd);
  return bytes;
}

/*
 * What has come is read at once. What has been missed is found after five milliseconds or more, and
 * may not take that long; if so few are enough for so many looks that it has been missed for sure.
 */
static void see_all_read(void) {
  const double begin = now_seconds();
  int looks = 0;
  while (something_there()) {
    look();
    expect(++looks < 500 || now_seconds() - begin > 0.004);
  }
}

static void disturb(struct connection* other, unsigned* random) {
  switch (draw_of(random, 400)) {
    case 0:
    case 1:
      IOMGR_Cancel(other->reader);
      return;
    case 2:
      expect_int(LWP_DestroyProcess(other->reader), LWP_SUCCESS);
      hire_reader(other);
      return;
    case 3:
      IOMGR_Cancel(other->guest);
      return;
    default:
      tell(other->peer, 1 + draw_of(random, kMuch - 10));
  }
}

static void read_in_all_ways(int ticks) {
  const double end = now_seconds() + torture_seconds();
  unsigned random = 5;
  int rounds, i, by_edge = 0;
  start_with_io();
  for (i = 0; i < kConnections; ++i) {
    struct connection* const self = &connections[i];
    expect(connect_pair(&self->fd, &self->peer));
    self->random = 17u + (unsigned)i;
    hire_reader(self);
    if (i % 2 == 0) self->guest = spawn("guest", 3, come_by_at_times, self);
  }
  if (ticks) slices_of(50);
  for (rounds = 0; now_seconds() < end || by_edge < 10; ++rounds) {
    const unsigned disturbances = draw_of(&random, 2 * kConnections);
    for (i = 0; i < (int)disturbances; ++i) {
      struct connection* const other = &connections[draw_of(&random, kConnections)];
      if (bytes_there(other->fd) == 0) disturb(other, &random);
    }
    if (draw_of(&random, 4) == 0) {
      const struct timespec nap = us_timespec(draw_of(&random, 300));
      LWPX_Sleep(&nap);
    }
    see_all_read();
    if (rounds % 100 == 0) {
      for (i = 0; i < kConnections; ++i) by_edge += is_by_edge(connections[i].fd);
    }
  }
  if (ticks) expect_int(PRE_EndPreempt(), 0);
  expect_int(LWP_TerminateProcessSupport(), 0);
}

#define ON_LOOPBACK(name) CASE_IF(have_connections(), "no network here", name)

ON_LOOPBACK(nobody_sleeps_on_what_is_there) { read_in_all_ways(0); }
ON_LOOPBACK(the_same_under_the_shortest_slices) { read_in_all_ways(1); }

/* One connection, until it goes by edge. Its reader waits. */
static void converse(struct connection* self) {
  start_with_io();
  expect(connect_pair(&self->fd, &self->peer));
  self->random = 99;
  hire_reader(self);
  do {
    const long before = self->reads;
    tell(self->peer, 5);
    while (self->reads == before) look();
  } while (!is_by_edge(self->fd));
}

static void note_reads(void* fd) {
  char text[kMuch];
  for (;;) {
    const ssize_t size = LWPX_Read(*(int*)fd, text, sizeof text);
    if (size <= 0) break;
    note("%d", (int)size);
  }
  note("end");
}

ON_LOOPBACK(number_that_comes_to_mean_another_file_is_read_on) {
  struct connection* const self = &connections[0];
  int other[2], fd, i;
  converse(self);
  expect_int(LWP_DestroyProcess(self->reader), LWP_SUCCESS);
  spawn("notes", 4, note_reads, &self->fd);
  for (i = 1; i <= 20; ++i) {
    tell(self->peer, 2);
    wait_for_notes(i);
  }
  forget_transcript();
  for (i = 0; i < 3; ++i) {
    if (i == 1) {
      stream_pair(other);
    } else {
      expect(connect_pair(&other[0], &other[1]));
    }
    fd = dup2(other[0], self->fd);
    expect_int(fd, self->fd);
    close(other[0]);
    tell(other[1], 7);
    while (notes() < 1) select_ms(20);
    tell(other[1], 8);
    while (notes() < 2) select_ms(20);
    expect_transcript("7 8");
  }
  close(other[1]);
  while (notes() < 1) select_ms(20);
  expect_transcript("end");
}

ON_LOOPBACK(parent_and_child_read_on_after_a_fork) {
  struct connection* const self = &connections[0];
  pid_t child;
  converse(self);
  expect_int(LWP_DestroyProcess(self->reader), LWP_SUCCESS);
  child = fork();
  if (child == 0) {
    char text[kMuch];
    int i;
    for (i = 0; i < 20; ++i) {
      tell(self->peer, 3);
      expect_int(LWPX_Read(self->fd, text, sizeof text), 3);
    }
    _exit(EXIT_SUCCESS);
  }
  expect_int(status_of_child(child), 0);
  spawn("notes", 4, note_reads, &self->fd);
  tell(self->peer, 4);
  wait_for_notes(1);
  expect_transcript("4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody_sleeps_on_what_is_there),
      cmocka_unit_test(the_same_under_the_shortest_slices),
      cmocka_unit_test(number_that_comes_to_mean_another_file_is_read_on),
      cmocka_unit_test(parent_and_child_read_on_after_a_fork),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
