/* SPDX-License-Identifier: MIT */
/* test_lwpx_io.c - LWPX_Read and LWPX_Write on all kinds of descriptors. */
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <termios.h>

#include "io_case.h"

enum { kBig = 1000000 };

static int ends[2]; /* [0] is read, [1] written */
static char sent[kBig], got[kBig];
static int event;

static void write_all(void* parm) {
  size_t done = 0;
  (void)parm;
  while (done < kBig) {
    const ssize_t n = LWPX_Write(ends[1], sent + done, kBig - done);
    expect(n > 0);
    done += (size_t)n;
  }
  close(ends[1]);
  note("written");
}

static size_t read_until_end(int end_is_error) {
  size_t done = 0;
  for (;;) {
    const ssize_t n = LWPX_Read(ends[0], got + done, kBig - done > 3000 ? 3000 : kBig - done + 1);
    if (n == 0 || (n < 0 && end_is_error)) return done;
    expect(n > 0);
    done += (size_t)n;
  }
}

static void a_million_bytes(void) {
  int i;
  for (i = 0; i < kBig; ++i) sent[i] = (char)(i * 7 + i / 251);
  start_with_io();
  spawn("writer", 3, write_all, NULL);
  expect_int(read_until_end(0), kBig);
  expect(memcmp(sent, got, kBig) == 0);
  pause_ms(1);
  expect_transcript("written");
}

CASE(a_million_bytes_through_a_pipe_of_a_page) {
  expect_int(pipe(ends), 0);
  expect(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
  a_million_bytes();
}

CASE(a_million_bytes_through_a_small_socket) {
  const int size = 4096;
  stream_pair(ends);
  expect_int(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
  a_million_bytes();
}

static void raw_terminal(void) {
  struct termios mode;
  ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
  expect(ends[0] >= 0 && grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0);
  ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
  expect(ends[1] >= 0 && tcgetattr(ends[1], &mode) == 0);
  cfmakeraw(&mode);
  expect_int(tcsetattr(ends[1], TCSANOW, &mode), 0);
}

static void write_to_terminal(void* parm) {
  size_t done = 0;
  (void)parm;
  while (done < 60000) {
    const ssize_t n = LWPX_Write(ends[1], sent + done, 60000 - done);
    expect(n > 0);
    done += (size_t)n;
  }
  note("written");
}

CASE_IF(have_terminals(), "no terminals here", writer_to_a_full_terminal_blocks_alone) {
  size_t done = 0;
  raw_terminal();
  memset(sent, 't', sizeof sent);
  start_with_io();
  spawn("writer", 3, write_to_terminal, NULL);
  while (done < 60000) {
    const ssize_t n = LWPX_Read(ends[0], got, 500);
    expect(n > 0);
    done += (size_t)n;
  }
  pause_ms(1);
  expect_transcript("written");
  expect((fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0);
}

static void write_one(void* byte) { expect_int(LWPX_Write(ends[1], byte, 1), 1); }

CASE_IF(have_terminals(), "no terminals here", reader_of_a_terminal_waits) {
  char c;
  raw_terminal();
  start_with_io();
  expect_int(LWP_CreateProcess(write_one, 0, 1, (void*)"y", "w", NULL), 0);
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  expect_int(c, 'y');
}

CASE(regular_files_are_read_and_written_whole) {
  FILE* file = tmpfile();
  start_with_io();
  memset(sent, 'f', sizeof sent);
  expect_int(LWPX_Write(fileno(file), sent, kBig), kBig);
  expect_int(lseek(fileno(file), 0, SEEK_SET), 0);
  expect_int(LWPX_Read(fileno(file), got, kBig), kBig);
  expect_int(LWPX_Read(fileno(file), got, kBig), 0);
}

CASE(errors_come_with_errno) {
  char c = 'e';
  signal(SIGPIPE, SIG_IGN);
  errno = 0;
  expect_int(LWPX_Read(0, &c, 1), -1);
  expect_int(errno, EPERM);
  start_with_io();
  expect_int(LWPX_Read(-1, &c, 1), -1);
  expect_int(errno, EBADF);
  expect_int(LWPX_Write(999, &c, 1), -1);
  expect_int(errno, EBADF);
  expect_int(LWPX_Recv(999, &c, 1, 0), -1);
  expect_int(errno, EBADF);
  expect_int(pipe(ends), 0);
  expect_int(LWPX_Read(ends[1], &c, 1), -1);
  expect_int(errno, EBADF);
  expect_int(LWPX_Recv(ends[0], &c, 1, 0), -1);
  expect_int(errno, ENOTSOCK);
  close(ends[0]);
  expect_int(LWPX_Write(ends[1], &c, 1), -1);
  expect_int(errno, EPIPE);
  stream_pair(ends);
  close(ends[0]);
  expect_int(LWPX_Write(ends[1], &c, 1), -1);
  expect_int(errno, EPIPE);
  expect_int(LWPX_Read(ends[1], &c, 1), 0);
}

CASE(reading_nothing_does_not_wait) {
  start_with_io();
  stream_pair(ends);
  expect_int(LWPX_Read(ends[0], got, 0), 0);
  expect_int(pipe(ends), 0);
  expect_int(LWPX_Read(ends[0], got, 0), 0);
}

/* As a full pipe takes nothing from the system itself. */
CASE(writing_nothing_does_not_wait) {
  start_with_io();
  expect_int(pipe(ends), 0);
  expect_int(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  while (write(ends[1], sent, sizeof sent) > 0) {
  }
  expect_int(LWPX_Write(ends[1], sent, 0), 0);
  stream_pair(ends);
  while (send(ends[1], sent, sizeof sent, MSG_DONTWAIT) > 0) {
  }
  expect_int(LWPX_Write(ends[1], sent, 0), 0);
}

/* None of these ever says that it could be written to. */
CASE(writing_to_what_can_not_be_written_to_fails_at_once) {
  const int files[] = {timerfd_create(CLOCK_MONOTONIC, 0), epoll_create1(0)};
  int counter = eventfd(0, 0);
  unsigned i;
  start_with_io();
  for (i = 0; i < sizeof files / sizeof files[0]; ++i) {
    expect_int(LWPX_Write(files[i], sent, 8), -1);
    expect_int(errno, EINVAL);
    expect_int(fcntl(files[i], F_GETFL) & O_NONBLOCK, 0);
  }
  expect_int(LWPX_Write(counter, "\376\377\377\377\377\377\377\377", 8), 8); /* it is full */
  expect_int(LWPX_Write(counter, sent, 7), -1);
  expect_int(errno, EINVAL);
}

static void read_one(void* parm) {
  char c;
  (void)parm;
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  note("%s%c", LWP_Name(), c);
}

CASE(two_readers_of_one_descriptor_get_a_byte_each) {
  start_with_io();
  stream_pair(ends);
  spawn("a", 3, read_one, NULL);
  spawn("b", 3, read_one, NULL);
  pause_ms(1);
  expect_int(LWPX_Write(ends[1], "1", 1), 1);
  pause_ms(1);
  expect_transcript("a1");
  expect_int(LWPX_Write(ends[1], "2", 1), 1);
  pause_ms(1);
  expect_transcript("b2");
}

static void fill(void* parm) {
  long total = 0;
  (void)parm;
  while (total < 500000) {
    const ssize_t n = LWPX_Write(ends[0], sent, 10000);
    expect(n > 0);
    total += n;
  }
  note("filled");
}

CASE(one_reads_while_another_writes_the_same_descriptor) {
  long total = 0;
  start_with_io();
  stream_pair(ends);
  spawn("reader", 3, read_one, NULL);
  spawn("writer", 3, fill, NULL);
  pause_ms(1);
  expect_transcript("");
  expect_int(write(ends[1], "z", 1), 1);
  pause_ms(1);
  expect_transcript("readerz");
  while (total < 500000) {
    const ssize_t n = LWPX_Read(ends[1], got, sizeof got);
    expect(n > 0);
    total += n;
  }
  pause_ms(1);
  expect_transcript("filled");
}

static void give_two(void* parm) {
  (void)parm;
  expect_int(LWPX_Send(ends[1], "ab", 2, 0), 2);
  pause_ms(5);
  expect_int(LWPX_Send(ends[1], "cdef", 4, 0), 4);
  LWP_WaitProcess(&event);
}

CASE(flags_of_recv_are_honoured) {
  char text[8] = "";
  start_with_io();
  stream_pair(ends);
  errno = 0;
  expect_int(LWPX_Recv(ends[0], text, 1, MSG_DONTWAIT), -1);
  expect_int(errno, EAGAIN);
  spawn("w", 3, give_two, NULL);
  expect_int(LWPX_Recv(ends[0], text, 5, MSG_PEEK), 2);
  expect_int(LWPX_Recv(ends[0], text, 5, MSG_WAITALL), 5);
  expect(memcmp(text, "abcde", 5) == 0);
  expect_int(LWPX_Recv(ends[0], text, 5, 0), 1);
  while (LWPX_Send(ends[0], sent, sizeof sent, MSG_DONTWAIT) > 0) {
  }
  expect_int(errno, EAGAIN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_million_bytes_through_a_pipe_of_a_page),
      cmocka_unit_test(a_million_bytes_through_a_small_socket),
      cmocka_unit_test(writer_to_a_full_terminal_blocks_alone),
      cmocka_unit_test(reader_of_a_terminal_waits),
      cmocka_unit_test(regular_files_are_read_and_written_whole),
      cmocka_unit_test(errors_come_with_errno),
      cmocka_unit_test(reading_nothing_does_not_wait),
      cmocka_unit_test(writing_nothing_does_not_wait),
      cmocka_unit_test(writing_to_what_can_not_be_written_to_fails_at_once),
      cmocka_unit_test(two_readers_of_one_descriptor_get_a_byte_each),
      cmocka_unit_test(one_reads_while_another_writes_the_same_descriptor),
      cmocka_unit_test(flags_of_recv_are_honoured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
