/* SPDX-License-Identifier: MIT */
/* test_lwpx_poll.c - poll for one LWP. */
#include <sys/resource.h>

#include "io_case.h"

static int ends[2];
static const struct timespec at_once = {0, 0};

static int look_now(int fd, short events, short* revents) {
  struct pollfd look = {fd, events, 0};
  const int result = LWPX_Poll(&look, 1, &at_once);
  *revents = look.revents;
  return result;
}

CASE(errors_are_those_of_poll_and_a_few_more) {
  struct pollfd look = {0, 0, 0};
  const struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
  struct rlimit limit;
  int i;
  errno = 0;
  expect_int(LWPX_Poll(&look, 1, &at_once), -1);
  expect_int(errno, EPERM);
  host(1);
  for (i = 0; i < 3; ++i) {
    errno = 0;
    expect_int(LWPX_Poll(&look, 1, &bad[i]), -1);
    expect_int(errno, EINVAL);
  }
  errno = 0;
  expect_int(LWPX_Poll(NULL, 1, &at_once), -1);
  expect_int(errno, EFAULT);
  expect_int(LWPX_Poll(NULL, 0, &at_once), 0);
  expect_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
  errno = 0;
  expect_int(LWPX_Poll(&look, limit.rlim_cur + 1, &at_once), -1);
  expect_int(errno, EINVAL);
}

CASE(without_descriptors_nothing_can_be_waited_for_until_there_are_some) {
  struct rlimit limit, none;
  struct pollfd look = {-1, 0, 0};
  host(1);
  expect_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = limit;
  none.rlim_cur = 3;
  expect_int(setrlimit(RLIMIT_NOFILE, &none), 0);
  errno = 0;
  expect_int(LWPX_Poll(&look, 1, &at_once), -1);
  expect_int(errno, EMFILE);
  expect_int(IOMGR_Initialize(), LWP_ESYSTEM);
  expect_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
  expect_int(LWPX_Poll(&look, 1, &at_once), 0);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
}

/* Inherited ones may lie anywhere, so the numbers from the first free one on are counted. */
CASE_IF(!under_valgrind(), "Valgrind has limits of its own",
        io_manager_takes_four_descriptors_and_waits_without_it_say_so) {
  struct rlimit limit, few;
  struct timespec deadline;
  int used, event;
  close_inherited_descriptors();
  host(1);
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  expect_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
  few = limit;
  used = dup(STDIN_FILENO);
  close(used);
  few.rlim_cur = (rlim_t)used + 3;
  expect_int(setrlimit(RLIMIT_NOFILE, &few), 0);
  expect_int(LWPX_Sleep(&at_once), LWP_ESYSTEM);
  expect_int(LWPX_WaitProcessUntil(&event, &deadline), LWP_ESYSTEM);
  expect_int(LWPX_Join(NULL, &deadline, NULL), LWP_ESYSTEM);
  ++few.rlim_cur;
  expect_int(setrlimit(RLIMIT_NOFILE, &few), 0);
  expect_int(LWPX_Sleep(&at_once), LWP_SUCCESS);
  expect_int(dup(STDIN_FILENO), -1);
  expect_int(LWPX_WaitProcessUntil(&event, &deadline), LWPX_ETIMEOUT);
  expect_int(setrlimit(RLIMIT_NOFILE, &limit), 0); /* sanitizers need some at the end */
}

CASE(all_that_poll_says_comes_through) {
  short revents;
  host(1);
  stream_pair(ends);
  expect_int(look_now(ends[0], POLLIN | POLLOUT, &revents), 1);
  expect_int(revents, POLLOUT);
  expect_int(look_now(ends[0], POLLIN, &revents), 0);
  expect_int(write(ends[1], "x", 1), 1);
  expect_int(look_now(ends[0], POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, &revents), 1);
  expect_int(revents, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
  close(ends[1]);
  expect_int(look_now(ends[0], POLLRDHUP, &revents), 1);
  expect_int(revents, POLLRDHUP | POLLHUP);
  expect_int(look_now(999, POLLIN, &revents), 1);
  expect_int(revents, POLLNVAL);
  expect_int(look_now(-5, POLLIN, &revents), 0);
  expect_int(revents, 0);
}

static void do_later(void* what) {
  const char* const words = (const char*)what;
  if (*words == 'w') expect_int(write(ends[1], "x", 1), 1);
  if (*words == 'o') expect_int(send(ends[1], "x", 1, MSG_OOB), 1);
  if (*words == 's') expect_int(shutdown(ends[1], SHUT_WR), 0);
  if (*words == 'c') close(ends[1]);
}

/* What is reported when the other end does something while the caller waits. */
static int reported(short events, const char* deed) {
  struct pollfd look = {ends[0], events, 0};
  const struct timespec long_time = us_timespec(5000000);
  stream_pair(ends);
  expect_int(LWP_CreateProcess(do_later, 0, 0, (void*)deed, "later", NULL), 0);
  expect_int(LWPX_Poll(&look, 1, &long_time), 1);
  close(ends[0]);
  if (*deed != 'c') close(ends[1]);
  return look.revents;
}

CASE(every_event_ends_a_wait) {
  start_with_io();
  expect_int(reported(POLLIN, "w"), POLLIN);
  expect_int(reported(POLLRDNORM, "w"), POLLRDNORM);
  expect_int(reported(POLLIN | POLLRDNORM, "w"), POLLIN | POLLRDNORM);
  expect_int(reported(POLLRDHUP, "s"), POLLRDHUP);
  expect_int(reported(POLLIN, "s"), POLLIN);
  expect_int(reported(0, "c"), POLLHUP);
  expect_int(reported(POLLPRI, "c"), POLLHUP);
  expect_int(reported(POLLRDHUP, "c"), POLLRDHUP | POLLHUP);
}

CASE_IF(have_loopback(), "no network here", urgent_data_ends_a_wait) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct pollfd look;
  expect_int(listen(listener, 1), 0);
  {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    expect_int(getsockname(listener, (struct sockaddr*)&address, &length), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    expect_int(connect(ends[1], (struct sockaddr*)&address, length), 0);
  }
  ends[0] = accept(listener, NULL, NULL);
  start_with_io();
  look.fd = ends[0];
  look.events = POLLPRI;
  expect_int(LWP_CreateProcess(do_later, 0, 0, (void*)"o", "later", NULL), 0);
  expect_int(LWPX_Poll(&look, 1, NULL), 1);
  expect_int(look.revents, POLLPRI);
}

CASE(timeout_is_zero_and_takes_its_time) {
  struct pollfd look;
  const struct timespec soon = us_timespec(20300);
  const double begin = now_seconds();
  start_with_io();
  stream_pair(ends);
  look.fd = ends[0];
  look.events = POLLIN;
  look.revents = 55;
  expect_int(LWPX_Poll(&look, 1, &soon), 0);
  expect_int(look.revents, 0);
  expect(now_seconds() - begin >= 0.0203);
  expect_int(LWPX_Poll(NULL, 0, &soon), 0);
}

CASE(descriptor_that_stands_twice_counts_twice) {
  struct pollfd looks[4];
  start_with_io();
  stream_pair(ends);
  looks[0].fd = looks[1].fd = looks[2].fd = ends[0];
  looks[0].events = looks[2].events = POLLIN;
  looks[1].events = POLLPRI;
  looks[3].fd = -1;
  looks[3].events = POLLIN;
  expect_int(LWP_CreateProcess(do_later, 0, 0, (void*)"w", "later", NULL), 0);
  expect_int(LWPX_Poll(looks, 4, NULL), 2);
  expect(looks[0].revents == POLLIN && looks[1].revents == 0 && looks[2].revents == POLLIN);
  expect_int(looks[3].revents, 0);
}

CASE_IF(have_descriptors(3000), "too few descriptors here", descriptor_beyond_those_of_select) {
  struct pollfd look;
  int high;
  start_with_io();
  stream_pair(ends);
  high = fcntl(ends[0], F_DUPFD, 2900);
  expect(high >= 2900);
  look.fd = high;
  look.events = POLLIN;
  expect_int(LWP_CreateProcess(do_later, 0, 0, (void*)"w", "later", NULL), 0);
  expect_int(LWPX_Poll(&look, 1, NULL), 1);
  expect_int(look.revents, POLLIN);
}

static void poll_only_errors(void* parm) {
  struct pollfd looks[2] = {{ends[0], POLLRDHUP, 0}, {ends[0], 0, 0}};
  (void)parm;
  note("%d", LWPX_Poll(looks, 2, NULL));
}

static void poll_for_input(void* parm) {
  struct pollfd look = {ends[0], POLLIN, 0};
  (void)parm;
  note("i%d", LWPX_Poll(&look, 1, NULL));
}

CASE(input_that_one_wants_and_another_does_not_keeps_nobody_busy) {
  PROCESS wants_input;
  double begin;
  char c;
  start_with_io();
  stream_pair(ends);
  wants_input = spawn("i", 4, poll_for_input, NULL);
  spawn("e", 4, poll_only_errors, NULL);
  pause_ms(5);
  expect_int(LWP_DestroyProcess(wants_input), 0);
  expect_int(write(ends[1], "x", 1), 1);
  begin = cpu_seconds();
  pause_ms(300);
  expect(cpu_seconds() - begin < 0.1);
  expect_transcript("");
  expect_int(recv(ends[0], &c, 1, 0), 1);
  close(ends[1]);
  pause_ms(5);
  expect_transcript("2");
}

CASE(poll_that_need_not_wait_does_not_switch) {
  short revents;
  struct pollfd look;
  host(1);
  spawn("a", 1, note_and_yield, NULL);
  expect_transcript("a");
  stream_pair(ends);
  expect_int(look_now(ends[0], POLLIN, &revents), 0);
  look.fd = ends[0];
  look.events = POLLOUT;
  expect_int(LWPX_Poll(&look, 1, NULL), 1);
  expect_transcript("");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_are_those_of_poll_and_a_few_more),
      cmocka_unit_test(without_descriptors_nothing_can_be_waited_for_until_there_are_some),
      cmocka_unit_test(io_manager_takes_four_descriptors_and_waits_without_it_say_so),
      cmocka_unit_test(all_that_poll_says_comes_through),
      cmocka_unit_test(every_event_ends_a_wait),
      cmocka_unit_test(urgent_data_ends_a_wait),
      cmocka_unit_test(timeout_is_zero_and_takes_its_time),
      cmocka_unit_test(descriptor_that_stands_twice_counts_twice),
      cmocka_unit_test(descriptor_beyond_those_of_select),
      cmocka_unit_test(input_that_one_wants_and_another_does_not_keeps_nobody_busy),
      cmocka_unit_test(poll_that_need_not_wait_does_not_switch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
