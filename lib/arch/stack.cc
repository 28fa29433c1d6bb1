// SPDX-License-Identifier: MIT
#include "arch/stack.h"

#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "arch/sanitizer.h"
#include "base/attributes.h"
#include "base/cache_line.h"
#include "base/check.h"
#include "base/memcheck.h"
#include "base/wide.h"

namespace lwp {

namespace {

constexpr unsigned kColours = 24;
constexpr std::uintptr_t kStackAlignment = 16;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kManyHugePages = 8;
constexpr std::size_t kFirstArena = std::size_t{4} << 20;
// A tick must find room for a second signal frame below its own, else it does not act.
constexpr std::size_t kSignalFrames = 2;

std::size_t round_up(std::size_t n, std::size_t unit) noexcept {
  return (n + unit - 1) & ~(unit - 1);
}

std::size_t guard_bytes(std::size_t slot_bytes) noexcept { return slot_bytes >> kGuardShift; }

// Scans upward by words; the memory is known to be readable.
__attribute__((no_sanitize("address"))) char* first_nonzero(char* from, char* to) noexcept {
  for (; from + sizeof(std::uint64_t) <= to; from += sizeof(std::uint64_t)) {
    if (*reinterpret_cast<volatile std::uint64_t*>(from) != 0) break;
  }
  while (from < to && *from == 0) ++from;
  return from;
}

}  // namespace

std::size_t signal_room() noexcept {
#if defined(AT_MINSIGSTKSZ)
  constexpr auto kTag = AT_MINSIGSTKSZ;
#else
  constexpr unsigned long kTag = 51;
#endif
  constexpr std::size_t kOldKernels = 5120;  // x86: 2048 to 3400, AArch64: 4700
  constexpr std::size_t kHandlerAndDispatch = 1536;
  const unsigned long told = getauxval(kTag);
  return (told != 0 ? told : kOldKernels) + kHandlerAndDispatch;
}

char* StackSlot::lowest_used() noexcept {
  const auto page = static_cast<std::size_t>(getpagesize());
  char* const start = guard == GuardKind::canary ? low + kCanaryBytes : low;
  note_readable(start, static_cast<std::size_t>(top - start));
  const MemcheckPaused paused;
  constexpr std::size_t kPagesPerCall = 64;
  unsigned char resident[kPagesPerCall];
  for (char* at = low; at < top; at += kPagesPerCall * page) {
    const std::size_t rest = static_cast<std::size_t>(top - at);
    const std::size_t pages = (rest + page - 1) / page;
    const std::size_t batch = pages < kPagesPerCall ? pages : kPagesPerCall;
    // Should the system not tell, every page counts as touched: slower, still right.
    if (mincore(at, batch * page, resident) != 0) memset(resident, 1, sizeof resident);
    for (std::size_t i = 0; i < batch; ++i) {
      if ((resident[i] & 1) == 0) continue;
      char* const begin = at + i * page > start ? at + i * page : start;
      char* const end = at + (i + 1) * page < top ? at + (i + 1) * page : top;
      char* const found = first_nonzero(begin, end);
      if (found < end) return found;
    }
  }
  return top;
}

void StackSlot::make_clean() noexcept {
  if (LWP_LIKELY(expected_use != 0 && until_measured > 1 && size() > expected_use + kProbe)) {
    char* const begin = top - expected_use;
    note_readable(begin - kProbe, kProbe + expected_use);
    if (LWP_LIKELY(all_zero_wide<kProbe>(begin - kProbe))) {
      --until_measured;
      memset(begin, 0, expected_use);
      return;
    }
  }
  measure_and_clean();
}

// Looking at all pages that are in memory takes a system call: the more seldom, the longer owners
// have used what was expected.
void StackSlot::measure_and_clean() noexcept {
  constexpr std::uint16_t kOftenest = 16;
  constexpr std::uint16_t kSeldomest = 1024;
  char* const begin = lowest_used();
  const auto used = static_cast<std::size_t>(top - begin);
  memset(begin, 0, used);
  const bool as_expected = used <= expected_use && used >= expected_use / 2;
  if (!as_expected) {
    expected_use = static_cast<std::uint32_t>(round_up(used, kCacheLine));
    measure_every = kOftenest;
  } else if (measure_every < kSeldomest) {
    measure_every *= 2;
  }
  until_measured = measure_every;
}

void StackPool::start(const Beside& beside, bool* ret_canaries, BlockHeap* block) noexcept {
  block_ = block;
  canaries_in_use_ = ret_canaries;
  LWP_CHECK(beside.header % kCacheLine == 0 && beside.annex % alignof(void*) == 0);
  beside_ = beside;
  overhead_ = kColours * kCacheLine + kSignalFrames * signal_room();
}

void StackPool::stop() noexcept {
  for (int i = 0; i < arena_count_; ++i) {
    const Arena& arena = arenas_[i];
    const std::size_t slot_bytes = kSmallestSlot << arena.size_class;
    const std::size_t slots = arena.bytes / (slot_bytes + beside_.header + beside_.annex);
    forget_roots(arena.base + slots * slot_bytes, slots * beside_.header);
    note_no_stack(arena.base, arena.base + slots * slot_bytes);
    munmap(arena.base, arena.bytes);
  }
  *this = StackPool{};
}

StackSlot* StackPool::acquire_another(std::size_t wanted) noexcept {
  int index = 0;
  std::size_t slot_bytes = kSmallestSlot;
  while (wanted + overhead_ + guard_bytes(slot_bytes) > slot_bytes) {
    if (++index == kClasses) return nullptr;
    slot_bytes <<= 1;
  }
  Class& size_class = classes_[index];
  last_class_ = &size_class;
  if (!on_valgrind()) last_wanted_ = wanted;  // what is quick reads memory that is not its own
  if (StackSlot* const slot = size_class.free) {
    take_recycled(*slot);
    slot->recycled = true;
    return slot;
  }
  if (size_class.fresh == size_class.fresh_end) {
    if (block_ != nullptr) return place_in_block(wanted);
    if (!map_arena(size_class, index)) return nullptr;
  }
  return cut_slot(size_class, index);
}

// Its owner may still run on it.
void StackPool::vacate(StackSlot& slot) noexcept {
  note_readable(slot.low, slot.size());
  note_stack_ends(slot.valgrind_id);
  if (slot.in_block) block_->give_back(slot.low);
}

StackSlot* StackPool::place_in_block(std::size_t wanted) noexcept {
  const std::size_t bytes = wanted + beside_placed();
  void* const memory = block_->take_low(bytes);
  if (memory == nullptr) return nullptr;
  StackSlot* const slot = place(memory, bytes, nullptr);
  slot->in_block = true;
  return slot;
}

// What a slot in somebody else's memory takes beside the stack, at most.
std::size_t StackPool::beside_placed() const noexcept {
  return beside_.header + round_up(beside_.annex, kCacheLine) + kCacheLine + kStackAlignment +
         kCanaryBytes + kSignalFrames * signal_room();
}

StackSlot* StackPool::place(void* memory, std::size_t bytes, int* ret_stack) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  std::uintptr_t end;
  if (__builtin_add_overflow(begin, bytes, &end)) return nullptr;
  const std::uintptr_t low = round_up(begin, kStackAlignment);
  const std::size_t unusable = beside_placed();
  if (bytes < unusable + kSmallestPlaced) return nullptr;
  const std::uintptr_t annex = (end - beside_.annex) / kCacheLine * kCacheLine;
  const std::uintptr_t header = annex - beside_.header;
  note_readable(memory, bytes);
  auto* const slot = new (reinterpret_cast<char*>(header) + beside_.slot_offset) StackSlot;
  slot->annex = memset(reinterpret_cast<void*>(annex), 0, beside_.annex);
  slot->low = reinterpret_cast<char*>(low);
  slot->top = reinterpret_cast<char*>(header);
  slot->placed = true;
  slot->guard = GuardKind::canary;
  plant_canary(slot->low);
  *canaries_in_use_ = true;
  slot->valgrind_id = note_stack_begins(slot->low, slot->top);
  constexpr std::size_t kMost = 0x7fffffff / kStackAlignment * kStackAlignment;
  const std::size_t stack = (bytes - unusable) / kStackAlignment * kStackAlignment;
  if (ret_stack != nullptr) *ret_stack = static_cast<int>(stack < kMost ? stack : kMost);
  return slot;
}

// Each arena is as large as all before it together, so their number grows with the logarithm.
bool StackPool::map_arena(Class& size_class, int index) noexcept {
  if (arena_count_ == kMaxArenas) return false;
  const std::size_t slot_bytes = kSmallestSlot << index;
  const std::size_t wanted = size_class.mapped > kFirstArena ? size_class.mapped : kFirstArena;
  // Halved in slots, not in bytes: after a smaller arena, the sum need not be a power of two.
  std::size_t slots = wanted > slot_bytes ? wanted / slot_bytes : 1;
  for (; slots > 0; slots >>= 1) {
    const std::size_t stack_bytes = slots * slot_bytes;
    const std::size_t header_bytes = slots * beside_.header;
    const std::size_t bytes = stack_bytes + header_bytes + slots * beside_.annex;
    void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED) continue;
    // A huge page would make the first touch of one stack pay for dozens. But tens of thousands of
    // headers are too many small pages for the processor to remember; and then it does not matter
    // that some of the last huge page is not used.
    madvise(base, bytes, MADV_NOHUGEPAGE);
    if (header_bytes >= kManyHugePages * kHugePage) {
      madvise(static_cast<char*>(base) + stack_bytes, header_bytes, MADV_HUGEPAGE);
    }
    arenas_[arena_count_++] = {static_cast<char*>(base), bytes, static_cast<std::uint8_t>(index)};
    size_class.fresh = static_cast<char*>(base);
    size_class.fresh_end = size_class.fresh + stack_bytes;
    size_class.fresh_header = size_class.fresh_end;
    size_class.fresh_annex = size_class.fresh_header + header_bytes;
    note_roots(size_class.fresh_header, header_bytes);
    // There may have been stacks at these addresses before.
    note_no_stack(size_class.fresh_header, static_cast<char*>(base) + bytes);
    size_class.mapped += stack_bytes;
    return true;
  }
  return false;
}

StackSlot* StackPool::cut_slot(Class& size_class, int index) noexcept {
  const std::size_t slot_bytes = kSmallestSlot << index;
  char* const base = size_class.fresh;
  size_class.fresh += slot_bytes;
  const std::size_t colour = size_class.next_colour++ % kColours * kCacheLine;
  char* const header = size_class.fresh_header;
  size_class.fresh_header += beside_.header;

  auto* slot = new (header + beside_.slot_offset) StackSlot;
  slot->annex = size_class.fresh_annex;
  size_class.fresh_annex += beside_.annex;
  slot->low = base + guard_bytes(slot_bytes);
  slot->top = base + slot_bytes - colour;
  slot->size_class = static_cast<std::uint8_t>(index);
  slot->guard = guards_.install(base, guard_bytes(slot_bytes));
  if (slot->guard == GuardKind::canary) {
    plant_canary(slot->low);
    *canaries_in_use_ = true;
  }
  slot->valgrind_id = note_stack_begins(slot->low, slot->top);
  return slot;
}

}  // namespace lwp
