// SPDX-License-Identifier: MIT
// short_text.h - copying a text that is most often short, of which nothing is known before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

constexpr std::size_t kShortText = 32;  // bytes, with the null at the end

// False if it is longer; some of it has been copied then.
inline bool copy_short_text(char (&to)[kShortText], const char* from) noexcept {
  for (char& c : to) {
    c = *from++;
    if (c == '\0') return true;
  }
  return false;
}

// The same at once. Reads all 32 bytes, if they lie in one page: what cannot fail, but is none of
// the library's business, so sanitizers must not see it. False also if it can not be done so.
LWP_ALWAYS_INLINE bool copy_short_text_at_once(char (&to)[kShortText], const char* from) noexcept {
#if defined(__SSE2__)
  constexpr std::uintptr_t kSmallestPage = 4096;
  const auto in_page = reinterpret_cast<std::uintptr_t>(from) % kSmallestPage;
  if (LWP_UNLIKELY(in_page > kSmallestPage - kShortText)) return false;
  int nulls;
  __asm__ __volatile__(
      "movdqu (%2), %%xmm0\n\t"
      "movdqu 16(%2), %%xmm1\n\t"
      "movups %%xmm0, %0\n\t"
      "movups %%xmm1, 16+%0\n\t"
      "pminub %%xmm1, %%xmm0\n\t"
      "pxor %%xmm1, %%xmm1\n\t"
      "pcmpeqb %%xmm1, %%xmm0\n\t"
      "pmovmskb %%xmm0, %1"
      : "=m"(to), "=r"(nulls)
      : "r"(from)
      : "xmm0", "xmm1", "memory");
  return nulls != 0;
#else
  return copy_short_text(to, from);
#endif
}

}  // namespace lwp
