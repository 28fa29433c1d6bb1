// SPDX-License-Identifier: MIT
#include "iomgr/keyboard.h"

#include <poll.h>
#include <stdio_ext.h>

#include <cstdio>

#include "base/clock.h"
#include "core/cancel.h"
#include "core/safe_point.h"
#include "iomgr/select.h"

namespace lwp {

namespace {

// What stdio has read ahead does not show in the descriptor.
bool has_read_ahead(const FILE& file) noexcept {
#if defined(__GLIBC__)
  return file._IO_read_ptr < file._IO_read_end;
#else
  (void)file;
  return false;
#endif
}

}  // namespace

bool wait_for_key(Runtime& runtime, int seconds) noexcept {
  if (has_read_ahead(*stdin)) return true;
  pollfd input = {fileno(stdin), POLLIN, 0};
  if (input.fd < 0) return true;  // closed, or no descriptor: reading tells at once
  const std::int64_t deadline = seconds < 0    ? kNever
                                : seconds == 0 ? 0
                                               : deadline_after(seconds * kNsPerSecond);
  critical::enter_library();
  cancellation_point(runtime);
  int error;
  const bool served = runtime.io != nullptr;  // a handler may have let others end the I/O manager
  const int ready = served ? block_on_poll(runtime, &input, 1, deadline, &error) : -1;
  if (wait_was_cut(*runtime.current)) act_on_cancel(runtime);
  leave_library(runtime);
  return ready > 0;
}

void forget_input() noexcept {
  fflush(stdin);  // where it can go back in the input, nothing is lost
  __fpurge(stdin);
}

int read_line(Runtime& runtime, char* line, int size) noexcept {
  int length = 0;
  while (length < size - 1) {
    if (!wait_for_key(runtime, -1)) return -1;
    const int c = getc(stdin);
    if (c == EOF && (length == 0 || ferror(stdin) != 0)) return -1;
    if (c == EOF) break;
    line[length++] = static_cast<char>(c);
    if (c != '\n') continue;
    line[length] = '\0';
    return length;
  }
  if (size > 0) line[length] = '\0';
  return 0;
}

}  // namespace lwp
