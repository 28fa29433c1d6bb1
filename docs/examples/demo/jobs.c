/* SPDX-License-Identifier: MIT */
/* jobs.c - the work of the three workers. */
#include "jobs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen.h"
#include "sha256.h"

void job_digest(const struct inputs* inputs, struct results* results, struct stamps* stamps) {
  static unsigned char chunk[1 << 14];
  struct sha256 hash;
  sha256_begin(&hash);
  for (size_t i = 0; i < inputs->file_count; ++i) {
    const int fd = open(inputs->files[i], O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0) {
      sha256_add(&hash, chunk, (size_t)got);
      stamp(stamps);
    }
    close(fd);
  }
  results->hashed_bytes = hash.length;
  sha256_end(&hash, results->digest);
}

/* The odd numbers of a segment, one byte each; number `low` + 2 * i is in place i. */
#define SEGMENT (1u << 15)

void job_primes(const struct inputs* inputs, struct results* results, struct stamps* stamps) {
  static unsigned char composite[SEGMENT];
  static uint32_t primes[4096];   /* odd primes whose square is in reach */
  static uint64_t multiple[4096]; /* of each, the next odd multiple to strike out */
  const uint64_t limit = inputs->prime_limit;
  size_t count = 0;
  for (uint32_t n = 3; (uint64_t)n * n <= limit; n += 2) {
    int prime = 1;
    for (size_t i = 0; i < count && primes[i] * primes[i] <= n; ++i) prime &= n % primes[i] != 0;
    if (!prime) continue;
    primes[count] = n;
    multiple[count++] = (uint64_t)n * n;
  }
  uint64_t found = 1; /* 2 */
  for (uint64_t low = 3; low <= limit; low += 2 * SEGMENT) {
    for (unsigned i = 0; i < SEGMENT; ++i) composite[i] = 0;
    const uint64_t high = low + 2 * SEGMENT;
    for (size_t i = 0; i < count; ++i) {
      uint64_t at = multiple[i];
      for (; at < high; at += 2 * primes[i]) composite[(at - low) / 2] = 1;
      multiple[i] = at;
    }
    for (unsigned i = 0; i < SEGMENT && low + 2 * i <= limit; ++i) found += !composite[i];
    stamp(stamps);
  }
  results->primes = found;
}

void job_words(const struct inputs* inputs, struct results* results, struct stamps* stamps) {
  const uint64_t* const words = inputs->words;
  const size_t count = inputs->word_count;
  unsigned* const neighbours = must(calloc(count + 1, sizeof *neighbours));
  uint64_t pairs = 0;
  size_t hub = 0;
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 1; j < count; ++j) {
      const uint64_t difference = words[i] ^ words[j];
      const int lowest_byte = __builtin_ctzll(difference) & ~7;
      if (difference >> lowest_byte > 255) continue; /* in more than one letter */
      ++pairs;
      ++neighbours[i];
      ++neighbours[j];
    }
    if (neighbours[i] > neighbours[hub]) hub = i;
    stamp(stamps);
  }
  results->pairs = pairs;
  results->hub_neighbours = neighbours[hub];
  memset(results->hub, 0, sizeof results->hub);
  for (int i = 0; count != 0 && i < LETTERS_MAX; ++i) {
    results->hub[i] = (char)(words[hub] >> (8 * i) & 255);
  }
  free(neighbours);
}
