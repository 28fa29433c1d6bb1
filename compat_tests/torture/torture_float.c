/* SPDX-License-Identifier: MIT */
/* torture_float.c - floating-point results, modes and flags belong to each LWP, whatever ticks do.
 */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "torture.h"

enum { kSteps = 2000 };

/* Harmonic sums that the compiler keeps in registers; all LWPs must get their own value. */
static void x87(struct worker* self) {
  long double sum = 0;
  long double back = 0;
  int i;
  for (i = 1; i <= kSteps; ++i) sum += 1.0L / (i + self->number);
  for (i = 1; i <= kSteps; ++i) back += 1.0L / (i + self->number);
  expect(sum == back);
}

static void scalar(struct worker* self) {
  double sum = 0;
  double back = 0;
  int i;
  for (i = 1; i <= kSteps; ++i) sum += 1.0 / (i + self->number);
  for (i = 1; i <= kSteps; ++i) back += 1.0 / (i + self->number);
  expect(sum == back);
}

/* printf("%f") uses long double arithmetic and many registers. */
static void print(struct worker* self) {
  char text[100];
  const double value = self->number + 0.625;
  double read = 0;
  snprintf(text, sizeof text, "%f", value);
  expect_int(sscanf(text, "%lf", &read), 1);
  expect(read == value);
}

static const int kModes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

static void keep_rounding(struct worker* self) {
  const int mode = kModes[self->number % 4];
  volatile double one = 1.0;
  volatile double ten = 10.0;
  volatile double product;
  if (self->rounds == 0) expect_int(fesetround(mode), 0);
  work(500);
  product = one / ten;
  expect_int(fegetround(), mode);
  if (mode == FE_DOWNWARD || mode == FE_TOWARDZERO) {
    expect(product < 0.1);
  } else {
    expect(product >= 0.1);
  }
  if (draw(self, 8) == 0) LWP_DispatchProcess();
}

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__i386__))

static const int kTrapped[] = {0, FE_INVALID, FE_DIVBYZERO | FE_OVERFLOW,
                               FE_INVALID | FE_DIVBYZERO};

/* In both units, as the control words of both are compared. */
static void keep_exception_masks(struct worker* self) {
  const int trapped = kTrapped[self->number % 4];
  unsigned short control;
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  if (self->rounds == 0) expect_int(feenableexcept(trapped), 0);
  work(500);
  expect_int(fegetexcept(), trapped);
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  expect_int(~control & FE_ALL_EXCEPT, trapped);
  if (draw(self, 8) == 0) LWP_DispatchProcess();
}

/* How many bits x87 results have: bits 8 and 9 of the control word. */
static void keep_precision(struct worker* self) {
  static const unsigned short kPrecisions[] = {0x000, 0x200, 0x300};
  const unsigned short precision = kPrecisions[self->number % 3];
  unsigned short control;
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  if (self->rounds == 0) {
    control = (unsigned short)((control & ~0x300) | precision);
    __asm__ __volatile__("fldcw %0" : : "m"(control));
  }
  work(500);
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  expect_int(control & 0x300, precision);
  if (draw(self, 8) == 0) LWP_DispatchProcess();
}

#else

static void keep_exception_masks(struct worker* self) { keep_rounding(self); }
static void keep_precision(struct worker* self) { keep_rounding(self); }

#endif

/* Between two yields an LWP sees the flags that it has raised itself, and no others. */
static void keep_exception_flags(struct worker* self) {
  volatile double zero = 0, one = 1, three = 3, huge = 1e300;
  volatile long double one_long = 1, three_long = 3, zero_long = 0;
  volatile double result;
  volatile long double result_long;
  int expected = 0;
  feclearexcept(FE_ALL_EXCEPT);
  work(200);
  switch (self->number % 6) {
    case 0:
      break;
    case 1:
      result = one / zero;
      expected = FE_DIVBYZERO;
      break;
    case 2:
      result = zero / zero;
      expected = FE_INVALID;
      break;
    case 3:
      result = huge * huge;
      expected = FE_OVERFLOW | FE_INEXACT;
      break;
    case 4:
      result_long = one_long / three_long;
      expected = FE_INEXACT;
      break;
    default:
      result_long = one_long / zero_long;
      result = one / three;
      expected = FE_DIVBYZERO | FE_INEXACT;
  }
  work(200);
  expect_int(fetestexcept(FE_ALL_EXCEPT), expected);
  (void)result, (void)result_long;
  if (draw(self, 4) != 0) return;
  /* Those of others may come, but those of SSE arithmetic do not go. */
  feclearexcept(FE_ALL_EXCEPT);
  result = one / zero;
  LWP_DispatchProcess();
  expect((fetestexcept(FE_ALL_EXCEPT) & FE_DIVBYZERO) != 0);
}

static void mixed(struct worker* self) {
  void (*const rounds[])(struct worker*) = {x87, scalar, print};
  rounds[self->number % 3](self);
}

TORTURE(x87_of_ten, 10, x87, 20)
TORTURE(rounding_modes_of_eight, 8, keep_rounding, 20)
TORTURE(exception_masks_of_eight, 8, keep_exception_masks, 20)
TORTURE(precisions_of_six, 6, keep_precision, 20)
TORTURE(exception_flags_of_twelve, 12, keep_exception_flags, 20)
TORTURE(mixed_of_twenty, 20, mixed, 20)
TORTURE(mixed_of_a_hundred, 100, mixed, 50)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(x87_of_ten),
      cmocka_unit_test(rounding_modes_of_eight),
      cmocka_unit_test(exception_masks_of_eight),
      cmocka_unit_test(precisions_of_six),
      cmocka_unit_test(exception_flags_of_twelve),
      cmocka_unit_test(mixed_of_twenty),
      cmocka_unit_test(mixed_of_a_hundred),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
