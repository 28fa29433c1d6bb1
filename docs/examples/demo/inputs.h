/* SPDX-License-Identifier: MIT */
/* inputs.h - what the workers work on: files and words that are found on this machine. */
#ifndef DEMO_INPUTS_H
#define DEMO_INPUTS_H

#include <stddef.h>
#include <stdint.h>

#define LETTERS_MAX 8

struct inputs {
  /* Files that could be read, and their size together. */
  char** files;
  size_t file_count;
  uint64_t file_bytes;
  char file_place[64];

  /* Distinct words of 3 to 8 small letters, a letter per byte, the rest zero. */
  uint64_t* words;
  size_t word_count;
  char word_place[128];

  uint64_t prime_limit;
};

/*
 * Collects files of `bytes` bytes or a little more, and at most `words` words out of `dictionary`
 * or, if that is NULL, out of what this machine has. A file is read once here, so that the worker
 * finds it in memory in every run.
 */
void inputs_find(struct inputs* inputs, uint64_t bytes, size_t words, const char* dictionary);
void inputs_free(struct inputs* inputs);

#endif
