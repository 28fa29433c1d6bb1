// SPDX-License-Identifier: MIT
// short_text.h - copying a text that is most often short, of which nothing is known before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "base/wide.h"

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

// A short text as it is held in registers, between reading and writing it.
struct HeldText {
  detail::Wide low;
  detail::Wide high;

  LWP_ALWAYS_INLINE void write(char (&to)[kShortText]) const noexcept {
    memcpy(to, &low, sizeof low);
    memcpy(to + sizeof low, &high, sizeof high);
  }
};

// Reads all 32 bytes at once, if they lie in one page: what cannot fail, but is none of the
// library's business, so sanitizers must not see it. False if the text is longer, or can not be
// read so.
LWP_ALWAYS_INLINE bool hold_short_text(HeldText& ret_text, const char* from) noexcept {
#if defined(__SSE2__)
  constexpr std::uintptr_t kSmallestPage = 4096;
  const auto in_page = reinterpret_cast<std::uintptr_t>(from) % kSmallestPage;
  if (LWP_UNLIKELY(in_page > kSmallestPage - kShortText)) return false;
  detail::Wide zeros;
  int nulls;
  __asm__ __volatile__(
      "movdqu (%4), %0\n\t"
      "movdqu 16(%4), %1\n\t"
      "movdqa %0, %2\n\t"
      "pminub %1, %2\n\t"
      "pcmpeqb %5, %2\n\t"
      "pmovmskb %2, %3"
      : "=&x"(ret_text.low), "=&x"(ret_text.high), "=&x"(zeros), "=r"(nulls)
      : "r"(from), "x"(detail::Wide{})
      : "memory");
  return nulls != 0;
#else
  char text[kShortText];
  if (!copy_short_text(text, from)) return false;
  memcpy(&ret_text.low, text, sizeof ret_text.low);
  memcpy(&ret_text.high, text + sizeof ret_text.low, sizeof ret_text.high);
  return true;
#endif
}

}  // namespace lwp
