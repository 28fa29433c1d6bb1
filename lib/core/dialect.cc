// SPDX-License-Identifier: MIT
#include "core/dialect.h"

#include <cstdio>
#include <cstdlib>

namespace lwp {

void abort_like_afs3(const char* reason) noexcept {
  printf("***LWP: %s\n***LWP: Abort --- dumping PCBs ...\n", reason);
  fflush(stdout);
  abort();
}

}  // namespace lwp
