// SPDX-License-Identifier: MIT
// dialect.h - of whose LWP a runtime is: that of the call that started it.
//
// Where calls of the dialects differ they are different functions (abi/dialect_afs3.cc), which may
// meet in one runtime. This decides what belongs to the runtime as a whole: the words in which it
// ends, the name of the first LWP.
#pragma once

#include <cstdint>

namespace lwp {

enum class Dialect : std::uint8_t { coda, afs3 };

// The end of an AFS-3 program: its historical words on stdout, and abort().
[[noreturn]] void abort_like_afs3(const char* reason) noexcept;

}  // namespace lwp
