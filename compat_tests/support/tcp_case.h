/* SPDX-License-Identifier: MIT */
/*
 * tcp_case.h - connections over loopback, for cases about how the library waits for them.
 */
#ifndef SUPPORT_TCP_CASE_H
#define SUPPORT_TCP_CASE_H

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child_case.h"

/* Whether it has come about. */
static inline int connect_pair(int* fd, int* peer) {
  struct sockaddr_in address;
  struct sockaddr* const any = (struct sockaddr*)&address;
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  int works;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  *peer = socket(AF_INET, SOCK_STREAM, 0);
  works = bind(listener, any, size) == 0 && listen(listener, 1) == 0 &&
          getsockname(listener, any, &size) == 0 && connect(*peer, any, size) == 0;
  *fd = works ? accept(listener, NULL, NULL) : -1;
  close(listener);
  return *fd >= 0;
}

static inline int have_connections(void) {
  int fd, peer;
  const int works = connect_pair(&fd, &peer);
  if (fd >= 0) close(fd);
  close(peer);
  return works;
}

/* Bytes that can be read; those before an urgent one. */
static inline int bytes_there(int fd) {
  int bytes = 0;
  expect_int(ioctl(fd, FIONREAD, &bytes), 0);
  return bytes;
}

/* Whether an epoll set of this process has a descriptor registered by edge. */
static inline int is_by_edge(int fd) {
  struct dirent* entry;
  int found = 0;
  DIR* const directory = opendir("/proc/self/fdinfo");
  expect(directory != NULL);
  while ((entry = readdir(directory)) != NULL) {
    char path[300], line[256];
    int number;
    unsigned events;
    FILE* file;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%s", entry->d_name);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
      if (sscanf(line, "tfd: %d events: %x", &number, &events) != 2 || number != fd) continue;
      found |= (events & (unsigned)EPOLLET) != 0;
    }
    if (file != NULL) fclose(file);
  }
  closedir(directory);
  return found;
}

#endif
