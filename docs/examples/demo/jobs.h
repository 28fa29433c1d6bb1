/* SPDX-License-Identifier: MIT */
/* jobs.h - the work of the three workers. None of it calls the LWP library. */
#ifndef DEMO_JOBS_H
#define DEMO_JOBS_H

#include <stdint.h>

#include "inputs.h"
#include "timeline.h"

#define WORKERS 3

struct results {
  char digest[65];
  uint64_t hashed_bytes;
  uint64_t primes;
  uint64_t pairs;
  char hub[LETTERS_MAX + 1]; /* the word with the most neighbours */
  unsigned hub_neighbours;
};

/* SHA-256 over the contents of all files. */
void job_digest(const struct inputs* inputs, struct results* results, struct stamps* stamps);

/* How many primes there are up to the limit, by a segmented sieve. */
void job_primes(const struct inputs* inputs, struct results* results, struct stamps* stamps);

/* How many pairs of words are neighbours: they differ in one letter, or one has a letter more at
 * its end. */
void job_words(const struct inputs* inputs, struct results* results, struct stamps* stamps);

#endif
