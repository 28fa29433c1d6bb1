// SPDX-License-Identifier: MIT
#include "sigsafe/access_rights.h"

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

#include <cstring>

namespace lwp {

namespace {

constexpr unsigned kComponent = 9;  // of the processor's extended state
constexpr std::uint64_t kComponentBit = std::uint64_t{1} << kComponent;

// Of the legacy area, which begins the frame's part, the kernel uses the last bytes to describe the
// rest; behind it comes a word with a bit for each component that is not in its initial state.
struct Description {
  std::uint32_t magic;
  std::uint32_t bytes;
  std::uint64_t components;
};
#if defined(__i386__)
constexpr std::size_t kOldArea = 112;  // as by fsave
#else
constexpr std::size_t kOldArea = 0;
#endif
constexpr std::size_t kDescriptionPlace = 464;
constexpr std::size_t kPresentPlace = 512;
constexpr std::uint32_t kMagic = 0x46505853;

template <typename T>
LWP_SIGSAFE T read_at(const char* area, std::size_t place) noexcept {
  T value;
  memcpy(&value, area + place, sizeof value);
  return value;
}

LWP_SIGSAFE std::uint32_t present_rights() noexcept {
  std::uint32_t rights;
  std::uint32_t zero;
  __asm__ __volatile__("rdpkru" : "=a"(rights), "=d"(zero) : "c"(0));
  return rights;
}

LWP_SIGSAFE void set_present_rights(std::uint32_t rights) noexcept {
  __asm__ __volatile__("wrpkru" : : "a"(rights), "c"(0), "d"(0) : "memory");
}

}  // namespace

std::size_t find_access_rights() noexcept {
  constexpr unsigned kFeatures = 7;
  constexpr unsigned kKeysEnabled = 1u << 4;  // by the kernel
  constexpr unsigned kExtendedState = 0xd;
  unsigned size;
  unsigned place;
  unsigned c;
  unsigned d;
  if (__get_cpuid_count(kFeatures, 0, &size, &place, &c, &d) == 0) return 0;
  if ((c & kKeysEnabled) == 0) return 0;
  if (__get_cpuid_count(kExtendedState, kComponent, &size, &place, &c, &d) == 0) return 0;
  return size != 0 ? place : 0;
}

void set_interrupted_rights(std::size_t place, const ucontext_t& interrupted) noexcept {
  if (place == 0) return;
  const auto* area = reinterpret_cast<const char*>(interrupted.uc_mcontext.fpregs);
  if (area == nullptr) return;
  area += kOldArea;
  const auto description = read_at<Description>(area, kDescriptionPlace);
  if (description.magic != kMagic || (description.components & kComponentBit) == 0) return;
  const bool initial = (read_at<std::uint64_t>(area, kPresentPlace) & kComponentBit) == 0;
  const std::uint32_t rights = initial ? 0 : read_at<std::uint32_t>(area, place);
  if (rights != present_rights()) set_present_rights(rights);
}

RightsKept::RightsKept(std::size_t place) noexcept
    : have_keys_(place != 0), rights_(have_keys_ ? present_rights() : 0) {}

RightsKept::~RightsKept() {
  if (have_keys_ && rights_ != present_rights()) set_present_rights(rights_);
}

}  // namespace lwp

#else

namespace lwp {

std::size_t find_access_rights() noexcept { return 0; }

void set_interrupted_rights(std::size_t, const ucontext_t&) noexcept {}

RightsKept::RightsKept(std::size_t) noexcept : have_keys_(false), rights_(0) {}
RightsKept::~RightsKept() {}

}  // namespace lwp

#endif
