/* SPDX-License-Identifier: MIT */
/* test_preempt_calls.c - an LWP that waits in a system call of its own does not stop the others. */
#include <errno.h>
#include <fcntl.h>
#include <lwp/lwp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "asleep.h"
#include "io_case.h"
#include "ticks.h"

/* Where the library can tell such a call. A sanitizer puts functions of its own before the C
 * library's, and Valgrind has system calls of its own. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define CALLS_CAN_BE_TOLD (!under_valgrind())
#else
#define CALLS_CAN_BE_TOLD 0
#endif

enum { kSliceUs = 200, kRounds = 3 };

static int pipes[2];
static volatile int whose_turn;

static void release_reader(void) { expect_int(write(pipes[1], "x", 1), 1); }
static void (*volatile release)(void) = release_reader;

/* Two LWPs that never yield pass a turn to and fro. The second ends what main waits for. */
static void play(void* parm) {
  const int me = *(const int*)parm;
  int i;
  PRE_PreemptMe();
  for (i = 1; i <= kRounds; ++i) {
    while (whose_turn != me) {
    }
    note("%c%d", 'A' + me, i);
    whose_turn = !me;
  }
  if (me == 1) release();
}

/* Main waits as it likes while the others compute. */
static void wait_while_others_play(void (*wait)(void), long slice_us) {
  static const int numbers[] = {0, 1};
  whose_turn = -1;
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  slices_of(slice_us);
  start_lwp(play, 2, (void*)&numbers[0]);
  start_lwp(play, 2, (void*)&numbers[1]);
  PRE_PreemptMe();
  whose_turn = 0;
  wait();
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  expect_transcript("A1 B1 A2 B2 A3 B3");
}

static void* sleep_for_ever(void* parm) {
  for (;;) pause();
  return parm;
}

/* With more kernel threads the C library takes another way through its calls. */
static void add_a_thread(void) {
  pthread_t thread;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  expect_int(pthread_create(&thread, NULL, sleep_for_ever, NULL), 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void read_a_byte(void) {
  char byte = 0;
  expect_int(read(pipes[0], &byte, 1), 1);
  expect_int(byte, 'x');
}

#define TOLD_CASE(name) CASE_IF(CALLS_CAN_BE_TOLD, "calls that wait can not be told here", name)

#define WAIT_CASE(name, wait)                                \
  TOLD_CASE(name##_lets_others_run) {                        \
    expect_int(pipe(pipes), 0);                              \
    wait_while_others_play(wait, kSliceUs);                  \
  }                                                          \
  TOLD_CASE(name##_lets_others_run_beside_a_kernel_thread) { \
    expect_int(pipe(pipes), 0);                              \
    add_a_thread();                                          \
    wait_while_others_play(wait, kSliceUs);                  \
  }

WAIT_CASE(read, read_a_byte)

/* Calls that can not be made again end early, as ever; what they wait for comes all the same. */
static volatile int released;
static void set_released(void) { released = 1; }

static void sleep_on(void) {
  struct timespec left = {1000, 0};
  release = set_released;
  while (!released) {
    if (nanosleep(&left, &left) != 0) expect_int(errno, EINTR);
  }
  expect(left.tv_sec > 0 && left.tv_sec <= 1000);
}

static void sleep_by_clock(void) {
  struct timespec end;
  int rc = EINTR;
  release = set_released;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += 1000;
  while (!released) {
    rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
    expect_int(rc, EINTR);
  }
}

static void sleep_in_seconds(void) {
  release = set_released;
  while (!released) expect(sleep(1000) >= 1);
}

WAIT_CASE(nanosleep, sleep_on)
WAIT_CASE(clock_nanosleep, sleep_by_clock)
WAIT_CASE(sleep, sleep_in_seconds)

static void poll_pipe(void) {
  struct pollfd fd;
  int rc = -1;
  fd.fd = pipes[0];
  fd.events = POLLIN;
  while (rc < 0) {
    rc = poll(&fd, 1, -1);
    if (rc < 0) expect_int(errno, EINTR);
  }
  expect_int(rc, 1);
}

static void select_pipe(void) {
  fd_set set;
  int rc = -1;
  while (rc < 0) {
    FD_ZERO(&set);
    FD_SET(pipes[0], &set);
    rc = select(pipes[0] + 1, &set, NULL, NULL, NULL);
    if (rc < 0) expect_int(errno, EINTR);
  }
  expect_int(rc, 1);
}

/* Under a mask of its own, which is not to be carried to the others. */
static void select_pipe_with_mask(void) {
  fd_set set;
  sigset_t mask;
  int rc = -1;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  while (rc < 0) {
    FD_ZERO(&set);
    FD_SET(pipes[0], &set);
    rc = pselect(pipes[0] + 1, &set, NULL, NULL, NULL, &mask);
    if (rc < 0) expect_int(errno, EINTR);
  }
  sigprocmask(SIG_BLOCK, NULL, &mask);
  expect_int(sigismember(&mask, SIGUSR1), 0);
}

static void wait_on_epoll(void) {
  struct epoll_event event;
  const int epoll = epoll_create1(0);
  int rc = -1;
  memset(&event, 0, sizeof event);
  event.events = EPOLLIN;
  expect_int(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event), 0);
  while (rc < 0) {
    rc = epoll_wait(epoll, &event, 1, -1);
    if (rc < 0) expect_int(errno, EINTR);
  }
  expect_int(rc, 1);
}

WAIT_CASE(poll, poll_pipe)
WAIT_CASE(select, select_pipe)
WAIT_CASE(pselect, select_pipe_with_mask)
WAIT_CASE(epoll_wait, wait_on_epoll)

static void wait_for_child(void) {
  int status = 0;
  pid_t child;
  PRE_BeginCritical();
  child = fork();
  if (child == 0) {
    char byte;
    _exit(read(pipes[0], &byte, 1) == 1 ? 7 : 1);
  }
  PRE_EndCritical();
  expect_int(waitpid(child, &status, 0), child);
  expect(WIFEXITED(status));
  expect_int(WEXITSTATUS(status), 7);
}

WAIT_CASE(waitpid, wait_for_child)

static struct sockaddr_un address;
static socklen_t address_size;

static void connect_to_main(void) {
  const int end = socket(AF_UNIX, SOCK_STREAM, 0);
  expect_int(connect(end, (struct sockaddr*)&address, address_size), 0);
  expect_int(send(end, "x", 1, 0), 1);
}

static void accept_one(void) {
  const int server = local_listener(1, &address, &address_size);
  char byte = 0;
  int end;
  release = connect_to_main;
  end = accept(server, NULL, NULL);
  expect(end >= 0);
  expect_int(recv(end, &byte, 1, MSG_WAITALL), 1);
  expect_int(byte, 'x');
}

WAIT_CASE(accept, accept_one)

static void make_room(void) {
  static char buffer[1 << 16];
  expect(read(pipes[0], buffer, sizeof buffer) > 0);
}

static void write_to_a_full_pipe(void) {
  static char buffer[4096];
  fcntl(pipes[1], F_SETFL, O_NONBLOCK);
  while (write(pipes[1], buffer, sizeof buffer) > 0) {
  }
  fcntl(pipes[1], F_SETFL, 0);
  release = make_room;
  expect_int(write(pipes[1], "x", 1), 1);
}

WAIT_CASE(write, write_to_a_full_pipe)

static int lock_held;
static void unlock(void) { expect_int(flock(lock_held, LOCK_UN), 0); }

static void wait_for_lock(void) {
  char name[] = "/tmp/lwp-test-XXXXXX";
  int other;
  lock_held = mkstemp(name);
  other = open(name, O_RDWR);
  unlink(name);
  expect_int(flock(lock_held, LOCK_EX), 0);
  release = unlock;
  expect_int(flock(other, LOCK_EX), 0);
}

WAIT_CASE(flock, wait_for_lock)

TOLD_CASE(read_under_the_shortest_slices) {
  expect_int(pipe(pipes), 0);
  wait_while_others_play(read_a_byte, 20);
}

/*
 * Ticks that another process sends while main waits, so that there are none elsewhere; then the
 * byte that main waits for.
 */
enum { kTicks = 5 };
static volatile long turns;

static void send_ticks_and_a_byte(pid_t process) {
  int i;
  for (i = 0; i < kTicks; ++i) {
    wait_until_asleep(process);
    kill(process, SIGALRM);
  }
  wait_until_asleep(process);
  _exit(write(pipes[1], "x\n", 2) == 2 ? 0 : 1);
}

static void start_with_ticks_from_outside(void) {
  const pid_t self = getpid();
  expect_int(pipe(pipes), 0);
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  turns = 0;
  if (fork() == 0) send_ticks_and_a_byte(self);
  PRE_PreemptMe();
}

TOLD_CASE(each_tick_in_a_read_moves_once) {
  start_with_ticks_from_outside();
  read_a_byte();
  expect_int(turns, kTicks);
}

/* The lock of the stream is held, and its buffer is being filled. */
CASE(stdio_that_waits_is_not_torn_apart) {
  FILE* file;
  start_with_ticks_from_outside();
  file = fdopen(pipes[0], "r");
  expect_int(getc(file), 'x');
  expect_int(turns, 0);
}

CASE(stdio_that_waits_is_not_torn_apart_beside_a_kernel_thread) {
  char line[10];
  FILE* file;
  add_a_thread();
  start_with_ticks_from_outside();
  file = fdopen(pipes[0], "r");
  expect(fgets(line, sizeof line, file) == line);
  expect_int(turns, 0);
}

/* system() waits for the shell with signals blocked and a lock held. */
CASE(system_is_not_torn_apart) {
  char command[200];
  expect_int(pipe(pipes), 0);
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  turns = 0;
  PRE_PreemptMe();
  snprintf(command, sizeof command, "kill -ALRM %ld; kill -ALRM %ld", (long)getpid(),
           (long)getpid());
  expect_int(system(command), 0);
  expect_int(turns, 0);
}

/* The mask in force is the one that the tick takes to others: that from before the call. */
static void expect_mask_of_main(void* parm) {
  sigset_t mask;
  (void)parm;
  for (;;) {
    sigprocmask(SIG_BLOCK, NULL, &mask);
    expect_int(sigismember(&mask, SIGUSR1), 0);
    ++turns;
    LWP_DispatchProcess();
  }
}

TOLD_CASE(sigsuspend_does_not_take_its_mask_to_others) {
  sigset_t mask;
  start_with_ticks_from_outside();
  start_lwp(expect_mask_of_main, 2, NULL);
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  turns = 0;
  expect_int(sigsuspend(&mask), -1);
  expect_int(errno, EINTR);
  expect_int(turns, 2);
  sigprocmask(SIG_BLOCK, NULL, &mask);
  expect_int(sigismember(&mask, SIGUSR1), 0);
}

#define BOTH(name)                          \
  cmocka_unit_test(name##_lets_others_run), \
      cmocka_unit_test(name##_lets_others_run_beside_a_kernel_thread)

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(read),
      BOTH(nanosleep),
      BOTH(clock_nanosleep),
      BOTH(sleep),
      BOTH(poll),
      BOTH(select),
      BOTH(pselect),
      BOTH(epoll_wait),
      BOTH(waitpid),
      BOTH(accept),
      BOTH(write),
      BOTH(flock),
      cmocka_unit_test(read_under_the_shortest_slices),
      cmocka_unit_test(each_tick_in_a_read_moves_once),
      cmocka_unit_test(stdio_that_waits_is_not_torn_apart),
      cmocka_unit_test(stdio_that_waits_is_not_torn_apart_beside_a_kernel_thread),
      cmocka_unit_test(system_is_not_torn_apart),
      cmocka_unit_test(sigsuspend_does_not_take_its_mask_to_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
