/* SPDX-License-Identifier: MIT */
#include "child_case.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kFailed = 99 };

static char transcript[65536];
static volatile int words;

static double seconds_of(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int under_valgrind(void) {
  const char* preloaded = getenv("LD_PRELOAD");
  return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

double cpu_seconds(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
double now_seconds(void) { return seconds_of(CLOCK_MONOTONIC); }

static void do_nothing_at(int signo) { (void)signo; }

static double seconds_for_a_signal(void) {
  const double begin = now_seconds();
  raise(SIGURG);
  return now_seconds() - begin;
}

/* Ten times the best of many: the system has its timer to serve, and a handler does something. */
long affordable_us(void) {
  static long affordable;
  if (affordable == 0) {
    void (*const before)(int) = signal(SIGURG, do_nothing_at);
    double best = 1;
    int i;
    for (i = 0; i < 50; ++i) {
      const double taken = seconds_for_a_signal();
      if (taken < best) best = taken;
    }
    signal(SIGURG, before);
    affordable = 1 + (long)(best * 1e7);
  }
  return affordable;
}

static double seconds_allowed(void) {
  const char* text = getenv("LWP_TEST_SECONDS");
  return text != NULL ? atof(text) : CHILD_CASE_SECONDS;
}

/* Waits for the child; kills it when its time is over. */
static int wait_for(pid_t child, int* timed_out) {
  const double end = now_seconds() + seconds_allowed();
  const struct timespec pause = {0, 500000};
  int status;
  *timed_out = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now_seconds() > end) {
      *timed_out = 1;
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      break;
    }
    nanosleep(&pause, NULL);
  }
  return status;
}

/* CMocka catches these to report a crash of a test; a child is to die of them, as a program does.
 */
static void let_faults_kill(void) {
  const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGSYS};
  size_t i;
  for (i = 0; i < sizeof faults / sizeof faults[0]; ++i) signal(faults[i], SIG_DFL);
}

static void read_back(FILE* file, char* text, size_t size) {
  rewind(file);
  text[fread(text, 1, size - 1, file)] = '\0';
  fclose(file);
}

void child_case_observe(void (*body)(void), struct outcome* outcome) {
  FILE* out = tmpfile();
  FILE* err = tmpfile();
  int status;
  pid_t child;
  assert_non_null(out);
  assert_non_null(err);
  fflush(NULL);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would end it if it hangs */
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    forget_transcript();
    let_faults_kill();
    body();
    exit(0);
  }
  status = wait_for(child, &outcome->timed_out);
  outcome->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  read_back(out, outcome->out, sizeof outcome->out);
  read_back(err, outcome->err, sizeof outcome->err);
}

void child_case_run(const char* name, void (*body)(void)) {
  static struct outcome outcome;
  child_case_observe(body, &outcome);
  if (outcome.exit_status == 0 && !outcome.timed_out) return;
  fail_msg("%s: %s (exit %d, signal %d)\n%s%s", name,
           outcome.timed_out ? "watchdog" : "child failed", outcome.exit_status, outcome.signal,
           outcome.out, outcome.err);
}

void expect_failed(const char* file, int line, const char* format, ...) {
  char text[4096];
  va_list arguments;
  int length = snprintf(text, sizeof text, "%s:%d: ", file, line);
  va_start(arguments, format);
  length += vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof text - 2) length = (int)sizeof text - 2;
  text[length++] = '\n';
  if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(kFailed);
  _exit(kFailed);
}

void expect_int_at(long actual, long wanted, const char* text, const char* file, int line) {
  if (actual != wanted) expect_failed(file, line, "%s is %ld, not %ld", text, actual, wanted);
}

void note(const char* format, ...) {
  const size_t used = strlen(transcript);
  size_t at = used;
  va_list arguments;
  if (at > 0) transcript[at++] = ' ';
  va_start(arguments, format);
  vsnprintf(transcript + at, sizeof transcript - at, format, arguments);
  va_end(arguments);
  ++words;
}

int notes(void) { return words; }

int transcript_is(const char* wanted) { return strcmp(transcript, wanted) == 0; }

void forget_transcript(void) {
  transcript[0] = '\0';
  words = 0;
}

void expect_transcript_at(const char* wanted, const char* file, int line) {
  if (!transcript_is(wanted)) {
    expect_failed(file, line, "transcript\n    %s\n  wanted\n    %s", transcript, wanted);
  }
  forget_transcript();
}
