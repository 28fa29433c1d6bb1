/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_static_io.c - the I/O manager and preemption in memory of the program's: neither
 * allocates anything, and what does not fit is told.
 */
#include "no_heap.h"
#include "ticks.h"

static void clean(void* what) { tell(*(char*)what); }

static int ends[2];

static void read_byte(void* parm) {
  char byte = '-';
  (void)parm;
  expect_int(LWPX_Read(ends[0], &byte, 1), 1);
  tell(byte);
}

static void select_byte(void* parm) {
  fd_set set;
  (void)parm;
  set_of_one(&set, ends[0]);
  expect_int(IOMGR_Select(ends[0] + 1, &set, NULL, NULL, NULL), 1);
  tell('s');
}

static void* do_nothing(void* arg) { return arg; }

static void start_nothing(void* arg, int index) {
  (void)arg;
  (void)index;
}

CASE(the_io_manager_allocates_nothing) {
  struct timespec little = us_timespec(1000);
  struct timespec soon;
  struct pollfd look[40];
  PROCESS pid;
  int i;
  expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  expect_int(dup2(ends[0], 200), 200);
  begin_without_heap(sizeof memory.exact + LWPX_IOMGR_BYTES, 3);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  for (i = 0; i < 40; ++i) {
    look[i].fd = i % 2 == 0 ? ends[0] : 200;
    look[i].events = POLLIN;
  }
  for (i = 0; i < 20; ++i) {
    expect_int(LWP_CreateProcess(select_byte, 0, 3, NULL, "S", NULL), LWP_SUCCESS);
    expect_int(LWP_CreateProcess(read_byte, 0, 3, NULL, "R", &pid), LWP_SUCCESS);
    expect_int(LWPX_Poll(look, 40, &little), 0);
    expect_int(LWPX_Write(ends[1], "x", 1), 1);
    while (strlen(record) < 2) expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
    expect(strlen(record) == 2);
    memset(record, 0, sizeof record);
    soon = us_from_now(1000);
    expect_int(LWPX_WaitProcessUntil(&event, &soon), LWPX_ETIMEOUT);
  }
  expect_int(IOMGR_Signal(SIGUSR1, &event), LWP_SUCCESS);
  expect_int(raise(SIGUSR1), 0);
  expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
  expect_int(IOMGR_SoftSig(clean, "i"), 0);
  while (strlen(record) < 1) expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
  expect_record("i");
  expect_int(LWPX_Blocking(do_nothing, NULL, NULL), LWP_ESYSTEM);
  expect_int(LWPX_StartRuntimes(1, start_nothing, NULL), LWP_ENOMEM);
  expect(LWPX_ThisRuntime() == NULL);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  end_without_heap();
}

CASE(an_io_manager_that_does_not_fit_is_told) {
  const struct timespec little = us_timespec(1000);
  char byte;
  int count;
  begin_without_heap(sizeof memory.exact, 3);
  count = fill_memory(3);
  expect_int(IOMGR_Initialize(), LWP_ENOMEM);
  expect_int(LWPX_Sleep(&little), LWP_ENOMEM);
  errno = 0;
  expect_int(LWPX_Read(0, &byte, 1), -1);
  expect_int(errno, ENOMEM);
  expect_all_to_run(count);
  end_without_heap();
}

/* Descriptors far beyond what fits. */
CASE_IF(have_descriptors(20000), "too few descriptors here",
        a_descriptor_that_does_not_fit_is_told) {
  const struct timespec little = us_timespec(1000);
  char byte;
  expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  expect_int(dup2(ends[0], 19999), 19999);
  begin_without_heap(LWPX_STATIC_BYTES(1, 0) + LWPX_IOMGR_BYTES, 3);
  errno = 0;
  expect_int(LWPX_Read(19999, &byte, 1), -1);
  expect_int(errno, ENOMEM);
  expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
  end_without_heap();
}

static volatile long turns[2];

static void spin(void* counter) {
  PRE_PreemptMe();
  for (;;) {
    work(100);
    ++*(volatile long*)counter;
  }
}

CASE(preemption_allocates_nothing) {
  int i;
  begin_without_heap(sizeof memory.exact + LWPX_IOMGR_BYTES, 2);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  for (i = 0; i < 3; ++i) {
    slices_of(500);
    expect_int(LWP_CreateProcess(spin, 0, 1, (void*)&turns[0], "A", NULL), LWP_SUCCESS);
    expect_int(LWP_CreateProcess(spin, 0, 1, (void*)&turns[1], "B", NULL), LWP_SUCCESS);
    turns[0] = turns[1] = 0;
    while (turns[0] == 0 || turns[1] == 0) {
      const struct timespec little = us_timespec(1000);
      expect_int(LWPX_Sleep(&little), LWP_SUCCESS);
    }
    expect_int(PRE_EndPreempt(), LWP_SUCCESS);
    end_without_heap();
    begin_without_heap(sizeof memory.exact + LWPX_IOMGR_BYTES, 2);
    expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  }
  end_without_heap();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_io_manager_allocates_nothing),
      cmocka_unit_test(an_io_manager_that_does_not_fit_is_told),
      cmocka_unit_test(a_descriptor_that_does_not_fit_is_told),
      cmocka_unit_test(preemption_allocates_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
