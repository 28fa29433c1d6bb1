/* SPDX-License-Identifier: MIT */
/* torture_float.c - floating-point registers and modes belong to each LWP, whatever ticks do. */
#include <errno.h>
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

#if defined(__x86_64__)

#define LOAD(n) "movups (%[canary]), %%xmm" #n "\n\t"
#define LOAD_AVX(n) "vmovups (%[canary]), %%ymm" #n "\n\t"
#define LOAD_512(n) "vmovups (%[canary]), %%zmm" #n "\n\t"
#define ALL_16(X) \
  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define CLOBBERS                                                                                 \
  "memory", "cc", "rcx", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
      "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define SPIN "movl $20000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"

#define STORE(n) "movups %%xmm" #n ", 16*" #n "(%[out])\n\t"
#define STORE_AVX(n) "vmovups %%ymm" #n ", 32*" #n "(%[out])\n\t"
#define STORE_512(n) "vmovups %%zmm" #n ", 64*" #n "(%[out])\n\t"

static void check_registers(struct worker* self, const unsigned char* out, int bytes) {
  int i;
  for (i = 0; i < bytes; ++i) expect_int(out[i], (unsigned char)(self->number + i % 16));
}

static void make_canary(struct worker* self, unsigned char* canary) {
  int i;
  for (i = 0; i < 64; ++i) canary[i] = (unsigned char)(self->number + i % 16);
}

static void sse(struct worker* self) {
  unsigned char canary[64];
  unsigned char out[16 * 16];
  make_canary(self, canary);
  __asm__ __volatile__(ALL_16(LOAD) SPIN ALL_16(STORE)
                       :
                       : [canary] "r"(canary), [out] "r"(out)
                       : CLOBBERS);
  check_registers(self, out, sizeof out);
}

__attribute__((target("avx"))) static void avx(struct worker* self) {
  unsigned char canary[64];
  unsigned char out[16 * 32];
  make_canary(self, canary);
  __asm__ __volatile__(ALL_16(LOAD_AVX) SPIN ALL_16(STORE_AVX)
                       :
                       : [canary] "r"(canary), [out] "r"(out)
                       : CLOBBERS);
  check_registers(self, out, sizeof out);
}

__attribute__((target("avx512f"))) static void avx512(struct worker* self) {
  unsigned char canary[64];
  unsigned char out[16 * 64];
  make_canary(self, canary);
  __asm__ __volatile__(ALL_16(LOAD_512) SPIN ALL_16(STORE_512)
                       :
                       : [canary] "r"(canary), [out] "r"(out)
                       : CLOBBERS);
  check_registers(self, out, sizeof out);
}

static void registers(struct worker* self) {
  switch (self->number % 3) {
    case 0:
      if (__builtin_cpu_supports("avx512f")) {
        avx512(self);
        break;
      }
      /* fall through */
    case 1:
      if (__builtin_cpu_supports("avx")) {
        avx(self);
        break;
      }
      /* fall through */
    default:
      sse(self);
  }
}

#else

static void registers(struct worker* self) { scalar(self); }

#endif

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

static void keep_errno(struct worker* self) {
  const int mine = 1000 + self->number;
  errno = mine;
  work(100);
  expect_int(errno, mine);
}

static void mixed(struct worker* self) {
  void (*const rounds[])(struct worker*) = {x87, scalar, registers, print, keep_errno};
  rounds[self->number % 5](self);
}

TORTURE(x87_of_ten, 10, x87, 20)
TORTURE(registers_of_ten, 10, registers, 20)
TORTURE(rounding_modes_of_eight, 8, keep_rounding, 20)
TORTURE(mixed_of_twenty, 20, mixed, 20)
TORTURE(mixed_of_a_hundred, 100, mixed, 50)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(x87_of_ten),
      cmocka_unit_test(registers_of_ten),
      cmocka_unit_test(rounding_modes_of_eight),
      cmocka_unit_test(mixed_of_twenty),
      cmocka_unit_test(mixed_of_a_hundred),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
