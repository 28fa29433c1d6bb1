/* SPDX-License-Identifier: MIT */
/* test_lwpx_socket.c - connections and datagrams over loopback. */
#include "io_case.h"

static struct sockaddr_in address;
static int listener;

#define ON_LOOPBACK(name) CASE_IF(have_loopback(), "no network here", name)

static struct sockaddr* generic(void* any) { return (struct sockaddr*)any; }

/* A socket on a free port of loopback, whose address is put into `address`. */
static int bound_socket(int type) {
  const int fd = socket(AF_INET, type, 0);
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  expect_int(bind(fd, generic(&address), length), 0);
  expect_int(getsockname(fd, generic(&address), &length), 0);
  return fd;
}

static void call_and_greet(void* word) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  expect_int(LWPX_Connect(fd, generic(&address), sizeof address), 0);
  expect((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  expect_int(LWPX_Write(fd, word, 5), 5);
  close(fd);
}

ON_LOOPBACK(accept_waits_for_a_connection) {
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  char text[6] = "";
  int fd;
  start_with_io();
  listener = bound_socket(SOCK_STREAM);
  expect_int(listen(listener, 5), 0);
  expect_int(LWP_CreateProcess(call_and_greet, 0, 1, (void*)"hello", "c", NULL), 0);
  fd = LWPX_Accept(listener, generic(&peer), &length);
  expect(fd >= 0);
  expect((fcntl(listener, F_GETFL) & O_NONBLOCK) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  expect_int(length, sizeof peer);
  expect_int(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  expect_int(LWPX_Read(fd, text, 5), 5);
  expect(strcmp(text, "hello") == 0);
  expect_int(LWPX_Read(fd, text, 5), 0);
}

ON_LOOPBACK(refused_connection_is_an_error) {
  int fd = bound_socket(SOCK_STREAM);
  start_with_io();
  close(fd);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  errno = 0;
  expect_int(LWPX_Connect(fd, generic(&address), sizeof address), -1);
  expect_int(errno, ECONNREFUSED);
  expect_int(LWPX_Connect(999, generic(&address), sizeof address), -1);
  expect_int(errno, EBADF);
  expect_int(LWPX_Accept(999, NULL, NULL), -1);
  expect_int(errno, EBADF);
  expect_int(LWPX_Accept(fd, NULL, NULL), -1);
  expect_int(errno, EINVAL);
}

static void accept_one(void* parm) {
  (void)parm;
  note("%s%d", LWP_Name(), LWPX_Accept(listener, NULL, NULL) >= 0 ? 1 : -errno);
}

ON_LOOPBACK(two_that_accept_get_one_connection_each) {
  PROCESS third;
  start_with_io();
  listener = bound_socket(SOCK_STREAM);
  expect_int(listen(listener, 5), 0);
  spawn("a", 3, accept_one, NULL);
  spawn("b", 3, accept_one, NULL);
  spawn("x", 3, call_and_greet, (void*)"12345");
  wait_for_notes(1);
  pause_ms(1);
  expect_transcript("a1");
  spawn("y", 3, call_and_greet, (void*)"12345");
  wait_for_notes(1);
  pause_ms(1);
  expect_transcript("b1");
  third = spawn("c", 3, accept_one, NULL);
  pause_ms(1);
  expect_int(IOMGR_Cancel(third), 0);
  pause_ms(1);
  expect_transcript("c-125");
}

static void accept_as_the_system(int fd) {
  errno = 0;
  expect_int(accept(fd, NULL, NULL), -1);
  note("%d", errno);
  errno = 0;
  expect_int(LWPX_Accept(fd, NULL, NULL), -1);
  note("%d", errno);
}

CASE(accept_of_what_takes_no_connections_fails_at_once) {
  int ends[2];
  start_with_io();
  stream_pair(ends);
  accept_as_the_system(ends[0]);
  accept_as_the_system(socket(AF_UNIX, SOCK_STREAM, 0));
  expect_transcript("22 22 22 22");
  accept_as_the_system(socket(AF_UNIX, SOCK_DGRAM, 0));
  expect_transcript("95 95");
  expect_int(pipe(ends), 0);
  accept_as_the_system(ends[0]);
  expect_transcript("88 88");
  expect_int(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
}

ON_LOOPBACK(accept_on_a_datagram_socket_fails_at_once) {
  start_with_io();
  expect_int(LWPX_Accept(bound_socket(SOCK_DGRAM), NULL, NULL), -1);
  expect_int(errno, EOPNOTSUPP);
}

static struct sockaddr_un local;
static socklen_t local_size;

static void call_local(void* parm) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  (void)parm;
  expect_int(LWPX_Connect(fd, generic(&local), local_size), 0);
  note("c");
}

CASE(connect_waits_for_a_place_in_the_queue_of_a_local_listener) {
  int i;
  start_with_io();
  listener = local_listener(1, &local, &local_size);
  for (i = 0; i < 4; ++i) spawn("c", 3, call_local, NULL);
  wait_for_notes(2);
  pause_ms(30);
  expect_transcript("c c");
  for (i = 0; i < 4; ++i) expect(LWPX_Accept(listener, NULL, NULL) >= 0);
  wait_for_notes(2);
  expect_transcript("c c");
}

static int calling;

static void send_in_two_parts(void* parm) {
  (void)parm;
  expect_int(send(calling, "abc", 3, 0), 3);
  pause_ms(5);
  expect_int(send(calling, "def", 3, 0), 3);
}

/* The system says how long the address is, which may be more than there was room for. */
CASE(receiving_all_writes_no_further_than_there_is_room_for_the_address) {
  enum { kRoom = 3 };
  char name[sizeof(struct sockaddr_un)], text[6];
  socklen_t length = kRoom;
  unsigned i;
  int fd;
  start_with_io();
  listener = local_listener(1, &local, &local_size);
  calling = socket(AF_UNIX, SOCK_STREAM, 0);
  expect_int(bind(calling, generic(&local), sizeof local.sun_family), 0);
  expect_int(connect(calling, generic(&local), local_size), 0);
  fd = accept(listener, NULL, NULL);
  spawn("s", 3, send_in_two_parts, NULL);
  memset(name, '#', sizeof name);
  expect_int(LWPX_RecvFrom(fd, text, 6, MSG_WAITALL, generic(name), &length), 6);
  expect(memcmp(text, "abcdef", 6) == 0);
  expect(length > kRoom);
  for (i = kRoom; i < sizeof name; ++i) expect(name[i] == '#');
}

static void send_and_reset(void* fd) {
  const struct linger reset = {1, 0};
  expect_int(send(*(int*)fd, "abc", 3, 0), 3);
  pause_ms(5);
  expect_int(setsockopt(*(int*)fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  close(*(int*)fd);
}

ON_LOOPBACK(error_that_ends_a_receiving_of_all_is_told_by_the_next_call) {
  char text[5];
  int fd;
  start_with_io();
  listener = bound_socket(SOCK_STREAM);
  expect_int(listen(listener, 1), 0);
  calling = socket(AF_INET, SOCK_STREAM, 0);
  expect_int(LWPX_Connect(calling, generic(&address), sizeof address), 0);
  fd = LWPX_Accept(listener, NULL, NULL);
  spawn("s", 3, send_and_reset, &calling);
  expect_int(LWPX_Recv(fd, text, sizeof text, MSG_WAITALL), 3);
  expect_int(LWPX_Recv(fd, text, sizeof text, MSG_WAITALL), -1);
  expect_int(errno, ECONNRESET);
  expect_int(LWPX_Recv(fd, text, sizeof text, MSG_WAITALL), 0);
}

static void send_later(void* fd) {
  expect_int(LWPX_SendTo(*(int*)fd, "data", 4, 0, generic(&address), sizeof address), 4);
  expect_int(LWPX_SendTo(*(int*)fd, "", 0, 0, generic(&address), sizeof address), 0);
}

ON_LOOPBACK(datagrams_come_with_their_sender) {
  int out, in;
  struct sockaddr_in sender, me;
  socklen_t length = sizeof sender;
  char text[8] = "";
  start_with_io();
  out = bound_socket(SOCK_DGRAM);
  me = address;
  in = bound_socket(SOCK_DGRAM);
  errno = 0;
  expect_int(LWPX_RecvFrom(in, text, 8, MSG_DONTWAIT, NULL, NULL), -1);
  expect_int(errno, EAGAIN);
  expect_int(LWP_CreateProcess(send_later, 0, 1, &out, "s", NULL), 0);
  expect_int(LWPX_RecvFrom(in, text, 8, 0, generic(&sender), &length), 4);
  expect(memcmp(text, "data", 4) == 0);
  expect_int(sender.sin_port, me.sin_port);
  expect_int(LWPX_Recv(in, text, 8, 0), 0);
  expect_int(LWPX_Connect(in, generic(&me), sizeof me), 0);
  expect_int(LWPX_Send(in, "back", 4, 0), 4);
  expect_int(LWPX_Recv(out, text, 8, MSG_TRUNC), 4);
}

ON_LOOPBACK(error_queue_is_not_waited_for) {
  char text[8];
  int fd;
  start_with_io();
  fd = bound_socket(SOCK_DGRAM);
  errno = 0;
  expect_int(LWPX_Recv(fd, text, 8, MSG_ERRQUEUE), -1);
  expect_int(errno, EAGAIN);
}

static int served;

static void echo_until_end(void* fd) {
  char text[256];
  ssize_t n;
  while ((n = LWPX_Read((int)(long)fd, text, sizeof text)) > 0) {
    expect_int(LWPX_Write((int)(long)fd, text, (size_t)n), n);
  }
  expect_int(n, 0);
  close((int)(long)fd);
  ++served;
}

static void serve(void* parm) {
  (void)parm;
  for (;;) {
    const int fd = LWPX_Accept(listener, NULL, NULL);
    expect(fd >= 0);
    expect_int(LWP_CreateProcess(echo_until_end, 0, 3, (void*)(long)fd, "echo", NULL), 0);
  }
}

static void chat(void* parm) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  int i;
  (void)parm;
  expect_int(LWPX_Connect(fd, generic(&address), sizeof address), 0);
  for (i = 0; i < 20; ++i) {
    char out[32], in[32];
    const int n = snprintf(out, sizeof out, "%p %d", (void*)&i, i);
    expect_int(LWPX_Write(fd, out, (size_t)n), n);
    expect_int(LWPX_Recv(fd, in, (size_t)n, MSG_WAITALL), n);
    expect(memcmp(in, out, (size_t)n) == 0);
  }
  close(fd);
}

ON_LOOPBACK(a_hundred_conversations_at_once) {
  int i;
  start_with_io();
  listener = bound_socket(SOCK_STREAM);
  expect_int(listen(listener, 20), 0);
  spawn("server", 3, serve, NULL);
  for (i = 0; i < 100; ++i) spawn("client", 2, chat, NULL);
  while (served < 100) pause_ms(10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accept_waits_for_a_connection),
      cmocka_unit_test(refused_connection_is_an_error),
      cmocka_unit_test(two_that_accept_get_one_connection_each),
      cmocka_unit_test(accept_of_what_takes_no_connections_fails_at_once),
      cmocka_unit_test(accept_on_a_datagram_socket_fails_at_once),
      cmocka_unit_test(connect_waits_for_a_place_in_the_queue_of_a_local_listener),
      cmocka_unit_test(receiving_all_writes_no_further_than_there_is_room_for_the_address),
      cmocka_unit_test(error_that_ends_a_receiving_of_all_is_told_by_the_next_call),
      cmocka_unit_test(datagrams_come_with_their_sender),
      cmocka_unit_test(error_queue_is_not_waited_for),
      cmocka_unit_test(a_hundred_conversations_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
