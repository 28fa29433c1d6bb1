/* SPDX-License-Identifier: MIT */
/* run.h - one run of the three workers and the urgent LWP, and what was seen of it. */
#ifndef DEMO_RUN_H
#define DEMO_RUN_H

#include "deadline.h"
#include "jobs.h"
#include "timeline.h"

extern const char* const worker_names[WORKERS];

struct run {
  int64_t begin, end;
  int64_t cpu; /* processor time of the whole run */
  struct results results;
  struct timeline timeline;
  struct deadlines deadlines;
  struct waits waits;
};

/* Runs all jobs to their end. `slice` is that of PRE_InitPreempt in ns; 0: no preemption. */
void run_jobs(struct run* run, const struct inputs* inputs, int64_t slice);
void run_free(struct run* run);

/* Whether the jobs had the same results in both. */
int run_results_agree(const struct run* a, const struct run* b);

#endif
