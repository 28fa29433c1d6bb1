/* SPDX-License-Identifier: MIT */
/* loop_code.c - loops for loop_code.py, which compiles them with and without PLAIN and compares. */
#include <preempt/loop.h>

#ifdef PLAIN
#define LOOP(loop)
#define UP(loop, i, from, limit, step) for (i = from; i < limit; i += step)
#define DOWN(loop, i, from, limit, step) for (i = from; i > limit; i -= step)
#define CHECKPOINT() (void)0
#else
#define LOOP PRE_LOOP
#define UP PRE_FOR_UP
#define DOWN PRE_FOR_DOWN
#define CHECKPOINT PRE_Checkpoint
#endif

unsigned long hash(unsigned long seed, long n) {
  long i;
  LOOP(loop);
  UP(loop, i, 0, n, 1) seed = (seed ^ (unsigned long)i) * 0x9E3779B1u;
  return seed;
}

double horner(const double* first, const double* last, double x) {
  double y = 0;
  LOOP(loop);
  DOWN(loop, last, last, first, 1) y = y * x + *last;
  return y;
}

unsigned checksum(const unsigned char* byte, const unsigned char* end) {
  unsigned sum = 1;
  LOOP(loop);
  UP(loop, byte, byte, end, 1) sum = sum * 31 + *byte;
  return sum;
}

/* The inner one of two. */
double dot_rows(const double* a, const double* b, unsigned long rows, unsigned long columns) {
  unsigned long i, j;
  double product = 1;
  LOOP(outer);
  LOOP(inner);
  UP(outer, i, 0, rows, 1) {
    UP(inner, j, 0, columns, 1) product = product * a[j] - b[j];
    a += columns;
  }
  return product;
}

/* See loop_code.py for these. */
double horner_to_zero(const double* coefficients, long n, double x) {
  long i;
  double y = 0;
  LOOP(loop);
  DOWN(loop, i, n - 1, -1, 1) y = y * x + coefficients[i];
  return y;
}

int narrow_counter(const int* a, int n) {
  int i, sum = 0;
  LOOP(loop);
  UP(loop, i, 0, n, 1) sum = sum * 31 + a[i];
  return sum;
}

long collatz_with_checkpoint(unsigned long n) {
  long steps = 0;
  for (; n != 1; ++steps) {
    CHECKPOINT();
    n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  }
  return steps;
}
