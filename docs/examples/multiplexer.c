/* SPDX-License-Identifier: MIT */
/*
 * multiplexer.c - hot loops on several kernel threads, preempted by nothing but their limits, while
 * files are read on the side.
 *
 * The main thread has no LWPs. It rings at those that have, once a millisecond, by a signal. The
 * handler asks the loops: it lowers the limit that the running loop looks at, so that the loop
 * falls out before its next iteration, others run, and it goes on. Nothing is ever interrupted half
 * way, so these LWPs need neither locks nor critical sections.
 */
#include <fcntl.h>
#include <limits.h>
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <lwp/runtimes.h>
#include <preempt/loop.h>
#include <signal.h>
#include <unistd.h>

enum { kHosts = 3, kLoops = 2, kBlocks = 100, kPriority = 2 };

static struct host {
  pid_t thread;
  PROCESS loops[kLoops];
  long rounds[kLoops];
  long bytes;
} hosts[kHosts];

static void on_ring(int signo, siginfo_t* info, void* context) {
  (void)signo;
  (void)info;
  PRE_AskLoops(context);
}

/* Would go on for years. */
static void run_hot(void* rounds) {
  long i;
  PRE_LOOP(loop);
  PRE_PreemptMe(); /* others may run wherever the loop is asked */
  PRE_FOR_UP(loop, i, 0, LONG_MAX, 1) { __asm__ __volatile__(""); /* stands for the work */ }
  *(long*)rounds = i;
}

/* On a kernel thread of the library's pool: it may take its time. */
static void* read_block(void* fd) {
  char block[4096];
  return (void*)read((int)(long)fd, block, sizeof block);
}

/* Needs a turn after each block. If the loops did not let go, it would never come to an end. */
static void read_file(void* parm) {
  struct host* const host = parm;
  const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  for (int block = 0; block < kBlocks; ++block) {
    void* got = NULL;
    if (LWPX_Blocking(read_block, (void*)(long)fd, &got) == LWP_SUCCESS) host->bytes += (long)got;
  }
  close(fd);
  for (int i = 0; i < kLoops; ++i) PRE_CancelLoops(host->loops[i]);
}

/* The first LWP of each kernel thread, which ends before those that it creates begin. */
static void be_host(void* unused, int index) {
  struct host* const host = &hosts[index];
  (void)unused;
  LWP_CreateProcess(read_file, 0, kPriority, host, "reader", NULL);
  for (int i = 0; i < kLoops; ++i)
    LWP_CreateProcess(run_hot, 0, kPriority, &host->rounds[i], "hot", &host->loops[i]);
  __atomic_store_n(&host->thread, gettid(), __ATOMIC_RELEASE);
}

static void ring(void) {
  for (int i = 0; i < kHosts; ++i) {
    const pid_t thread = __atomic_load_n(&hosts[i].thread, __ATOMIC_ACQUIRE);
    if (thread != 0) tgkill(getpid(), thread, SIGUSR1); /* fails if it has ended */
  }
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_ring, .sa_flags = SA_SIGINFO | SA_RESTART};
  LWPX_GROUP group;
  struct timespec deadline;
  int good = 1;

  sigaction(SIGUSR1, &action, NULL);
  if (LWPX_StartRuntimesWith(NULL, kHosts, be_host, NULL, &group) != LWP_SUCCESS) return 1;
  do {
    usleep(1000);
    ring();
    clock_gettime(CLOCK_MONOTONIC, &deadline);
  } while (LWPX_JoinRuntimes(group, &deadline) == LWPX_ETIMEOUT);

  for (int i = 0; i < kHosts; ++i) {
    const struct host* const host = &hosts[i];
    printf("host %d: %ld bytes read while its loops made %ld and %ld rounds\n", i, host->bytes,
           host->rounds[0], host->rounds[1]);
    good = good && host->bytes > 0 && host->rounds[0] > 0 && host->rounds[1] > 0;
  }
  return good ? 0 : 1;
}
