/* SPDX-License-Identifier: MIT */
/* run.c - sets the LWPs of one run up and waits for their end. */
#include "run.h"

#include <lwp/lwp.h>
#include <preempt/preempt.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

typedef void job(const struct inputs*, struct results*, struct stamps*);

struct worker {
  job* work;
  const struct inputs* inputs;
  struct results* results;
  struct stamps stamps;
  PROCESS pid;
};

const char* const worker_names[WORKERS] = {"sha256", "primes", "words"};
static job* const jobs[WORKERS] = {job_digest, job_primes, job_words};

static int64_t cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * SECOND + used.tv_nsec;
}

static void worker(void* parm) {
  struct worker* const self = parm;
  LWP_QWait();     /* until all workers are there */
  PRE_PreemptMe(); /* from here on, other LWPs may have the processor if there are ticks */
  self->work(self->inputs, self->results, &self->stamps);
}

void run_jobs(struct run* run, const struct inputs* inputs, int64_t slice) {
  memset(run, 0, sizeof *run);
  struct worker workers[WORKERS];
  for (int i = 0; i < WORKERS; ++i) {
    workers[i] = (struct worker){.work = jobs[i], .inputs = inputs, .results = &run->results};
    workers[i].stamps.at = must(malloc(STAMPS_MAX * sizeof *workers[i].stamps.at));
    if (LWP_CreateProcess(worker, 65536, LWP_NORMAL_PRIORITY, &workers[i], worker_names[i],
                          &workers[i].pid) != LWP_SUCCESS) {
      die("a worker can not be created");
    }
  }
  if (slice != 0) {
    struct timeval length = {.tv_sec = slice / SECOND, .tv_usec = slice % SECOND / US};
    if (PRE_InitPreempt(&length) != LWP_SUCCESS) die("preemption can not be started");
  }

  run->cpu = -cpu_ns();
  run->begin = now_ns();
  deadlines_start(&run->deadlines, run->begin);
  for (int i = 0; i < WORKERS; ++i) LWP_QSignal(workers[i].pid);
  /* This LWP has the lowest priority: it comes back when no worker is left. */
  LWP_DispatchProcess();
  run->end = now_ns();
  run->cpu += cpu_ns();

  if (slice != 0) PRE_EndPreempt();
  deadlines_stop();
  deadlines_waits(&run->deadlines, &run->waits);
  struct stamps logs[WORKERS];
  for (int i = 0; i < WORKERS; ++i) logs[i] = workers[i].stamps;
  run->timeline = timeline_merge(logs, WORKERS, run->begin);
  for (int i = 0; i < WORKERS; ++i) free(logs[i].at);
}

void run_free(struct run* run) {
  timeline_free(&run->timeline);
  free(run->deadlines.list);
}

int run_results_agree(const struct run* a, const struct run* b) {
  const struct results *x = &a->results, *y = &b->results;
  return strcmp(x->digest, y->digest) == 0 && x->hashed_bytes == y->hashed_bytes &&
         x->primes == y->primes && x->pairs == y->pairs && strcmp(x->hub, y->hub) == 0 &&
         x->hub_neighbours == y->hub_neighbours;
}
