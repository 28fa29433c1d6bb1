// SPDX-License-Identifier: MIT
#include "sigsafe/blocking_call.h"

#include <cerrno>

#include "sigsafe/code_map.h"
#include "sigsafe/interrupted.h"
#include "sigsafe/unwind_table.h"

namespace lwp {

#if defined(__x86_64__)

namespace {

// sleep calls nanosleep, which calls clock_nanosleep; beside those a helper or two of the library.
constexpr int kMostFrames = 6;

LWP_SIGSAFE bool is_system_call(const unsigned char* instruction) noexcept {
  return instruction[0] == 0x0f && instruction[1] == 0x05;
}

// With SA_RESTART the kernel goes back to the instruction if the call can be made again. If it can
// not, the call has returned EINTR.
LWP_SIGSAFE bool at_system_call(const CodeRange& text, const ucontext_t& interrupted) noexcept {
  constexpr std::uintptr_t kSize = 2;
  const std::uintptr_t pc = interrupted_pc(interrupted);
  const auto* const instruction = reinterpret_cast<const unsigned char*>(pc);
  if (text.contains(pc + kSize - 1) && is_system_call(instruction)) return true;
  return text.contains(pc - kSize) && is_system_call(instruction - kSize) &&
         interrupted.uc_mcontext.gregs[REG_RAX] == -EINTR;
}

LWP_SIGSAFE bool may_wait(const BlockingCalls& calls, std::uintptr_t pc) noexcept {
  for (std::size_t i = 0; i < calls.count; ++i) {
    if (calls.functions[i].contains(pc)) return true;
  }
  return false;
}

}  // namespace

bool in_blocking_call(const CodeMap& code, const ucontext_t& interrupted) noexcept {
  const BlockingCalls& calls = code.calls;
  CallFrame frame = {interrupted_pc(interrupted), interrupted_stack(interrupted)};
  if (!calls.text.contains(frame.pc) || !at_system_call(calls.text, interrupted)) return false;
  // Everything from the kernel up to movable code belongs to one call of a function of the C
  // library: the one that movable code has called.
  for (int i = 0; i < kMostFrames; ++i) {
    const std::uintptr_t callee = frame.pc;
    if (!step_to_caller(calls.unwind, frame)) return false;
    if (code.contains(frame.pc)) return may_wait(calls, callee);
    if (!calls.text.contains(frame.pc)) return false;
  }
  return false;
}

#else

bool in_blocking_call(const CodeMap&, const ucontext_t&) noexcept { return false; }

#endif

}  // namespace lwp
