/* SPDX-License-Identifier: MIT */
/*
 * deep_recursion.c - an LWP runs off its stack. The guard below it stops the LWP before it can
 * damage anything, and the library says which one it was. A child process does it, so that this
 * program can show what happened.
 */
#include <lwp/lwp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int bottomless = 1;

/* Every level looks at the frame of the one above, so that the compiler can not make a loop of it.
 */
static unsigned depth_of(const volatile char* above) {
  volatile char frame[256];
  frame[0] = (char)(above[0] + 1);
  return bottomless ? depth_of(frame) + 1 : (unsigned)frame[0];
}

static void recurse(void* unused) {
  (void)unused;
  printf("depth %u\n", depth_of("")); /* never gets there */
}

static void run_off_the_stack(int report) {
  static const struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  dup2(report, STDERR_FILENO);
  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
  LWP_CreateProcess(recurse, 65536, LWP_NORMAL_PRIORITY, NULL, "recursive", NULL);
  _exit(0);
}

int main(void) {
  int report[2];
  if (pipe(report) != 0) return 1;
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) run_off_the_stack(report[1]);
  close(report[1]);

  char message[4096] = "";
  size_t length = 0;
  ssize_t got;
  while (length + 1 < sizeof message &&
         (got = read(report[0], message + length, sizeof message - 1 - length)) > 0) {
    length += (size_t)got;
  }
  int status;
  waitpid(child, &status, 0);
  printf("it said:  %s", message);
  const int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  printf("and ended: %s\n", signo ? strsignal(signo) : "not by a signal");
  return signo == SIGABRT && strstr(message, "stack overflow in process recursive!") ? 0 : 1;
}
