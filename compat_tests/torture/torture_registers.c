/* SPDX-License-Identifier: MIT */
/* torture_registers.c - all registers of the processor, and errno, are each LWP's own under ticks.
 */
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "registers.h"

static int somebody_was_moved(void) { return moved > 0; }

static void torture_ten(void (*round)(struct worker*)) {
  open_shop();
  hire(10, round);
  seen_enough = somebody_was_moved;
  work_and_close(20);
}

CASE(errno_of_ten) { torture_ten(keep_errno); }

#if defined(__x86_64__)

enum { kRedZone = 128 };

static volatile long frame_bytes;

static void measure_frame(int signo, siginfo_t* info, void* context) {
  const ucontext_t* const frame = (const ucontext_t*)context;
  (void)signo, (void)info;
  /* Above it, the system has left room for what leaf functions keep below the stack pointer. */
  frame_bytes = (long)frame->uc_mcontext.gregs[REG_RSP] - kRedZone - (long)frame;
}

static long measured_frame(void) {
  tick_here();
  return frame_bytes;
}

CASE_IF(have_tiles(), "no AMX here", frames_with_tiles_are_no_larger_than_the_system_says) {
  static unsigned char in[kTileBytes];
  const long told = (long)getauxval(AT_MINSIGSTKSZ);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = measure_frame;
  action.sa_flags = SA_SIGINFO;
  expect_int(sigaction(SIGALRM, &action, NULL), 0);
  frame_bytes = measured_frame();
  expect(frame_bytes <= told);
  load_tiles(in);
  expect(measured_frame() >= kTileBytes);
  expect(frame_bytes <= told);
}

CASE(general_registers_of_ten) { torture_ten(general); }
CASE(x87_registers_of_ten) { torture_ten(x87); }
CASE(sse_registers_of_ten) { torture_ten(sse); }
CASE_IF(__builtin_cpu_supports("avx"), "no AVX here", avx_registers_of_ten) { torture_ten(avx); }
CASE_IF(__builtin_cpu_supports("avx512bw"), "no AVX-512 here", avx512_registers_of_ten) {
  torture_ten(avx512);
}
CASE_IF(have_tiles(), "no AMX here", amx_tiles_of_ten) { torture_ten(tiles); }

#endif

CASE(any_registers_of_fifty) {
  tiles_permitted = have_tiles();
  open_shop();
  hire(50, keep_any_register);
  seen_enough = somebody_was_moved;
  work_and_close(20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(errno_of_ten),
#if defined(__x86_64__)
    cmocka_unit_test(frames_with_tiles_are_no_larger_than_the_system_says),
    cmocka_unit_test(general_registers_of_ten),
    cmocka_unit_test(x87_registers_of_ten),
    cmocka_unit_test(sse_registers_of_ten),
    cmocka_unit_test(avx_registers_of_ten),
    cmocka_unit_test(avx512_registers_of_ten),
    cmocka_unit_test(amx_tiles_of_ten),
#endif
    cmocka_unit_test(any_registers_of_fifty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
