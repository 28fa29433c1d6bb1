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

#include "base/attributes.h"

namespace lwp {

// Where the rights lie in the floating-point part of a signal frame; 0: there are no keys. Slow.
std::size_t find_access_rights() noexcept;

LWP_SIGSAFE void set_interrupted_rights(std::size_t place, const ucontext_t& interrupted) noexcept;

}  // namespace lwp
