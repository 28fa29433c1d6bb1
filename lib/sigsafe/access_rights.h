// SPDX-License-Identifier: MIT
// access_rights.h - what memory protection keys allow (PKRU on x86).
//
// The kernel calls signal handlers with default rights, under which only pages without a key can be
// accessed, and gives the interrupted code its own back when the handler returns. An LWP that runs
// because a handler has switched to it is to have those of the interrupted code: the rights belong
// to the kernel thread, as if the interrupted LWP had yielded.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

// Where the rights lie in the floating-point part of a signal frame; 0: there are no keys. Slow.
std::size_t find_access_rights() noexcept;

LWP_SIGSAFE void set_interrupted_rights(std::size_t place, const ucontext_t& interrupted) noexcept;

// Outside handlers: who lets others run while it lives has its own rights back at its end.
class RightsKept {
 public:
  explicit RightsKept(std::size_t place) noexcept;
  ~RightsKept();
  RightsKept(const RightsKept&) = delete;
  RightsKept& operator=(const RightsKept&) = delete;

 private:
  const bool have_keys_;
  const std::uint32_t rights_;
};

}  // namespace lwp
