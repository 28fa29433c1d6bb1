/* SPDX-License-Identifier: MIT */
/*
 * io_case.h - what cases about waiting for descriptors, time and signals have in common.
 *
 * Public calls only, each checked.
 */
#ifndef SUPPORT_IO_CASE_H
#define SUPPORT_IO_CASE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "child_case.h"
#include "lwp_case.h"

/* The caller becomes a host of LWPs, of priority 3, with an I/O manager. */
static inline PROCESS start_with_io(void) {
  const PROCESS self = host(LWP_NORMAL_PRIORITY);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  return self;
}

/* The handle of the I/O manager's own LWP, which only the list of all LWPs tells. */
static inline PROCESS io_manager(void) {
  static const char name[] = "process IO MANAGER (";
  char line[256];
  void* handle = NULL;
  FILE* file = tmpfile();
  expect(file != NULL);
  LWP_SetLog(file, 0);
  LWP_Print_Processes();
  LWP_SetLog(stderr, 0);
  rewind(file);
  while (fgets(line, sizeof line, file) != NULL) {
    const char* const found = strstr(line, name);
    if (found != NULL) sscanf(found + strlen(name), "%p", &handle);
  }
  fclose(file);
  expect(handle != NULL);
  return (PROCESS)handle;
}

static inline struct timeval ms_timeval(long ms) {
  struct timeval time;
  time.tv_sec = ms / 1000;
  time.tv_usec = ms % 1000 * 1000;
  return time;
}

static inline struct timespec us_timespec(long us) {
  struct timespec time;
  time.tv_sec = us / 1000000;
  time.tv_nsec = us % 1000000 * 1000;
  return time;
}

/* A point in time, on the clock of LWPX deadlines. */
static inline struct timespec us_from_now(long us) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_sec += us / 1000000;
  time.tv_nsec += us % 1000000 * 1000;
  if (time.tv_nsec >= 1000000000) {
    time.tv_nsec -= 1000000000;
    ++time.tv_sec;
  }
  return time;
}

static inline void select_ms(long ms) {
  struct timeval time = ms_timeval(ms);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &time), 0);
}

/* Lets the others run, the I/O manager too. On a slow machine the caller's own time may be over
 * before they have had theirs, so it waits again. */
static inline void pause_ms(long ms) {
  select_ms(ms);
  select_ms(1);
  select_ms(1);
}

static inline void stream_pair(int ends[2]) {
  expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static inline void set_of_one(fd_set* set, int fd) {
  FD_ZERO(set);
  FD_SET(fd, set);
}

/* The value of a line "name: value" of a file in /proc/self. */
static inline long proc_value(const char* path, const char* name) {
  char line[512];
  long value = -1;
  FILE* file = fopen(path, "r");
  expect(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name), ":%ld", &value);
  }
  fclose(file);
  return value;
}

/* Counts open descriptors. */
static inline int open_descriptors(void) {
  int count = 0;
  DIR* dir = opendir("/proc/self/fd");
  expect(dir != NULL);
  while (readdir(dir) != NULL) ++count;
  closedir(dir);
  return count;
}

static inline int mapped_regions(void) {
  int count = 0, c;
  FILE* file = fopen("/proc/self/maps", "r");
  expect(file != NULL);
  while ((c = getc(file)) != EOF) count += c == '\n';
  fclose(file);
  return count;
}

/* The exit status of a child; 128 and more: ended by a signal. */
static inline int status_of_child(pid_t child) {
  int status;
  expect_int(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
