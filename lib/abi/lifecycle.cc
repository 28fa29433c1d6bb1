// SPDX-License-Identifier: MIT
// lifecycle.cc - LWP_Init and LWP_TerminateProcessSupport.
#include "abi/lifecycle.h"

#include <lwp/lwp.h>
#include <unistd.h>

#include <cstdlib>

#include "abi/abi.h"
#include "base/legacy_variables.h"
#include "runtimes/ending.h"

namespace lwp {

static_assert(LWP_MAX_PRIORITY == kPriorities - 1);

namespace {

constexpr int kVersions[] = {210888001, LWP_VERSION, 210888003};

bool version_is_known(int version) noexcept {
  for (const int known : kVersions) {
    if (version == known) return true;
  }
  return false;
}

}  // namespace

void set_log() noexcept {
  // Other kernel threads may be starting too, and store the same.
  __atomic_store_n(&lwp_logfile, stderr, __ATOMIC_RELAXED);
}

int enter_first_lwp(PROCESS* pid) noexcept {
  Runtime& runtime = *this_runtime();
  if (pid != nullptr) *pid = runtime.current->handle;
  leave_library(runtime);
  return LWP_SUCCESS;
}

int start_lwps(int priority, Dialect dialect, PROCESS* pid) noexcept {
  set_log();
  if (this_runtime() != nullptr) return LWP_SUCCESS;
  if (!is_priority(priority)) return LWP_EBADPRI;
  const Rc rc = start_runtime(priority, dialect);
  return rc == Rc::success ? enter_first_lwp(pid) : to_c(rc);
}

}  // namespace lwp

extern "C" int LWP_Init(int version, int priority, PROCESS* pid) {
  using namespace lwp;
  if (!version_is_known(version)) {
    fputs("**** FATAL ERROR: LWP VERSION MISMATCH ****\n", stderr);
    exit(EXIT_FAILURE);
  }
  return start_lwps(priority, Dialect::coda, pid);
}

extern "C" int LWP_TerminateProcessSupport(void) {
  using namespace lwp;
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  if (runtime->current != &runtime->first) {
    constexpr char kReason[] = "Terminate_Process_Support invoked from wrong process!";
    if (runtime->dialect == Dialect::afs3) abort_like_afs3(kReason);
    printf("***LWP Abort: %s\n", kReason);
    exit(EXIT_FAILURE);
  }
  critical::enter_library();
  end_runtime(*runtime);
  return LWP_SUCCESS;
}
