/* SPDX-License-Identifier: MIT */
/* inputs.c - looks for files and words on this machine. */
#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "screen.h"

#define FILE_SIZE_MAX (8u << 20) /* so that the budget is not spent on two or three giants */
#define FILES_MAX 20000u

static unsigned char buffer[1 << 16];

/* Reads a file to its end: its size, or -1. */
static int64_t read_all(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int64_t size = 0;
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) > 0) size += got;
  close(fd);
  return got < 0 ? -1 : size;
}

static void find_files(struct inputs* inputs, uint64_t bytes) {
  static char bin[] = "/usr/bin", lib[] = "/usr/lib";
  char* places[] = {bin, lib, NULL};
  inputs->files = must(calloc(FILES_MAX, sizeof *inputs->files));
  FTS* tree = must(fts_open(places, FTS_PHYSICAL | FTS_NOCHDIR, NULL));
  FTSENT* entry;
  const char* last = bin;
  while (inputs->file_bytes < bytes && inputs->file_count < FILES_MAX && (entry = fts_read(tree))) {
    if (entry->fts_info != FTS_F || entry->fts_statp->st_size > (off_t)FILE_SIZE_MAX) continue;
    const int64_t size = read_all(entry->fts_accpath);
    if (size <= 0) continue;
    inputs->files[inputs->file_count++] = must(strdup(entry->fts_path));
    inputs->file_bytes += (uint64_t)size;
    if (strncmp(entry->fts_path, lib, strlen(lib)) == 0) last = lib;
  }
  fts_close(tree);
  snprintf(inputs->file_place, sizeof inputs->file_place, "%s%s", bin,
           last == lib ? " and /usr/lib" : "");
  if (inputs->file_count == 0) die("no file can be read in /usr/bin and /usr/lib");
}

/* Adds the words of a file, not more than `max` in all. A word is a run of small letters with no
 * other letter, digit, apostrophe or byte above 127 next to it. Returns -1 if it can not be read.
 */
static int add_words(struct inputs* inputs, const char* path, size_t max) {
  FILE* const file = fopen(path, "re");
  if (file == NULL) return -1;
  uint64_t word = 0;
  int letters = 0, other = 0, c;
  do {
    c = getc(file);
    if (c >= 'a' && c <= 'z') {
      if (letters < LETTERS_MAX) word |= (uint64_t)c << (8 * letters);
      ++letters;
    } else if (c > 127 || c == '\'' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      other = 1;
    } else {
      if (!other && letters >= 3 && letters <= LETTERS_MAX) {
        inputs->words[inputs->word_count++] = word;
      }
      word = 0;
      letters = other = 0;
    }
  } while (c != EOF && inputs->word_count < max);
  const int failed = ferror(file);
  fclose(file);
  return failed ? -1 : 0;
}

static int compare_words(const void* a, const void* b) {
  const uint64_t x = *(const uint64_t*)a, y = *(const uint64_t*)b;
  return (x > y) - (x < y);
}

static void drop_duplicates(struct inputs* inputs) {
  qsort(inputs->words, inputs->word_count, sizeof *inputs->words, compare_words);
  size_t kept = 0;
  for (size_t i = 0; i < inputs->word_count; ++i) {
    if (kept == 0 || inputs->words[kept - 1] != inputs->words[i]) {
      inputs->words[kept++] = inputs->words[i];
    }
  }
  inputs->word_count = kept;
}

static void find_words(struct inputs* inputs, size_t max, const char* wanted) {
  static const char* const dictionaries[] = {"/usr/share/dict/words",
                                             "/usr/share/dict/american-english",
                                             "/usr/share/dict/british-english"};
  inputs->words = must(calloc(max, sizeof *inputs->words));
  const size_t known = sizeof dictionaries / sizeof *dictionaries;
  for (size_t i = 0; i < (wanted ? 1 : known); ++i) {
    const char* const path = wanted ? wanted : dictionaries[i];
    const int found = add_words(inputs, path, max);
    if (found < 0 && wanted) say("The dictionary %s can not be read: %s.", path, strerror(errno));
    if (inputs->word_count == 0) {
      if (found == 0) say("The dictionary %s has no words of 3 to 8 small letters.", path);
      continue;
    }
    snprintf(inputs->word_place, sizeof inputs->word_place, "%s", path);
    drop_duplicates(inputs);
    return;
  }
  say("No dictionary could be used (Debian has one in the package wamerican), so the words are "
      "taken out of the files instead. Many will look odd.");
  for (size_t i = 0; i < inputs->file_count && inputs->word_count < max; ++i) {
    add_words(inputs, inputs->files[i], max);
    if (inputs->word_count == max || i + 1 == inputs->file_count) drop_duplicates(inputs);
  }
  snprintf(inputs->word_place, sizeof inputs->word_place, "%s", inputs->file_place);
}

void inputs_find(struct inputs* inputs, uint64_t bytes, size_t words, const char* dictionary) {
  find_files(inputs, bytes);
  find_words(inputs, words, dictionary);
}

void inputs_free(struct inputs* inputs) {
  for (size_t i = 0; i < inputs->file_count; ++i) free(inputs->files[i]);
  free(inputs->files);
  free(inputs->words);
}
