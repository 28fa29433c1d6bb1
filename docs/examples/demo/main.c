/* SPDX-License-Identifier: MIT */
/*
 * main.c - the demo of LWP: three LWPs that work without ever yielding, and one with deadlines.
 *
 * The same work is done twice, first without preemption and then with it. Both runs are drawn.
 */
#include <getopt.h>
#include <lwp/lwp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "picture.h"
#include "run.h"
#include "screen.h"
#include "sha256.h"

/* The period of the deadlines is no multiple of it, so they fall into all parts of a slice. */
#define SLICE (3 * MS)

/* How much work there is, and how many primes there are in it, which is known. */
struct load {
  uint64_t file_bytes;
  size_t words;
  uint64_t prime_limit, primes;
};

static const struct load full_load = {UINT64_C(256) << 20, 40000, 500000000, 26355867};
static const struct load quick_load = {UINT64_C(24) << 20, 14000, 50000000, 3001134};

/* The worst wait depends on what else this machine does, so the quick mode may try again. */
#define QUICK_TRIES 3

static void check_sha256(void) {
  struct sha256 hash;
  char digest[65];
  sha256_begin(&hash);
  sha256_add(&hash, (const unsigned char*)"abc", 3);
  sha256_end(&hash, digest);
  if (strcmp(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") != 0) {
    die("SHA-256 of \"abc\" comes out wrong");
  }
}

static void describe(const struct inputs* inputs) {
  heading("Three LWPs that never let go, and one in a hurry");
  say("All four in one kernel thread. Three do real work and do not call the library in it:");
  putchar('\n');
  paint(kCyan, "  sha256  ");
  printf("the digest of %zu files (%.0f MB) of %s\n", inputs->file_count,
         (double)inputs->file_bytes / 1e6, inputs->file_place);
  paint(kYellow, "  primes  ");
  printf("how many there are up to %.0f million\n", (double)inputs->prime_limit / 1e6);
  paint(kMagenta, "  words   ");
  printf("pairs a letter apart, of %zu in %s\n", inputs->word_count, inputs->word_place);
  putchar('\n');
  say("The fourth, urgent, has the highest priority and a deadline every 20 ms: a timer's signal "
      "handler wakes it with LWP_QSignal, and it looks how late it is.");
  putchar('\n');
  draw_legend();
}

static void report_waits(const struct waits* waits, size_t deadlines) {
  printf("\n%*s", 10, "");
  printf("wait: min %s, median %s, 99%% %s, ", time_text(waits->min), time_text(waits->median),
         time_text(waits->p99));
  if (screen_width() < 80) printf("\n%*s", 10, "");
  paint(kBold, "worst %s\n", time_text(waits->max));
  printf("%*s", 10, "");
  paint(waits->missed ? kRed : kGreen, "%zu of %zu deadlines missed", waits->missed, deadlines);
  putchar('\n');
}

static void report_run(const struct run* run, int64_t length) {
  draw_run(run, run->begin, run->begin + length, run->begin);
  report_waits(&run->waits, run->deadlines.count);
}

/* Three deadlines, early in the run, while all workers are at work. */
static void report_detail(const struct run* run) {
  const int64_t from = run->begin + (run->end - run->begin) / 4 / PERIOD * PERIOD + PERIOD * 3 / 4;
  printf("\n%*s", 10, "");
  paint(kBold, "60 ms of it, enlarged\n");
  draw_run(run, from, from + 3 * PERIOD, run->begin);
}

static int report_results(const struct run* without, const struct run* with, uint64_t primes) {
  const struct results* const results = &with->results;
  const int agree = run_results_agree(without, with);
  const int right = results->primes == primes;
  heading("What the work has found");
  paint(kCyan, "  sha256  ");
  printf("%.24s%s of %.0f MB\n", results->digest, glyph("…", "..."),
         (double)results->hashed_bytes / 1e6);
  paint(kYellow, "  primes  ");
  printf("%llu, which is %s\n", (unsigned long long)results->primes, right ? "right" : "WRONG");
  paint(kMagenta, "  words   ");
  printf("%llu pairs; \"%s\" has the most neighbours, %u\n", (unsigned long long)results->pairs,
         results->hub, results->hub_neighbours);
  putchar('\n');
  if (agree) {
    say("The results of both runs are equal: the processor has changed hands %zu times, between "
        "any two instructions, and no LWP has lost anything.",
        with->timeline.count);
  } else {
    paint(kRed, "The results of the two runs differ!\n");
  }
  return agree && right;
}

static void report_summary(const struct run* without, const struct run* with) {
  heading("The worst wait of the urgent LWP");
  draw_comparison(without->waits.max, with->waits.max);
  paint(kDim, "  (the bars are logarithmic)\n\n");
  say("Worst wait without preemption %s, with %s; deadlines missed: %zu, then %zu. The processor "
      "time for all the work: %s without, %s with, %+.1f %%.",
      time_text(without->waits.max), time_text(with->waits.max), without->waits.missed,
      with->waits.missed, time_text(without->cpu), time_text(with->cpu),
      100.0 * (double)(with->cpu - without->cpu) / (double)without->cpu);
  const int64_t elapsed = with->end - with->begin;
  if (with->cpu < elapsed - elapsed / 20) {
    say("This machine was busy: in the second run other programs had the processor for %.0f %% of "
        "the time, which adds to the waits.",
        100.0 * (double)(elapsed - with->cpu) / (double)elapsed);
  }
  if (with->waits.max >= without->waits.max) say("Preemption has not helped this time.");
}

/* Both runs and the report. Returns whether all is as it should be. */
static int demonstrate(const struct inputs* inputs, const struct load* load) {
  struct run without, with;
  fflush(stdout);
  run_jobs(&without, inputs, 0);
  heading("1. Without preemption");
  say("An LWP keeps the processor until it gives it up, and these give it up when they end. The "
      "urgent LWP can only run in between, much too late.");
  putchar('\n');
  report_run(&without, without.end - without.begin);
  fflush(stdout);

  run_jobs(&with, inputs, SLICE);
  heading("2. With preemption: PRE_InitPreempt, slices of %s", time_text(SLICE));
  say("The same code. Whenever a slice is over, the best LWP that is ready goes on: the urgent one "
      "if it has been woken, else the next of the three.");
  putchar('\n');
  report_run(&with, with.end - with.begin);
  report_detail(&with);

  int good = report_results(&without, &with, load->primes);
  report_summary(&without, &with);
  good &= with.waits.max < without.waits.max;
  run_free(&without);
  run_free(&with);
  return good;
}

static void usage(FILE* out) {
  fputs(
      "usage: lwp-demo [--quick] [--ascii] [--dict FILE]\n"
      "  --quick      less work; fails if the results differ or preemption does not help\n"
      "  --ascii      neither colours nor block characters\n"
      "  --dict FILE  take the words out of FILE\n",
      out);
}

int main(int argc, char** argv) {
  static const struct option options[] = {{"quick", no_argument, NULL, 'q'},
                                          {"ascii", no_argument, NULL, 'a'},
                                          {"dict", required_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  int quick = 0, ascii = 0, option;
  const char* dictionary = NULL;
  while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
    if (option == 'q')
      quick = 1;
    else if (option == 'a')
      ascii = 1;
    else if (option == 'd')
      dictionary = optarg;
    else {
      usage(option == 'h' ? stdout : stderr);
      return option == 'h' ? 0 : 2;
    }
  }
  if (optind != argc) {
    usage(stderr);
    return 2;
  }
  screen_setup(ascii);
  check_sha256();
  const struct load* const load = quick ? &quick_load : &full_load;
  struct inputs inputs = {.prime_limit = load->prime_limit};
  inputs_find(&inputs, load->file_bytes, load->words, dictionary);
  if (LWP_Init(LWP_VERSION, 0, NULL) != LWP_SUCCESS) die("LWP_Init has failed");
  describe(&inputs);

  int good = 0;
  for (int tries = quick ? QUICK_TRIES : 1; tries > 0 && !good; --tries) {
    good = demonstrate(&inputs, load);
  }
  LWP_TerminateProcessSupport();
  inputs_free(&inputs);
  return good ? 0 : 1;
}
