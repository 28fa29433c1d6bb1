/* SPDX-License-Identifier: MIT */
/*
 * no_heap.h - for cases about LWPs that live in memory of the program's: nothing is allocated.
 *
 * The calls that allocate are defined here, in front of the C library's, and count while a case
 * says that there must be none. To be included in one file of a program.
 */
#ifndef SUPPORT_NO_HEAP_H
#define SUPPORT_NO_HEAP_H

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "io_case.h"

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

#if defined(SYS_mmap2)
#define MAP(address, bytes, protection, flags, fd, offset) \
  (void*)syscall(SYS_mmap2, address, bytes, protection, flags, fd, (long)((offset) / 4096))
#else
#define MAP(address, bytes, protection, flags, fd, offset) \
  (void*)syscall(SYS_mmap, address, bytes, protection, flags, fd, offset)
#endif

/* Which of the two names "mmap" stands for depends on the size of off_t. */
void* map_32(void* address, size_t bytes, int protection, int flags, int fd,
             long offset) __asm__("mmap");
void* map_64(void* address, size_t bytes, int protection, int flags, int fd,
             off64_t offset) __asm__("mmap64");

void* map_32(void* address, size_t bytes, int protection, int flags, int fd, long offset) {
  forbidden("mmap");
  return MAP(address, bytes, protection, flags, fd, offset);
}

void* map_64(void* address, size_t bytes, int protection, int flags, int fd, off64_t offset) {
  forbidden("mmap64");
  return MAP(address, bytes, protection, flags, fd, offset);
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

static inline void begin_without_heap(size_t bytes, int priority) {
  PROCESS self = NULL;
  mappings_before = mapped_regions();
  heap_before = (char*)syscall(SYS_brk, NULL);
  watching = 1;
  expect_int(LWPX_InitStatic(memory.bytes, bytes, priority, &self), LWP_SUCCESS);
  expect(self != NULL && self == LWPX_Self());
}

static inline void end_without_heap(void) {
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  watching = 0;
  if (!CAN_WATCH) return;
  expect(heap_before == (char*)syscall(SYS_brk, NULL));
  expect_int(mapped_regions(), mappings_before);
}

/* Transcripts are not kept on the heap, but text goes through stdio. */
static char record[512];
static inline void tell(char what) { record[strlen(record)] = what; }
static inline void expect_record(const char* wanted) {
  expect(strcmp(record, wanted) == 0);
  memset(record, 0, sizeof record);
}

static char event;

static inline void wait_for_event(void* what) {
  LWP_WaitProcess(what);
  tell('w');
}

/* How many LWPs take what is left of the memory, which depends on the processor: the room for the
 * frames of two signals does. Each tells 'w' after the event. */
static inline int fill_memory(int priority) {
  PROCESS pid;
  int count = 0;
  while (LWP_CreateProcess(wait_for_event, 0, priority, &event, "W", &pid) == LWP_SUCCESS) {
    ++count;
  }
  expect(count >= kLwps);
  return count;
}

static inline void expect_all_to_run(int count) {
  expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
  expect_int(strlen(record), count);
  expect_int(strspn(record, "w"), count);
  memset(record, 0, sizeof record);
}

#endif
