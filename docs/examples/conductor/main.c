/* SPDX-License-Identifier: MIT */
/*
 * conductor - a person starts and stops LWPs that never yield, and watches who has the processor.
 *
 *     conductor              at a terminal: a timeline, and commands below it
 *     conductor < SCRIPT     the same commands from a file, with plain answers
 *
 * The conductor is an LWP of the highest priority. It waits for keys, or for the time of the next
 * sample; while it waits the players run, and a tick brings it back.
 */
#include <errno.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "players.h"
#include "screen.h"

enum { kLine = 120 };

static int interactive;
static int running = 1;
static char typed[kLine];
static char last_answer[kAnswer] = "type a command, for example: spawn";
static long long quiet_until; /* ms; until then no commands are read */

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void end_line(void) {
  char answer[kAnswer];
  long pause_ms;
  if (!interactive && typed[0] != '\0') printf("> %s\n", typed);
  running = obey(typed, answer, &pause_ms);
  typed[0] = '\0';
  quiet_until = now_ms() + pause_ms;
  if (interactive) {
    strcpy(last_answer, answer);
    return;
  }
  if (answer[0] != '\0') puts(answer);
}

static void take_key(char key) {
  enum { kInterrupt = 3, kEnd = 4, kEraseLine = 21, kDelete = 127 };
  const size_t length = strlen(typed);
  if (key == '\t') key = ' ';
  if (key == '\n' || key == '\r') {
    end_line();
  } else if (interactive && (key == kInterrupt || (key == kEnd && length == 0))) {
    running = 0;
  } else if (interactive && (key == kDelete || key == '\b')) {
    if (length > 0) typed[length - 1] = '\0';
  } else if (interactive && key == kEraseLine) {
    typed[0] = '\0';
  } else if (key >= ' ' && key < kDelete && length + 1 < sizeof typed) {
    typed[length] = key;
    typed[length + 1] = '\0';
  }
}

/* Reads one byte at a time, so that a "wait" holds back all that comes after it. */
static void read_key(void) {
  char key;
  const ssize_t got = LWPX_Read(STDIN_FILENO, &key, 1);
  if (got == 1) {
    take_key(key);
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    end_line(); /* the last line of a script may lack its end */
    running = 0;
  }
}

/* Lets the players run until a key comes or it is time for a sample. Whether there is a key. */
static int wait_for_key(long long until) {
  long long ms = until - now_ms();
  if (ms < 0) ms = 0;
  const struct timespec timeout = {ms / 1000, ms % 1000 * 1000000};
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  return LWPX_Poll(&input, now_ms() >= quiet_until, &timeout) > 0;
}

static void conduct(void) {
  long long next_sample = now_ms() + kSampleMs;
  while (running) {
    if (wait_for_key(next_sample)) read_key();
    if (now_ms() >= next_sample) {
      take_sample();
      next_sample = now_ms() + kSampleMs;
      if (!interactive) continue;
    }
    if (interactive) draw_screen(last_answer, typed);
  }
}

int main(void) {
  interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (LWP_Init(LWP_VERSION, LWP_MAX_PRIORITY, NULL) != LWP_SUCCESS ||
      set_slice(2000) != LWP_SUCCESS) {
    fputs("conductor: there is no preemption here\n", stderr);
    return 1;
  }
  if (interactive) open_screen();
  conduct();
  if (!interactive) print_players();
  return LWP_TerminateProcessSupport();
}
