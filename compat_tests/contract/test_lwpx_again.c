/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_again.c - calls that have to be made again and again, as nothing tells when they would
 * no longer block; and a connection that is asked for twice.
 */
#include <sys/eventfd.h>

#include "io_case.h"

static struct sockaddr_un local;
static socklen_t local_size;

static struct sockaddr* generic(void* any) { return (struct sockaddr*)any; }

static int local_receiver(void) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  memset(&local, 0, sizeof local);
  local.sun_family = AF_UNIX;
  local_size = sizeof local;
  expect_int(bind(fd, generic(&local), sizeof local.sun_family), 0);
  expect_int(getsockname(fd, generic(&local), &local_size), 0);
  return fd;
}

enum { kMany = 2000 }; /* more than a queue takes */

static void send_many(void* fd) {
  int i;
  for (i = 0; i < kMany; ++i) {
    expect_int(LWPX_SendTo(*(int*)fd, "x", 1, 0, generic(&local), local_size), 1);
  }
  note("sent");
}

/* An unconnected socket says that it can be written to, whoever is to get it. */
CASE(sender_to_a_full_local_socket_waits_without_keeping_the_processor_busy) {
  int i, receiver, sender;
  start_with_io();
  receiver = local_receiver();
  sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  spawn("s", 3, send_many, &sender);
  pause_ms(20);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
  for (i = 0; i < kMany; ++i) {
    char c;
    expect_int(LWPX_Recv(receiver, &c, 1, 0), 1);
  }
  wait_for_notes(1);
}

CASE(sender_to_a_full_local_socket_can_be_cancelled) {
  PROCESS pid;
  int sender;
  start_with_io();
  (void)local_receiver();
  sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  while (sendto(sender, "x", 1, MSG_DONTWAIT, generic(&local), local_size) == 1) {
  }
  pid = spawn("s", 4, send_many, &sender);
  pause_ms(20);
  expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
  pause_ms(1);
  expect_int(LWPX_Cancel(pid), LWP_EBADPID);
}

static void add_much(void* fd) {
  const uint64_t much = UINT64_MAX - 1;
  expect_int(LWPX_Write(*(int*)fd, &much, sizeof much), sizeof much);
  note("added");
}

CASE(who_adds_too_much_to_an_event_counter_waits_without_keeping_the_processor_busy) {
  uint64_t value;
  int fd = eventfd(1, 0);
  start_with_io();
  spawn("a", 3, add_much, &fd);
  pause_ms(20);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
  expect_int(LWPX_Read(fd, &value, sizeof value), sizeof value);
  wait_for_notes(1);
  expect_int(LWPX_Read(fd, &value, sizeof value), sizeof value);
  expect(value == UINT64_MAX - 1);
}

static void call_local(void* parm) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  (void)parm;
  expect_int(LWPX_Connect(fd, generic(&local), local_size), 0);
  note("connected");
}

/* The queue is full; Finalize comes when the caller is about to try again. */
CASE(connect_that_tries_again_starts_the_manager_anew_after_finalize) {
  int listener, woken = 0;
  start_with_io();
  listener = local_listener(0, &local, &local_size);
  while (connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), generic(&local), local_size) ==
         0) {
  }
  spawn("c", 3, call_local, NULL);
  LWP_DispatchProcess();
  while (!woken) woken = IOMGR_Poll();
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(IOMGR_Poll(), 0);
  expect(LWPX_Accept(listener, NULL, NULL) >= 0);
  wait_for_notes(1);
}

static struct sockaddr_in address;
static int calling;

static void connect_twice(void* parm) {
  int i;
  (void)parm;
  for (i = 0; i < 2; ++i) {
    const int rc = LWPX_Connect(calling, generic(&address), sizeof address);
    note("%d", rc == 0 ? 0 : -errno);
  }
}

CASE_IF(have_loopback(), "no network here",
        connection_whose_wait_was_cancelled_is_waited_for_again) {
  enum { kBacklog = 0, kOthers = 2 };
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  char wanted[40];
  socklen_t size = sizeof address;
  PROCESS pid;
  int i;
  start_with_io();
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  expect_int(bind(listener, generic(&address), size), 0);
  expect_int(listen(listener, kBacklog), 0);
  expect_int(getsockname(listener, generic(&address), &size), 0);
  for (i = 0; i < kOthers; ++i) {
    (void)connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), generic(&address), size);
  }
  calling = socket(AF_INET, SOCK_STREAM, 0);
  pid = spawn("c", 3, connect_twice, NULL);
  pause_ms(20);
  expect_int(IOMGR_Cancel(pid), 0);
  wait_for_notes(1);
  pause_ms(20);
  while (notes() < 2) {
    (void)accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    pause_ms(20);
  }
  snprintf(wanted, sizeof wanted, "%d 0", -ECANCELED);
  expect_transcript(wanted);
}

static void receive_one(void* fd) {
  char c;
  expect_int(LWPX_Recv(*(int*)fd, &c, 1, 0), 1);
  note("%c", c);
}

/* The system says that there is an error for as long as nobody has read the queue. */
CASE_IF(have_loopback(), "no network here",
        receiver_beside_an_error_queue_that_nobody_reads_does_not_keep_the_processor_busy) {
  const int nobody = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;
  struct sockaddr_in other;
  socklen_t size = sizeof other;
  char c;
  start_with_io();
  address.sin_family = other.sin_family = AF_INET;
  address.sin_addr.s_addr = other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = other.sin_port = 0;
  expect_int(bind(nobody, generic(&other), size), 0);
  expect_int(getsockname(nobody, generic(&other), &size), 0);
  close(nobody);
  expect_int(bind(fd, generic(&address), size), 0);
  expect_int(getsockname(fd, generic(&address), &size), 0);
  expect_int(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &yes, sizeof yes), 0);
  expect_int(sendto(fd, "x", 1, 0, generic(&other), size), 1);
  expect_int(LWPX_Recv(fd, &c, 1, 0), -1);
  expect_int(errno, ECONNREFUSED);
  spawn("r", 3, receive_one, (void*)&fd);
  expect(cpu_of_pause(300) < 0.1);
  expect_transcript("");
  expect_int(sendto(fd, "y", 1, 0, generic(&address), size), 1);
  wait_for_notes(1);
  expect_transcript("y");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sender_to_a_full_local_socket_waits_without_keeping_the_processor_busy),
      cmocka_unit_test(sender_to_a_full_local_socket_can_be_cancelled),
      cmocka_unit_test(
          who_adds_too_much_to_an_event_counter_waits_without_keeping_the_processor_busy),
      cmocka_unit_test(connect_that_tries_again_starts_the_manager_anew_after_finalize),
      cmocka_unit_test(connection_whose_wait_was_cancelled_is_waited_for_again),
      cmocka_unit_test(
          receiver_beside_an_error_queue_that_nobody_reads_does_not_keep_the_processor_busy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
