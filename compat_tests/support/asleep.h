/* SPDX-License-Identifier: MIT */
/*
 * asleep.h - something that is to happen while the case sleeps in the kernel, for as long as it may
 * take to get there.
 */
#ifndef SUPPORT_ASLEEP_H
#define SUPPORT_ASLEEP_H

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "child_case.h"

static inline int is_asleep(pid_t process) {
  char text[512], path[64];
  const char* name_end;
  FILE* file;
  size_t size;
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)process);
  file = fopen(path, "r");
  if (file == NULL) return 0;
  size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = '\0';
  name_end = strrchr(text, ')');
  return name_end != NULL && name_end[2] == 'S';
}

static inline void wait_until_asleep(pid_t process) {
  int times = 0; /* in a row, as it may also have slept on its way */
  while (times < 10) {
    if (kill(process, 0) != 0) _exit(1); /* it has failed */
    usleep(2000);
    times = is_asleep(process) ? times + 1 : 0;
  }
}

/* Another process sends the signal to this one as soon as its first kernel thread sleeps. To be
 * called before there is anything that a fork would disturb. */
static inline void signal_when_asleep(int signo) {
  const pid_t process = getpid();
  const pid_t child = fork();
  expect(child >= 0);
  if (child != 0) return;
  wait_until_asleep(process);
  _exit(kill(process, signo) == 0 ? 0 : 1);
}

#endif
