// SPDX-License-Identifier: MIT
// torture_every_instruction.cc - a tick, or a signal whose handler calls the library, at each
// single instruction of library calls and of the program: whatever it interrupts is done right, no
// tick and no call is lost.
#include <dlfcn.h>
#include <lwp/lock.h>
#include <lwp/lwpx.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "stepper.h"
#include "torture.h"

namespace {

double computed;

// --- What happens beside the call that is stepped through.

volatile long turns;      // of the rival
volatile bool in_region;  // a place where nobody else may run
volatile bool intruded;
char turn_ends, signalled;  // events
volatile long wakings;      // of an LWP that waits for it
volatile long credits_taken;
volatile long credits_given;
PROCESS taker;
Lock lock;
volatile int holders;

// One turn of an LWP with the priority of those that are tested, which comes back to them by
// itself.
void rival(void*) {
  for (;;) {
    if (in_region) intruded = true;
    ++turns;
    const int was_stepped = step_pause();
    char text[40];
    snprintf(text, sizeof text, "%f", static_cast<double>(turns));
    free(malloc(100));
    step_resume(was_stepped);
    LWP_NoYieldSignal(&turn_ends);
    LWP_DispatchProcess();
  }
}

void wait_for_signal(void*) {
  for (;;) {
    expect_int(LWP_WaitProcess(&signalled), LWP_SUCCESS);
    ++wakings;
  }
}

void take_credits(void*) {
  for (;;) {
    expect_int(LWP_QWait(), LWP_SUCCESS);
    ++credits_taken;
  }
}

void share_lock(void*) {
  for (;;) {
    ObtainWriteLock(&lock);
    expect_int(++holders, 1);
    LWP_DispatchProcess();
    --holders;
    ReleaseWriteLock(&lock);
    LWP_DispatchProcess();
  }
}

// The program's handler: a credit, which must arrive, and two calls that ask for a dispatch.
void on_signal(int) {
  const int rc = LWP_QSignal(taker);
  expect(rc == LWP_SUCCESS || rc == LWP_ENOWAIT);
  ++credits_given;
  LWP_NoYieldSignal(&turn_ends);
}

#define STEPPED(name) CASE_IF(STEPPER_WORKS, "no stepper here", name)

// --- Running a call with a signal at each of its instructions.

// Where a tick at level 0 moves the LWP at once.
bool in_program(const void* where) {
  Dl_info program, library, here;
  dladdr(reinterpret_cast<void*>(&LWP_Init), &library);
  dladdr(reinterpret_cast<void*>(&rival), &program);
  if (program.dli_fbase == library.dli_fbase) return false;  // linked statically: not told apart
  return dladdr(const_cast<void*>(where), &here) != 0 && here.dli_fbase == program.dli_fbase;
}

struct Call {
  void (*body)(void*);
  void (*check)(long turns_had, bool at_once);  // after each run
};

void begin(bool preemptible) {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  stepper_begin();
  expect_int(LWP_Init(LWP_VERSION, 2, nullptr), LWP_SUCCESS);
  Lock_Init(&lock);
  slices_by_hand();
  expect_int(LWP_CreateProcess(take_credits, 0, 2, nullptr, "taker", &taker), LWP_SUCCESS);
  start_lwp(rival, 2, nullptr);
  sigaddset(&action.sa_mask, SIGALRM);
  sigaction(SIGUSR1, &action, nullptr);
  if (preemptible) PRE_PreemptMe();
}

// Nothing is left to be caught up with: neither the word says so, nor does the next call find it.
void settle() {
  const long level_0_nothing_owed = 1;
  const long had = turns;
  expect_int(lwpx_critical_word, level_0_nothing_owed);
  expect_int(LWP_NoYieldSignal(&computed), LWP_ENOWAIT);
  expect_int(turns, had);
  for (int i = 0; i < 4; ++i) LWP_DispatchProcess();
  expect_int(credits_taken, credits_given);
  expect(!intruded);
}

// For each instruction, or, if they are too many for the time, for each of so many: a signal there,
// and then another run with a second one soon after. LWP_TORTURE_SEED says at which to begin.
void at_every_instruction_send(const Call& call, int signo) {
  constexpr unsigned kSoon = 500;  // others have run, and the library is being left
  const char* const seed = getenv("LWP_TORTURE_SEED");
  call.body(nullptr);  // binds names, touches memory
  const double begin = cpu_seconds();
  const long steps = step_through(call.body, nullptr, signo, kNoStep, kNoStep).steps;
  expect(steps > 0);
  settle();
  // There are as many runs with two signals, and a case has two kinds of signals; settling takes
  // time, too.
  const double per_run = cpu_seconds() - begin + 1e-4;
  const auto runs = static_cast<long>(torture_seconds() / (6 * per_run)) + 1;
  const long stride = steps / runs + 1;
  worker random = {};
  for (long number = 1 + (seed != nullptr ? atol(seed) % stride : 0);; number += stride) {
    const long before = turns;
    const step_run run = step_through(call.body, nullptr, signo, number, kNoStep);
    if (run.signals == 0) break;
    if (call.check != nullptr) call.check(turns - before, in_program(run.where));
    settle();
    for (long pairs = runs / steps; pairs >= 0; --pairs) {
      const long second = number + 1 + draw(&random, kSoon);
      step_through(call.body, nullptr, signo, number, second);
      settle();
    }
  }
}

void torture(const Call& call) {
  begin(true);
  at_every_instruction_send(call, SIGALRM);
  at_every_instruction_send({call.body, nullptr}, SIGUSR1);
}

// --- The calls. Those that do not switch by themselves: the tick lets the rival run just once.

void moved_once(long turns_had, bool) { expect_int(turns_had, 1); }

// Not by a tick that comes in code in which none acts: the way into the library, libc.
void moved_once_if_it_may(long turns_had, bool at_once) {
  expect(turns_had == 1 || (turns_had == 0 && !at_once));
}

void compute(void*) {
  double sum = 0;
  long count = 0;
  for (int i = 1; i <= 20; ++i) {
    sum += 1.0 / i;
    count += i * i;
  }
  if (computed == 0) computed = sum;
  expect(sum == computed && count == 2870);
}

STEPPED(arithmetic) { torture({compute, moved_once}); }

void pass_section(void*) {
  PRE_BeginCritical();
  in_region = true;
  PRE_BeginCritical();
  PRE_EndCritical();
  in_region = false;
  PRE_EndCritical();
}

STEPPED(sections) { torture({pass_section, moved_once}); }

void pass_section_by_functions(void*) {
  static void (*volatile const begin_section)() = &(PRE_BeginCritical);
  static void (*volatile const end_section)() = &(PRE_EndCritical);
  begin_section();
  in_region = true;
  in_region = false;
  end_section();
}

STEPPED(sections_by_functions) { torture({pass_section_by_functions, moved_once_if_it_may}); }

void become_preemptible(void*) {
  PRE_BeginCritical();
  PRE_PreemptMe();
}

STEPPED(becoming_preemptible) { torture({become_preemptible, moved_once_if_it_may}); }

void signal_nobody(void*) { expect_int(LWP_NoYieldSignal(&computed), LWP_ENOWAIT); }

STEPPED(signals_without_waiter) { torture({signal_nobody, moved_once_if_it_may}); }

void signal_and_count(void*) {
  static long expected;
  expect_int(LWP_NoYieldSignal(&signalled), LWP_SUCCESS);
  ++expected;
  while (wakings < expected) LWP_DispatchProcess();
  expect_int(wakings, expected);
}

STEPPED(signals_wake_once) {
  begin(true);
  start_lwp(wait_for_signal, 2, nullptr);
  at_every_instruction_send({signal_and_count, nullptr}, SIGALRM);
  at_every_instruction_send({signal_and_count, nullptr}, SIGUSR1);
}

void credit_self(void*) {
  const int rc = LWP_QSignal(LWP_ThisProcess());
  expect_int(rc, LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS);
}

STEPPED(credits_to_oneself) { torture({credit_self, nullptr}); }

void lock_and_unlock(void*) {
  ObtainWriteLock(&lock);
  expect_int(++holders, 1);
  --holders;
  ReleaseWriteLock(&lock);
}

STEPPED(locks) { torture({lock_and_unlock, moved_once_if_it_may}); }

STEPPED(locks_that_others_hold) {
  begin(true);
  start_lwp(share_lock, 2, nullptr);
  at_every_instruction_send({lock_and_unlock, nullptr}, SIGALRM);
  at_every_instruction_send({lock_and_unlock, nullptr}, SIGUSR1);
}

// --- Those that switch: the rival runs at least once.

void moved(long turns_had, bool) { expect(turns_had >= 1 && turns_had <= 4); }

void yield(void*) { expect_int(LWP_DispatchProcess(), LWP_SUCCESS); }

STEPPED(yields) { torture({yield, moved}); }

void wait_for_rival(void*) { expect_int(LWP_WaitProcess(&turn_ends), LWP_SUCCESS); }

STEPPED(waits) { torture({wait_for_rival, moved}); }

volatile long children;

void count_child(void*) {
  PRE_PreemptMe();
  ++children;
}

void bear(void*) {
  static long expected;
  PROCESS child;
  expect_int(LWP_CreateProcess(count_child, 0, 2, nullptr, "child", &child), LWP_SUCCESS);
  ++expected;
  while (children < expected) LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_int(children, expected);
  expect_int(LWP_DestroyProcess(child), LWP_EBADPID);
}

STEPPED(births_and_deaths) { torture({bear, nullptr}); }

void bear_and_kill(void*) {
  PROCESS child;
  expect_int(LWP_CreateProcess(rival, 0, 1, nullptr, "a name that has to be allocated", &child),
             LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(child), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(child), LWP_EBADPID);
}

STEPPED(births_and_killings) { torture({bear_and_kill, nullptr}); }

// --- The handler of a tick itself, from its first instruction to its return, and what comes back
// from it: the second tick comes on top, or when the first one lets it.

struct sigaction tick_action;

void on_tick_stepped(int signo, siginfo_t* info, void* context) {
  step_on();
  tick_action.sa_sigaction(signo, info, context);
}

void tick(void*) { tick_here(); }

STEPPED(tick_handlers) {
  begin(true);
  expect_int(sigaction(SIGALRM, nullptr, &tick_action), 0);
  struct sigaction stepped = tick_action;
  stepped.sa_sigaction = on_tick_stepped;
  sigdelset(&stepped.sa_mask, SIGTRAP);
  expect_int(sigaction(SIGALRM, &stepped, nullptr), 0);
  at_every_instruction_send({tick, moved}, SIGALRM);
  at_every_instruction_send({tick, nullptr}, SIGUSR1);
}

// --- The C and C++ library, in which ticks do not act.

void use_libc(void*) {
  char text[40];
  double value = 0;
  char* const memory = static_cast<char*>(malloc(100));
  snprintf(text, sizeof text, "%f", 0.625);
  expect_int(sscanf(text, "%lf", &value), 1);
  expect(value == 0.625);
  memset(memory, 1, 100);
  free(memory);
}

STEPPED(libc) { torture({use_libc, moved_once_if_it_may}); }

void throw_and_catch(void*) {
  try {
    throw std::runtime_error("thrown");
  } catch (const std::exception& caught) {
    expect(strcmp(caught.what(), "thrown") == 0);
    expect(std::current_exception() != nullptr);
  }
  expect(std::current_exception() == nullptr);
}

STEPPED(exceptions) { torture({throw_and_catch, moved_once_if_it_may}); }

// --- Descriptors.

int ends[2];

void exchange(void*) {
  char byte = 0;
  pollfd fds = {ends[0], POLLIN, 0};
  const timespec at_once = {};
  expect_int(LWPX_Poll(&fds, 1, &at_once), 0);
  expect_int(LWPX_Write(ends[1], "x", 1), 1);
  expect_int(LWPX_Read(ends[0], &byte, 1), 1);
  expect_int(byte, 'x');
}

STEPPED(descriptors) {
  expect_int(pipe(ends), 0);
  begin(true);
  at_every_instruction_send({exchange, nullptr}, SIGALRM);
  at_every_instruction_send({exchange, nullptr}, SIGUSR1);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(arithmetic),
      cmocka_unit_test(sections),
      cmocka_unit_test(sections_by_functions),
      cmocka_unit_test(becoming_preemptible),
      cmocka_unit_test(signals_without_waiter),
      cmocka_unit_test(signals_wake_once),
      cmocka_unit_test(credits_to_oneself),
      cmocka_unit_test(locks),
      cmocka_unit_test(locks_that_others_hold),
      cmocka_unit_test(yields),
      cmocka_unit_test(waits),
      cmocka_unit_test(births_and_deaths),
      cmocka_unit_test(births_and_killings),
      cmocka_unit_test(tick_handlers),
      cmocka_unit_test(libc),
      cmocka_unit_test(exceptions),
      cmocka_unit_test(descriptors),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
