// SPDX-License-Identifier: MIT
#include "core/rock.h"

namespace lwp {

Rc find_rock(const Pcb& pcb, int tag, char** ret_value) noexcept {
  for (int i = 0; i < pcb.rock_count; ++i) {
    if (pcb.rocks[i].tag != tag) continue;
    *ret_value = pcb.rocks[i].value;
    return Rc::success;
  }
  return Rc::bad_rock;
}

Rc add_rock(Pcb& pcb, int tag, char* value) noexcept {
  char* taken;
  if (find_rock(pcb, tag, &taken) == Rc::success) return Rc::bad_rock;
  if (pcb.rock_count == kRocks) return Rc::no_rocks;
  pcb.rare_in_use = true;
  pcb.rocks[pcb.rock_count++] = {tag, value};
  return Rc::success;
}

}  // namespace lwp
