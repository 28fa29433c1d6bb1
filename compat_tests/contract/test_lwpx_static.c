/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_static.c - LWPs that live in memory of the program's: nothing is allocated, and what
 * does not fit is told.
 *
 * The calls that allocate are defined here, in front of the C library's, and count while a case
 * says that there must be none.
 */
#include <lwp/lock.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "io_case.h"
#include "ticks.h"

/* A sanitizer has allocators of its own, and the library built with it calls these. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_WATCH 0
#else
#define CAN_WATCH 1
#endif

static volatile int watching;

#if CAN_WATCH

extern void* __libc_malloc(size_t bytes);
extern void* __libc_calloc(size_t count, size_t bytes);
extern void* __libc_realloc(void* old, size_t bytes);
extern void* __libc_memalign(size_t alignment, size_t bytes);

static void forbidden(const char* name) {
  struct iovec text[2];
  if (!watching) return;
  text[0].iov_base = (char*)name;
  text[0].iov_len = strlen(name);
  text[1].iov_base = (char*)" was called\n";
  text[1].iov_len = strlen(text[1].iov_base);
  if (writev(STDERR_FILENO, text, 2) < 0) _exit(97);
  _exit(98);
}

void* malloc(size_t bytes) {
  forbidden("malloc");
  return __libc_malloc(bytes);
}

void* calloc(size_t count, size_t bytes) {
  forbidden("calloc");
  return __libc_calloc(count, bytes);
}

void* realloc(void* old, size_t bytes) {
  forbidden("realloc");
  return __libc_realloc(old, bytes);
}

void* memalign(size_t alignment, size_t bytes) {
  forbidden("memalign");
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  forbidden("aligned_alloc");
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  forbidden("posix_memalign");
  *memory = __libc_memalign(alignment, bytes);
  return *memory != NULL ? 0 : ENOMEM;
}

/* Which of the two names "mmap" stands for depends on the size of off_t. */
void* map_32(void* address, size_t bytes, int protection, int flags, int fd,
             long offset) __asm__("mmap");
void* map_64(void* address, size_t bytes, int protection, int flags, int fd,
             off64_t offset) __asm__("mmap64");

void* map_32(void* address, size_t bytes, int protection, int flags, int fd, long offset) {
  forbidden("mmap");
  return (void*)syscall(SYS_mmap, address, bytes, protection, flags, fd, offset);
}

void* map_64(void* address, size_t bytes, int protection, int flags, int fd, off64_t offset) {
  forbidden("mmap64");
  return (void*)syscall(SYS_mmap, address, bytes, protection, flags, fd, offset);
}

void* mremap(void* old, size_t old_bytes, size_t bytes, int flags, ...) {
  forbidden("mremap");
  return (void*)syscall(SYS_mremap, old, old_bytes, bytes, flags, NULL);
}

int brk(void* end) {
  forbidden("brk");
  return (int)syscall(SYS_brk, end);
}

void* sbrk(intptr_t increment) {
  forbidden("sbrk");
  (void)increment;
  errno = ENOMEM;
  return (void*)-1;
}

#endif

enum { kLwps = 8, kStack = 40000 };

static union {
  char bytes[LWPX_STATIC_BYTES(kLwps, kStack) + LWPX_IOMGR_BYTES + 4096];
  char exact[LWPX_STATIC_BYTES(kLwps, kStack)];
} memory;

/* The heap's size, and the mappings: what calls inside the C library would change unseen. */
static int mappings_before;
static char* heap_before;

static void begin_without_heap(size_t bytes, int priority) {
  PROCESS self = NULL;
  mappings_before = mapped_regions();
  heap_before = (char*)syscall(SYS_brk, NULL);
  watching = 1;
  expect_int(LWPX_InitStatic(memory.bytes, bytes, priority, &self), LWP_SUCCESS);
  expect(self != NULL && self == LWPX_Self());
}

static void end_without_heap(void) {
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  watching = 0;
  if (!CAN_WATCH) return;
  expect(heap_before == (char*)syscall(SYS_brk, NULL));
  expect_int(mapped_regions(), mappings_before);
}

/* Transcripts are not kept on the heap, but text goes through stdio. */
static char record[512];
static void tell(char what) { record[strlen(record)] = what; }
static void expect_record(const char* wanted) {
  expect(strcmp(record, wanted) == 0);
  memset(record, 0, sizeof record);
}

CASE(codes) {
  PROCESS pid = NULL;
  size_t bytes;
  expect_int(LWPX_InitStatic(NULL, 0, 1, &pid), LWP_ENOMEM);
  expect_int(LWPX_InitStatic(NULL, sizeof memory, 1, &pid), LWP_ENOMEM);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, -1, &pid), LWP_EBADPRI);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, LWP_MAX_PRIORITY + 1, &pid), LWP_EBADPRI);
  expect_int(LWPX_InitStatic(&memory, (size_t)-1, 1, &pid), LWP_ENOMEM);
  for (bytes = 0; bytes < LWPX_RUNTIME_BYTES; bytes += 61) {
    const int code = LWPX_InitStatic(memory.bytes + 1, bytes, 1, &pid);
    if (code == LWP_SUCCESS) break;
    expect_int(code, LWP_ENOMEM);
    expect_int(LWP_DispatchProcess(), LWP_EINIT);
  }
  expect(bytes < LWPX_RUNTIME_BYTES);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, 1, &pid), LWP_ESYSTEM);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect_int(LWPX_InitStatic(&memory, sizeof memory, 1, NULL), LWP_SUCCESS);
}

static char event;

static void wait_for_event(void* what) {
  LWP_WaitProcess(what);
  tell('w');
}

static void use_stack(void* bytes) {
  char frame[kStack - 4096];
  memset(frame, 1, (size_t)bytes);
  tell(frame[0] == 1 ? 'u' : '-');
}

/* The documented bytes are enough for the documented number, and their stacks for what was asked
 * for, whoever came and went before. */
CASE(the_memory_per_lwp_is_what_the_header_says) {
  PROCESS pids[kLwps];
  int i, round;
  begin_without_heap(sizeof memory.exact, 2);
  for (round = 0; round < 50; ++round) {
    for (i = 0; i < kLwps; ++i) {
      expect_int(LWP_CreateProcess(wait_for_event, kStack, 2, &event, "W", &pids[i]), LWP_SUCCESS);
    }
    for (i = 0; i < kLwps; ++i) {
      if ((i * 7 + round) % 3 == 0) expect_int(LWP_DestroyProcess(pids[i]), LWP_SUCCESS);
    }
    for (i = 0; i < kLwps; ++i) {
      if ((i * 7 + round) % 3 != 0) continue;
      expect_int(LWP_CreateProcess(use_stack, kStack, 2, (void*)(kStack - 4096L), "U", NULL),
                 LWP_SUCCESS);
    }
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    for (i = 0; record[i] != '\0'; ++i) expect(record[i] != '-');
    expect_int(i, kLwps);
    memset(record, 0, sizeof record);
  }
  end_without_heap();
}

/* Many: tables grow. */
CASE(and_for_many_too) {
  enum { kMany = 300 };
  static char large[LWPX_STATIC_BYTES(kMany, 0)];
  int i, round;
  watching = 1;
  expect_int(LWPX_InitStatic(large, sizeof large, 2, NULL), LWP_SUCCESS);
  for (round = 0; round < 3; ++round) {
    for (i = 0; i < kMany; ++i) {
      expect_int(LWP_CreateProcess(wait_for_event, 0, 2, &event, "W", NULL), LWP_SUCCESS);
    }
    expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
    for (i = 0; i < kMany; ++i) {
      memset(record, 0, sizeof record);
      LWP_DispatchProcess();
    }
  }
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  watching = 0;
}

CASE(running_out_is_told_and_what_is_given_back_is_used_again) {
  PROCESS pids[200];
  int count = 0, again = 0, round;
  begin_without_heap(sizeof memory.exact, 2);
  for (round = 0; round < 20; ++round) {
    struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
    int code;
    for (count = 0;; ++count) {
      code = LWP_CreateProcess(wait_for_event, 0, 1, &event, "W", &pids[count]);
      if (code != LWP_SUCCESS) break;
    }
    expect_int(code, LWP_ENOMEM);
    expect(count >= kLwps);
    expect(again == 0 || again == count);
    again = count;
    expect_int(LWPX_CreateProcess(&attributes, wait_for_event, &event, NULL), LWP_ENOMEM);
    while (count > 0) expect_int(LWP_DestroyProcess(pids[--count]), LWP_SUCCESS);
  }
  end_without_heap();
}

static void wait_for_three(void* rounds) {
  static char other, third;
  const void* list[] = {&event, &other, &third, NULL};
  long i;
  for (i = 0; i < (long)rounds; ++i) expect_int(LWP_MwaitProcess(1, list), LWP_SUCCESS);
  tell('m');
}

CASE(lists_names_and_rocks_come_from_the_same_memory) {
  static char name[300];
  static const void* many[2000];
  char* value;
  int i;
  PROCESS pid;
  begin_without_heap(sizeof memory.exact, 2);
  memset(name, 'n', sizeof name - 1);
  for (i = 0; i < 100; ++i) {
    expect_int(LWP_CreateProcess(wait_for_three, 0, 2, (void*)2L, name, &pid), LWP_SUCCESS);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_record("m");
    expect_int(LWP_CreateProcess(wait_for_three, 0, 2, (void*)9L, name, &pid), LWP_SUCCESS);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
  }
  expect_int(LWP_NewRock(1, name), LWP_SUCCESS);
  expect_int(LWP_GetRock(1, &value), LWP_SUCCESS);
  /* a list that can not fit */
  for (i = 0; i < 1999; ++i) many[i] = &many[i];
  for (i = 0; i < kLwps; ++i) {
    expect_int(LWP_CreateProcess(wait_for_event, kStack, 2, &event, "W", &pid), LWP_SUCCESS);
  }
  expect_int(LWP_MwaitProcess(1, many), LWP_ENOMEM);
  expect_int(LWP_SignalProcess(&many[7]), LWP_ENOWAIT);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_record("wwwwwwww");
  end_without_heap();
}

static struct Lock lock;

static void lock_and_end(void* parm) {
  (void)parm;
  ObtainWriteLock(&lock);
  tell('l');
  ReleaseWriteLock(&lock);
}

static void take_credits(void* parm) {
  (void)parm;
  for (;;) {
    LWP_QWait();
    tell('q');
  }
}

static void clean(void* what) { tell(*(char*)what); }

static void push_and_wait(void* what) {
  struct LWPX_Cleanup place;
  LWPX_PushCleanup(&place, clean, "c");
  LWP_WaitProcess(what);
}

CASE(locks_credits_joins_and_cancellation_allocate_nothing) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  void* status;
  PROCESS pid;
  int i;
  begin_without_heap(sizeof memory.exact, 2);
  for (i = 0; i < 100; ++i) {
    ObtainWriteLock(&lock);
    expect_int(LWP_CreateProcess(lock_and_end, 0, 2, NULL, "L", NULL), LWP_SUCCESS);
    ReleaseWriteLock(&lock);
    LWP_DispatchProcess();
    expect_int(LWP_CreateProcess(take_credits, 0, 2, NULL, "Q", &pid), LWP_SUCCESS);
    expect_int(LWP_QSignal(pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
    attributes.flags = LWPX_JOINABLE | LWPX_SUSPENDED;
    expect_int(LWPX_CreateProcess(&attributes, push_and_wait, &event, &pid), LWP_SUCCESS);
    expect_int(LWPX_Ready(pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWPX_Cancel(pid), LWP_SUCCESS);
    expect_int(LWPX_Join(pid, NULL, &status), LWP_SUCCESS);
    expect(status == LWPX_CANCELED);
    expect_record("lqc");
  }
  end_without_heap();
}

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
  PROCESS pid;
  int i;
  begin_without_heap(sizeof memory.exact, 3);
  for (i = 0; i < kLwps; ++i) {
    expect_int(LWP_CreateProcess(wait_for_event, kStack, 3, &event, "W", &pid), LWP_SUCCESS);
  }
  expect_int(IOMGR_Initialize(), LWP_ENOMEM);
  expect_int(LWPX_Sleep(&little), LWP_ENOMEM);
  errno = 0;
  expect_int(LWPX_Read(0, &pid, 1), -1);
  expect_int(errno, ENOMEM);
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_record("wwwwwwww");
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

static char own[2][LWPX_PROCESS_BYTES(0)];

CASE(own_memory_of_lwps_works_beside_it) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  PROCESS pid;
  int i;
  begin_without_heap(LWPX_RUNTIME_BYTES, 2);
  expect_int(LWP_CreateProcess(wait_for_event, 0, 2, &event, "W", NULL), LWP_ENOMEM);
  for (i = 0; i < 1000; ++i) {
    attributes.memory = own[i % 2];
    attributes.memory_size = sizeof own[0];
    expect_int(LWPX_CreateProcess(&attributes, wait_for_event, &event, &pid), LWP_SUCCESS);
    LWP_DispatchProcess();
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_record("w");
  }
  end_without_heap();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes),
      cmocka_unit_test(the_memory_per_lwp_is_what_the_header_says),
      cmocka_unit_test(and_for_many_too),
      cmocka_unit_test(running_out_is_told_and_what_is_given_back_is_used_again),
      cmocka_unit_test(lists_names_and_rocks_come_from_the_same_memory),
      cmocka_unit_test(locks_credits_joins_and_cancellation_allocate_nothing),
      cmocka_unit_test(the_io_manager_allocates_nothing),
      cmocka_unit_test(an_io_manager_that_does_not_fit_is_told),
      cmocka_unit_test(a_descriptor_that_does_not_fit_is_told),
      cmocka_unit_test(preemption_allocates_nothing),
      cmocka_unit_test(own_memory_of_lwps_works_beside_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
