/* SPDX-License-Identifier: MIT */
/* torture_access_rights.c - memory protection keys under ticks: whoever is preempted has its own
 * rights back, at whatever instruction it was, in handlers of faults too. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "torture.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(PKEY_DISABLE_ACCESS)

/* The first can be read and written by everybody at all times, the second by nobody; to the others
 * each LWP gives itself rights by the dice. */
enum { kOpen, kClosed, kFirstOwn, kPages = 6, kPageSize = 4096 };

static const unsigned kRights[] = {0, PKEY_DISABLE_WRITE, PKEY_DISABLE_ACCESS};

static volatile long* pages[kPages];
static int keys[kPages];
static volatile long faults;

static int have_keys(void) {
  const int probe = pkey_alloc(0, 0);
  if (probe >= 0) pkey_free(probe);
  return probe >= 0;
}

/* --- An access that may fail: the handler has it go on behind the instruction. */

int access_is_allowed(volatile long* at, int write);
extern const char first_access[], after_accesses[], denied[];

#if defined(__i386__)
#define PROGRAM_COUNTER REG_EIP
#define TEST_WRITE "  movl 4(%esp), %ecx\n  cmpl $0, 8(%esp)\n"
#define READ "  movl (%ecx), %eax\n"
#define WRITE "  movl $7, (%ecx)\n"
#else
#define PROGRAM_COUNTER REG_RIP
#define TEST_WRITE "  testl %esi, %esi\n"
#define READ "  movq (%rdi), %rax\n"
#define WRITE "  movq $7, (%rdi)\n"
#endif

/* Above `denied` the result is 1. Functions of assembly have no instrumentation. */
__asm__(
    ".pushsection .text\n"
    ".type access_is_allowed, @function\n"
    "access_is_allowed:\n" TEST_WRITE
    "first_access:\n"
    "  jnz 1f\n" READ
    "  movl $1, %eax\n"
    "  ret\n"
    "1:\n" WRITE
    "after_accesses:\n"
    "  movl $1, %eax\n"
    "  ret\n"
    "denied:\n"
    "  xorl %eax, %eax\n"
    "  ret\n"
    ".size access_is_allowed, . - access_is_allowed\n"
    ".popsection");

static int page_of(const void* address) {
  int i;
  for (i = 0; i < kPages; ++i) {
    if ((uintptr_t)address - (uintptr_t)pages[i] < kPageSize) return i;
  }
  return -1;
}

/* It runs with the rights that the system gives to handlers, whatever those of the LWP are; some of
 * its time is spent in ticks. */
static void on_fault(int signo, siginfo_t* info, void* context) {
  greg_t* const registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const PROCESS self = LWP_ThisProcess();
  const int page = page_of(info->si_addr);
  int i;
  expect_int(signo, SIGSEGV);
  expect_int(info->si_code, SEGV_PKUERR);
  expect(page >= 0);
  expect_int(info->si_pkey, keys[page]);
  expect((uintptr_t)registers[PROGRAM_COUNTER] >= (uintptr_t)first_access &&
         (uintptr_t)registers[PROGRAM_COUNTER] < (uintptr_t)after_accesses);
  for (i = 0; i < kPages; ++i) expect_int(pkey_get(keys[i]), PKEY_DISABLE_ACCESS);
  work(300);
  PRE_BeginCritical();
  LWP_NoYieldSignal((void*)&faults);
  work(100);
  PRE_EndCritical();
  for (i = 0; i < kPages; ++i) expect_int(pkey_get(keys[i]), PKEY_DISABLE_ACCESS);
  expect(LWP_ThisProcess() == self);
  ++faults;
  registers[PROGRAM_COUNTER] = (greg_t)(uintptr_t)denied;
}

/* --- What an LWP has set stays, until it yields. */

static void look(const unsigned* rights) {
  int i;
  for (i = 0; i < kPages; ++i) {
    expect_int(pkey_get(keys[i]), rights[i]);
    expect_int(access_is_allowed(pages[i], 0), rights[i] != PKEY_DISABLE_ACCESS);
    expect_int(access_is_allowed(pages[i], 1), rights[i] == 0);
  }
}

static void look_at_common_ones(void) {
  expect_int(pkey_get(keys[kOpen]), 0);
  expect_int(access_is_allowed(pages[kOpen], 1), 1);
  expect_int(pkey_get(keys[kClosed]), PKEY_DISABLE_ACCESS);
  expect_int(access_is_allowed(pages[kClosed], 0), 0);
}

static void keep_rights(struct worker* self) {
  unsigned rights[kPages] = {0, PKEY_DISABLE_ACCESS};
  int i;
  for (i = kFirstOwn; i < kPages; ++i) {
    rights[i] = kRights[draw(self, 3)];
    expect_int(pkey_set(keys[i], rights[i]), 0);
  }
  look(rights);
  work(draw(self, 1000));
  look(rights);
  for (i = 0; i < 10; ++i) {
    PRE_BeginCritical();
    work(draw(self, 300));
    PRE_EndCritical();
    expect_int(access_is_allowed(pages[kPages - 1], 1), rights[kPages - 1] == 0);
  }
  look(rights);
}

/* --- A yield leads to the rights of whoever was interrupted, never to those of a handler. */

static void yield(struct worker* self) {
  keep_rights(self);
  LWP_DispatchProcess();
  look_at_common_ones();
}

static void short_life(void* parm) {
  look_at_common_ones();
  PRE_PreemptMe();
  work(100);
  look_at_common_ones();
  ++*(volatile int*)parm;
}

static void bear(struct worker* self) {
  volatile int born = 0;
  look_at_common_ones();
  expect_int(
      LWP_CreateProcess(short_life, 0, (int)draw(self, 2) * 2 + 2, (void*)&born, "short", NULL),
      LWP_SUCCESS);
  while (!born) LWP_DispatchProcess();
  look_at_common_ones();
}

static void any(struct worker* self) {
  void (*const rounds[])(struct worker*) = {keep_rights, yield, bear};
  rounds[self->number % 3](self);
}

static int seen_a_fault(void) { return faults > 0; }

static void torture(int lwps, void (*round)(struct worker*)) {
  struct sigaction action;
  int i;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  expect_int(sigaction(SIGSEGV, &action, NULL), 0);
  for (i = 0; i < kPages; ++i) {
    keys[i] = pkey_alloc(0, i == kClosed ? PKEY_DISABLE_ACCESS : 0);
    expect(keys[i] > 0);
    pages[i] = (volatile long*)mmap(NULL, kPageSize, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(pages[i] != MAP_FAILED);
    expect_int(pkey_mprotect((void*)pages[i], kPageSize, PROT_READ | PROT_WRITE, keys[i]), 0);
  }
  open_shop();
  hire(lwps, round);
  seen_enough = seen_a_fault;
  work_and_close(20);
}

#define TORTURE_OF_RIGHTS(name, lwps, round) \
  CASE_IF(have_keys(), "no memory protection keys here", name) { torture(lwps, round); }

#else

#define TORTURE_OF_RIGHTS(name, lwps, round) \
  CASE_IF(0, "no memory protection keys here", name) { expect(0); }

#endif

TORTURE_OF_RIGHTS(rights_of_ten, 10, keep_rights)
TORTURE_OF_RIGHTS(rights_of_ten_that_yield, 10, yield)
TORTURE_OF_RIGHTS(rights_of_the_newly_born, 5, bear)
TORTURE_OF_RIGHTS(rights_of_fifty, 50, any)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rights_of_ten),
      cmocka_unit_test(rights_of_ten_that_yield),
      cmocka_unit_test(rights_of_the_newly_born),
      cmocka_unit_test(rights_of_fifty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
