// SPDX-License-Identifier: MIT
#include "base/check.h"

#include <cstdlib>
#include <cstring>

#include "base/fd_text.h"

namespace lwp {

void check_failed(const char* condition, const char* file, int line) noexcept {
  FdText text(2);
  text << "liblwp: broken invariant: " << condition << " (" << file << ":" << line << ")\n";
  text.flush();
  abort();
}

}  // namespace lwp
