/* SPDX-License-Identifier: MIT */
/*
 * registers.h - rounds for torture LWPs that fill registers with the LWP's values, spin in the
 * program's own code, where ticks move it to others that do the same, and compare.
 */
#ifndef TORTURE_REGISTERS_H
#define TORTURE_REGISTERS_H

#include <errno.h>
#include <string.h>

#include "torture.h"

static volatile int last_number = -1;
static volatile long moved; /* rounds in which others ran meanwhile */

static void begin_spin(struct worker* self) { last_number = self->number; }

static void end_spin(struct worker* self) {
  if (last_number != self->number) ++moved;
}

static void keep_errno(struct worker* self) {
  const int mine = 1000 + self->number;
  errno = mine;
  begin_spin(self);
  work(5000);
  end_spin(self);
  expect_int(errno, mine);
  close(-1);
  work(100);
  expect_int(errno, EBADF);
}

#if defined(__x86_64__)

enum { kSpins = 20000 };

/* Returns the number of the first general register that is not as it was set, or 0; 16 and 17 stand
 * for the carry and the direction flag. */
#if defined(__cplusplus)
extern "C"
#endif
    long
    spin_with_general_registers(long seed, long spins);

__asm__(
    ".text\n"
    ".type spin_with_general_registers, @function\n"
    "spin_with_general_registers:\n\t"
    ".cfi_startproc\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rdi\n\t"
    "mov %rsi, %rax\n\t"
    "lea 1(%rdi), %rbx; lea 2(%rdi), %rcx; lea 3(%rdi), %rdx; lea 4(%rdi), %rsi\n\t"
    "lea 5(%rdi), %rbp; lea 6(%rdi), %r8; lea 7(%rdi), %r9; lea 8(%rdi), %r10\n\t"
    "lea 9(%rdi), %r11; lea 10(%rdi), %r12; lea 11(%rdi), %r13; lea 12(%rdi), %r14\n\t"
    "lea 13(%rdi), %r15\n\t"
    "stc\n\t"
    "std\n"
    "1:\tdec %rax\n\t"
    "jnz 1b\n\t"
    "mov $16, %eax\n\t"
    "jnc 3f\n\t"
    "pushf\n\t"
    "testl $0x400, (%rsp)\n\t"
    "lea 8(%rsp), %rsp\n\t"
    "mov $17, %eax\n\t"
    "jz 3f\n\t"
    "mov $14, %eax; cmp %rdi, (%rsp); jne 3f\n\t"
    "mov $1, %eax; sub %rdi, %rbx; cmp $1, %rbx; jne 3f\n\t"
    "mov $2, %eax; sub %rdi, %rcx; cmp $2, %rcx; jne 3f\n\t"
    "mov $3, %eax; sub %rdi, %rdx; cmp $3, %rdx; jne 3f\n\t"
    "mov $4, %eax; sub %rdi, %rsi; cmp $4, %rsi; jne 3f\n\t"
    "mov $5, %eax; sub %rdi, %rbp; cmp $5, %rbp; jne 3f\n\t"
    "mov $6, %eax; sub %rdi, %r8; cmp $6, %r8; jne 3f\n\t"
    "mov $7, %eax; sub %rdi, %r9; cmp $7, %r9; jne 3f\n\t"
    "mov $8, %eax; sub %rdi, %r10; cmp $8, %r10; jne 3f\n\t"
    "mov $9, %eax; sub %rdi, %r11; cmp $9, %r11; jne 3f\n\t"
    "mov $10, %eax; sub %rdi, %r12; cmp $10, %r12; jne 3f\n\t"
    "mov $11, %eax; sub %rdi, %r13; cmp $11, %r13; jne 3f\n\t"
    "mov $12, %eax; sub %rdi, %r14; cmp $12, %r14; jne 3f\n\t"
    "mov $13, %eax; sub %rdi, %r15; cmp $13, %r15; jne 3f\n\t"
    "xor %eax, %eax\n"
    "3:\tcld\n\t"
    "pop %rdi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n\t"
    ".cfi_endproc\n\t"
    ".size spin_with_general_registers, . - spin_with_general_registers\n");

static void general(struct worker* self) {
  const long seed = (long)(self->random * 0x123456789abcdULL) + self->number;
  begin_spin(self);
  expect_int(spin_with_general_registers(seed, kSpins), 0);
  end_spin(self);
}

/* The values of one round, different in each register and LWP, and what came back. */
struct canaries {
  unsigned char in[8192] __attribute__((aligned(64)));
  unsigned char out[8192] __attribute__((aligned(64)));
};

static struct canaries canaries[kMostLwps];

static struct canaries* make_canaries(struct worker* self, size_t bytes) {
  struct canaries* const own = &canaries[self->number];
  const unsigned seed = draw(self, 256);
  size_t i;
  for (i = 0; i < bytes; ++i) {
    own->in[i] = (unsigned char)(seed + i + i / 64 * 7 + (unsigned)self->number);
  }
  memset(own->out, 0, bytes);
  begin_spin(self);
  return own;
}

static void check_canaries(struct worker* self, const struct canaries* own, size_t bytes) {
  size_t i;
  end_spin(self);
  for (i = 0; i < bytes; ++i) {
    if (own->in[i] != own->out[i]) {
      expect_failed(__FILE__, __LINE__, "LWP %d: byte %ld is %d, not %d", self->number, (long)i,
                    own->out[i], own->in[i]);
    }
  }
}

#define ALL_8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define ALL_16(X) ALL_8(X) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define UPPER_16(X) \
  X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define SPIN "movl %[spins], %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
#define OPERANDS [in] "r"(own->in), [out] "r"(own->out), [spins] "i"(kSpins)
#define CLOBBERS                                                                                 \
  "memory", "cc", "rcx", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
      "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* Eight integers, as not every pattern of bits is a number. */
static void x87(struct worker* self) {
  struct canaries* const own = make_canaries(self, 64);
#define LOAD(n) "fildq 8*" #n "(%[in])\n\t"
#define STORE(n) "fistpq 56-8*" #n "(%[out])\n\t"
  __asm__ __volatile__(ALL_8(LOAD) SPIN ALL_8(STORE)
                       :
                       : OPERANDS
                       : "memory", "cc", "rcx", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",
                         "st(6)", "st(7)");
#undef LOAD
#undef STORE
  check_canaries(self, own, 64);
}

static void sse(struct worker* self) {
  struct canaries* const own = make_canaries(self, 16 * 16);
#define LOAD(n) "movups 16*" #n "(%[in]), %%xmm" #n "\n\t"
#define STORE(n) "movups %%xmm" #n ", 16*" #n "(%[out])\n\t"
  __asm__ __volatile__(ALL_16(LOAD) SPIN ALL_16(STORE) : : OPERANDS : CLOBBERS);
#undef LOAD
#undef STORE
  check_canaries(self, own, 16 * 16);
}

__attribute__((target("avx"))) static void avx(struct worker* self) {
  struct canaries* const own = make_canaries(self, 16 * 32);
#define LOAD(n) "vmovups 32*" #n "(%[in]), %%ymm" #n "\n\t"
#define STORE(n) "vmovups %%ymm" #n ", 32*" #n "(%[out])\n\t"
  __asm__ __volatile__(ALL_16(LOAD) SPIN ALL_16(STORE) "vzeroupper\n\t" : : OPERANDS : CLOBBERS);
#undef LOAD
#undef STORE
  check_canaries(self, own, 16 * 32);
}

/* 32 vectors and, behind them, 8 masks. */
__attribute__((target("avx512f,avx512bw"))) static void avx512(struct worker* self) {
  enum { kBytes = 32 * 64 + 8 * 8 };
  struct canaries* const own = make_canaries(self, kBytes);
#define LOAD(n) "vmovups 64*" #n "(%[in]), %%zmm" #n "\n\t"
#define STORE(n) "vmovups %%zmm" #n ", 64*" #n "(%[out])\n\t"
#define LOAD_MASK(n) "kmovq 2048+8*" #n "(%[in]), %%k" #n "\n\t"
#define STORE_MASK(n) "kmovq %%k" #n ", 2048+8*" #n "(%[out])\n\t"
  __asm__ __volatile__(ALL_16(LOAD) UPPER_16(LOAD) ALL_8(LOAD_MASK) SPIN ALL_16(STORE)
                           UPPER_16(STORE) ALL_8(STORE_MASK) "vzeroupper\n\t"
                       :
                       : OPERANDS
                       : CLOBBERS, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
                         "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",
                         "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7");
#undef LOAD
#undef STORE
  check_canaries(self, own, kBytes);
}

/* --- AMX: eight tiles of a kilobyte. */

enum { kTileBytes = 8192 };

static int have_tiles(void) {
  enum { kRequestPermission = 0x1023, kTileData = 18 };
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

__attribute__((target("amx-tile"))) static void load_tiles(const unsigned char* in) {
  struct {
    unsigned char palette, start_row, reserved[14];
    unsigned short row_bytes[16];
    unsigned char rows[16];
  } shape;
  int i;
  memset(&shape, 0, sizeof shape);
  shape.palette = 1;
  for (i = 0; i < 8; ++i) shape.row_bytes[i] = 64, shape.rows[i] = 16;
#define LOAD(n) "tileloadd 1024*" #n "(%[in], %[stride]), %%tmm" #n "\n\t"
  __asm__ __volatile__("ldtilecfg %[shape]\n\t" ALL_8(LOAD)
                       :
                       : [shape] "m"(shape), [in] "r"(in), [stride] "r"(64L)
                       : "memory");
#undef LOAD
}

__attribute__((target("amx-tile"))) static void store_tiles(unsigned char* out) {
#define STORE(n) "tilestored %%tmm" #n ", 1024*" #n "(%[out], %[stride])\n\t"
  __asm__ __volatile__(ALL_8(STORE) : : [out] "r"(out), [stride] "r"(64L) : "memory");
#undef STORE
}

/* Some leave the tiles in use when they are through with them, so that frames vary in size. */
__attribute__((target("amx-tile"))) static void tiles(struct worker* self) {
  struct canaries* const own = make_canaries(self, kTileBytes);
  load_tiles(own->in);
  work(kSpins / 2);
  store_tiles(own->out);
  check_canaries(self, own, kTileBytes);
  if (self->number % 2 == 0) __asm__ __volatile__("tilerelease");
}

static int tiles_permitted;

static void keep_any_register(struct worker* self) {
  switch (self->number % 7) {
    case 0:
      if (tiles_permitted) {
        tiles(self);
        break;
      }
      /* fall through */
    case 1:
      if (__builtin_cpu_supports("avx512bw")) {
        avx512(self);
        break;
      }
      /* fall through */
    case 2:
      if (__builtin_cpu_supports("avx")) {
        avx(self);
        break;
      }
      /* fall through */
    case 3:
      sse(self);
      break;
    case 4:
      x87(self);
      break;
    case 5:
      keep_errno(self);
      break;
    default:
      general(self);
  }
}

#else

static int tiles_permitted;

static int have_tiles(void) { return 0; }
static void keep_any_register(struct worker* self) { keep_errno(self); }

#endif

#endif
