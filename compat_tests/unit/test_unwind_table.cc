// SPDX-License-Identifier: MIT
// test_unwind_table.cc - who called the C library, asked at every instruction of it: the answer may
// be "not known", but not wrong.
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "child_case.h"
#include "preempt/blocking_functions.h"
#include "preempt/loaded_object.h"
#include "sigsafe/unwind_table.h"

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define TABLE_CAN_BE_READ (!under_valgrind())
#else
#define TABLE_CAN_BE_READ 0
#endif
#define TABLE_CASE(name) CASE_IF(TABLE_CAN_BE_READ, "not the C library's own functions", name)

#if defined(__x86_64__)

namespace {

using lwp::BlockingCalls;
using lwp::CallFrame;
using lwp::CodeRange;

BlockingCalls calls;
CodeRange program;

// Where the C library goes on in the program; learned at the first instruction of a call.
CallFrame caller;
bool in_program = true;

long known, unknown;

void walk(CallFrame frame) {
  constexpr int kMostFrames = 50;
  for (int i = 0; i < kMostFrames && calls.text.contains(frame.pc); ++i) {
    if (step_to_caller(calls.unwind, frame)) continue;
    ++unknown;
    return;
  }
  expect(frame.pc == caller.pc);
  expect(frame.stack == caller.stack);
  ++known;
}

// After each instruction, of whatever code.
void on_step(int, siginfo_t*, void* context) {
  const greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto pc = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  if (program.contains(pc)) in_program = true;
  if (!calls.text.contains(pc)) return;
  if (in_program) {
    caller = {*reinterpret_cast<std::uintptr_t*>(stack) - 1, stack + sizeof stack};
    in_program = false;
  }
  walk({pc, stack});
}

void single_step(bool on) {
  constexpr long kTrap = 0x100;
  long flags;
  __asm__ __volatile__("pushfq; popq %0" : "=r"(flags));
  flags = on ? flags | kTrap : flags & ~kTrap;
  __asm__ __volatile__("pushq %0; popfq" : : "r"(flags) : "cc", "memory");
}

int look_at_program(dl_phdr_info* info, std::size_t, void*) {
  lwp::LoadedObject(*info).for_each_code([](const CodeRange& code) { program = code; });
  return 1;
}

// Of so many instructions at least the caller is known. (Of functions with frame pointers it is
// not.)
void step_through(void (*body)(), long least) {
  calls = lwp::find_blocking_functions();
  dl_iterate_phdr(look_at_program, nullptr);
  expect(calls.count > 50);
  struct sigaction action = {};
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, nullptr);
  single_step(true);
  body();
  single_step(false);
  if (known < least) {
    expect_failed(__FILE__, __LINE__, "known %ld, unknown %ld", known, unknown);
  }
}

TABLE_CASE(system_calls) {
  step_through(
      [] {
        const timespec short_time = {0, 1000};
        pollfd none = {-1, 0, 0};
        timeval at_once = {0, 0};
        char byte;
        sigset_t empty;
        sigemptyset(&empty);
        (void)!read(-1, &byte, 1);
        nanosleep(&short_time, nullptr);
        usleep(1);
        poll(&none, 1, 0);
        ppoll(&none, 1, &short_time, &empty);
        select(0, nullptr, nullptr, nullptr, &at_once);
        pselect(0, nullptr, nullptr, nullptr, &short_time, &empty);
        waitpid(-1, nullptr, WNOHANG);
        wait(nullptr);
      },
      200);
}

TABLE_CASE(formatting) {
  step_through(
      [] {
        char text[100];
        snprintf(text, sizeof text, "%s %d %f %Lg", "text", 7, 1.0 / 3, 1.0L / 7);
      },
      1000);
}

TABLE_CASE(allocation) {
  step_through(
      [] {
        void* volatile blocks[20];
        for (int i = 0; i < 20; ++i) blocks[i] = malloc(std::size_t{17} << i / 2);
        for (int i = 0; i < 20; ++i) free(blocks[i]);
      },
      1000);
}

TABLE_CASE(numbers_and_time) {
  step_through(
      [] {
        tm broken_down;
        const time_t now = 1000000000;
        char text[100];
        strftime(text, sizeof text, "%c", localtime_r(&now, &broken_down));
        (void)strtod("3.14159265358979", nullptr);
      },
      1000);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(system_calls),
      cmocka_unit_test(formatting),
      cmocka_unit_test(allocation),
      cmocka_unit_test(numbers_and_time),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

#else

int main() { return 77; }

#endif
