/* SPDX-License-Identifier: MIT */
/* torture_alternate_stack.c - the alternate signal stack under ticks. It belongs to the kernel
 * thread: what an LWP has set or disabled stays until the next does, whoever was suspended
 * meanwhile; and while a handler runs on it, nobody else does. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "torture.h"

#if !defined(SS_AUTODISARM)
#define SS_AUTODISARM (1u << 31) /* not in all C libraries' headers */
#endif

/* The address sanitizer loses its way when a handler on one stack jumps to another. */
#if defined(__SANITIZE_ADDRESS__)
enum { kJumps = 0 };
#else
enum { kJumps = 1 };
#endif

enum { kStackSize = 1 << 16, kStackUsers = 50, kPatternSize = 256 };

static unsigned char stacks[kStackUsers][kStackSize];

/* What sigaltstack has to tell; changed in sections, with the setting itself. */
static stack_t set;
static volatile long settings;

static int runs_on(const stack_t* stack) {
  const char here = 0;
  return (uintptr_t)&here - (uintptr_t)stack->ss_sp < stack->ss_size;
}

static void expect_same(const stack_t* present, const stack_t* wanted) {
  expect_int(present->ss_flags, wanted->ss_flags);
  if ((wanted->ss_flags & SS_DISABLE) != 0) return;
  expect(present->ss_sp == wanted->ss_sp);
  expect_int(present->ss_size, wanted->ss_size);
}

static void use(const stack_t* stack) {
  stack_t before;
  stack_t previous;
  PRE_BeginCritical();
  before = set;
  set = *stack;
  ++settings;
  expect_int(sigaltstack(stack, &previous), 0);
  expect_same(&previous, &before);
  PRE_EndCritical();
}

static void use_own(struct worker* self) {
  stack_t own;
  memset(&own, 0, sizeof own);
  own.ss_sp = stacks[self->number];
  own.ss_size = kStackSize - draw(self, 4) * 4096;
  own.ss_flags = draw(self, 3) == 0 ? (int)SS_AUTODISARM : 0;
  use(&own);
}

static void use_none(void) {
  stack_t none;
  memset(&none, 0, sizeof none);
  none.ss_flags = SS_DISABLE;
  use(&none);
}

/* Outside sections, so whoever runs between the two may have set another. */
static void look(void) {
  const long before = settings;
  stack_t present;
  stack_t wanted;
  expect_int(sigaltstack(NULL, &present), 0);
  wanted = set;
  if (settings == before) expect_same(&present, &wanted);
}

/* --- A handler on it, at level 0, in which ticks come. */

static sigjmp_buf ways_out[kStackUsers];
static volatile int handlers_running;
static volatile long handled_there; /* on an alternate stack */
static volatile long handled_here;  /* on the LWP's own, as there was none */
static volatile long jumps;

static void paint(unsigned char* pattern, int number) {
  int i;
  for (i = 0; i < kPatternSize; ++i) pattern[i] = (unsigned char)(number * 7 + i);
}

static void expect_painted(const unsigned char* pattern, int number) {
  int i;
  for (i = 0; i < kPatternSize; ++i) expect_int(pattern[i], (unsigned char)(number * 7 + i));
}

static int disarms(const stack_t* stack) { return (stack->ss_flags & (int)SS_AUTODISARM) != 0; }
static int is_none(const stack_t* stack) { return (stack->ss_flags & SS_DISABLE) != 0; }

/* While a handler runs on it, the system refuses another one, unless it has disarmed itself. */
static void look_inside(const stack_t* wanted) {
  stack_t present;
  expect_int(sigaltstack(NULL, &present), 0);
  if (is_none(wanted) || disarms(wanted)) {
    expect_int(present.ss_flags, SS_DISABLE);
  } else {
    expect_int(present.ss_flags, SS_ONSTACK);
    expect(present.ss_sp == wanted->ss_sp);
    expect_int(sigaltstack(wanted, NULL), -1);
  }
}

/* The kernel does not put back what it has disarmed, if the handler never returns. */
static void jump_out(const struct worker* self) {
  if (disarms(&set)) {
    memset(&set, 0, sizeof set);
    set.ss_flags = SS_DISABLE;
    ++settings;
  }
  ++jumps;
  siglongjmp(ways_out[self->number], 1);
}

static void on_signal(int signo, siginfo_t* info, void* context) {
  struct worker* const self = (struct worker*)info->si_value.sival_ptr;
  const PROCESS lwp = LWP_ThisProcess();
  const stack_t wanted = set;
  unsigned char pattern[kPatternSize];
  (void)signo, (void)context;
  expect_int(++handlers_running, 1);
  expect_int(runs_on(&wanted), !is_none(&wanted));
  ++*(is_none(&wanted) ? &handled_here : &handled_there);
  paint(pattern, self->number);
  look_inside(&wanted);
  work(draw(self, 1000));
  PRE_BeginCritical();
  LWP_NoYieldSignal(&set);
  work(draw(self, 200));
  PRE_EndCritical();
  work(draw(self, 1000));
  look_inside(&wanted);
  expect_painted(pattern, self->number);
  expect(LWP_ThisProcess() == lwp);
  expect_int(--handlers_running, 0);
  if (kJumps && draw(self, 4) == 0) jump_out(self);
}

static void be_signalled(struct worker* self) {
  union sigval value;
  value.sival_ptr = self;
  if (sigsetjmp(ways_out[self->number], 1) == 0) {
    const int signo = draw(self, 2) == 0 ? SIGUSR1 : SIGUSR2;
    expect_int(pthread_sigqueue(pthread_self(), signo, value), 0);
  }
  expect_int(handlers_running, 0);
}

/* --- */

static void change(struct worker* self) {
  if (draw(self, 3) == 0) {
    use_none();
  } else {
    use_own(self);
  }
}

static void change_and_look(struct worker* self) {
  look();
  if (draw(self, 4) == 0) change(self);
  work(draw(self, 500));
  look();
  if (draw(self, 8) == 0) LWP_DispatchProcess();
}

static void take_signals(struct worker* self) {
  change_and_look(self);
  be_signalled(self);
}

static void any(struct worker* self) {
  (self->number % 2 == 0 ? change_and_look : take_signals)(self);
}

static void handle(int signo, int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
  expect_int(sigaction(signo, &action, NULL), 0);
}

static int seen_all_handlers(void) {
  return handled_here > 0 && handled_there > 0 && (jumps > 0 || !kJumps);
}

static void torture(int lwps, void (*round)(struct worker*)) {
  handle(SIGUSR1, 0);
#if defined(__x86_64__)
  handle(SIGUSR2, SA_NODEFER); /* elsewhere not recognised without an alternate stack */
#else
  handle(SIGUSR2, 0);
#endif
  open_shop();
  expect_int(sigaltstack(NULL, &set), 0);
  hire(lwps, round);
  if (round != change_and_look) seen_enough = seen_all_handlers;
  work_and_close(20);
  look();
}

CASE(settings_of_ten) { torture(10, change_and_look); }
CASE(handlers_of_ten) { torture(10, take_signals); }
CASE(settings_and_handlers_of_fifty) { torture(50, any); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(settings_of_ten),
      cmocka_unit_test(handlers_of_ten),
      cmocka_unit_test(settings_and_handlers_of_fifty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
