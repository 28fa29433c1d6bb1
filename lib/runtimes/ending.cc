// SPDX-License-Identifier: MIT
#include "runtimes/ending.h"

#include "iomgr/io_manager.h"
#include "preempt/code_policy.h"
#include "preempt/slice.h"
#include "runtimes/reach.h"

namespace lwp {

// Last started first.
void end_runtime(Runtime& runtime) noexcept {
  close_port(runtime);
  stop_slices(runtime);
  stop_io(runtime);
  CodePolicy* const policy = runtime.policy;
  stop_runtime(runtime);
  free_policy(policy);
}

}  // namespace lwp
