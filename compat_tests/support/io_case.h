/* SPDX-License-Identifier: MIT */
/*
 * io_case.h - what cases about waiting for descriptors, time and signals have in common.
 *
 * Public calls only, each checked.
 */
#ifndef SUPPORT_IO_CASE_H
#define SUPPORT_IO_CASE_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_case.h"
#include "lwp_case.h"

/* The caller becomes a host of LWPs, of priority 3, with an I/O manager. */
static inline PROCESS start_with_io(void) {
  const PROCESS self = host(LWP_NORMAL_PRIORITY);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  return self;
}

/* The handle of an LWP that the library has made for itself, which only the list of all tells. */
static inline PROCESS handle_of(const char* lwp_name) {
  char line[256], name[64];
  void* handle = NULL;
  FILE* file = tmpfile();
  expect(file != NULL);
  snprintf(name, sizeof name, "process %s (", lwp_name);
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

static inline PROCESS io_manager(void) { return handle_of("IO MANAGER"); }

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

/*
 * Lets the others run, the I/O manager too. When the machine stops for a while at the wrong moment,
 * the caller's own time is over before the manager has looked at descriptors. So it waits again,
 * longer each time: for the manager never to look, each of these waits would have to be hit.
 */
static inline void pause_ms(long ms) {
  long more;
  select_ms(ms);
  for (more = 1; more <= 8; more *= 2) select_ms(more);
}

/* Seconds of processor time that are used meanwhile. */
static inline double cpu_of_pause(long ms) {
  const double begin = cpu_seconds();
  pause_ms(ms);
  return cpu_seconds() - begin;
}

/* Lets the others run until the transcript has so many words. */
static inline void wait_for_notes(int count) {
  while (notes() < count) select_ms(1);
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

/* All but the standard ones. To be called first. */
static inline void close_inherited_descriptors(void) {
  struct dirent* entry;
  DIR* dir = opendir("/proc/self/fd");
  expect(dir != NULL);
  while ((entry = readdir(dir)) != NULL) {
    const int fd = atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != dirfd(dir)) close(fd);
  }
  closedir(dir);
}

static inline int mapped_regions(void) {
  int count = 0, c;
  FILE* file = fopen("/proc/self/maps", "r");
  expect(file != NULL);
  while ((c = getc(file)) != EOF) count += c == '\n';
  fclose(file);
  return count;
}

/* --- what not every machine has */

/* Whether so many descriptors can be open; asks the system to allow them. */
static inline int have_descriptors(long count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < (rlim_t)count && limit.rlim_max >= (rlim_t)count) {
    limit.rlim_cur = (rlim_t)count;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur >= (rlim_t)count;
}

/* Whether connections over IPv4's loopback come about. */
static inline int have_loopback(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int caller = socket(AF_INET, SOCK_STREAM, 0);
  int works;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  works = bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 1) == 0 &&
          getsockname(listener, (struct sockaddr*)&address, &size) == 0 &&
          connect(caller, (struct sockaddr*)&address, size) == 0;
  if (listener >= 0) close(listener);
  if (caller >= 0) close(caller);
  return works;
}

static inline int have_terminals(void) {
  const int fd = posix_openpt(O_RDWR | O_NOCTTY);
  const int works = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname(fd) != NULL;
  if (fd >= 0) close(fd);
  return works;
}

/* A listener on a local address that nobody else has, which is put into *address. */
static inline int local_listener(int backlog, struct sockaddr_un* address, socklen_t* size) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  *size = sizeof *address;
  expect_int(bind(fd, (struct sockaddr*)address, sizeof address->sun_family), 0);
  expect_int(getsockname(fd, (struct sockaddr*)address, size), 0);
  expect_int(listen(fd, backlog), 0);
  return fd;
}

/* The exit status of a child; 128 and more: ended by a signal. */
static inline int status_of_child(pid_t child) {
  int status;
  expect_int(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
