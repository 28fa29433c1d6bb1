// SPDX-License-Identifier: MIT
#include "base/own_descriptor.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

namespace lwp {

namespace {

bool is_below_limit(int fd) noexcept {
  rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && static_cast<rlim_t>(fd) < limit.rlim_cur;
}

}  // namespace

bool open_own(int& fd, int (*create)()) noexcept {
  int created = create();
  if (created < 0 && errno == EMFILE && fd >= 0 && is_below_limit(fd)) {
    close(fd);  // the only number there is for the new one
    fd = -1;
    created = create();
  }
  if (created < 0) return false;
  fcntl(created, F_SETSIG, kOwnMark);
  if (fd >= 0 && dup3(created, fd, O_CLOEXEC) == fd) {
    close(created);
    return true;
  }
  close_own(fd);
  fd = created;
  return true;
}

void close_own(int& fd) noexcept {
  if (is_own(fd)) close(fd);
  fd = -1;
}

}  // namespace lwp
