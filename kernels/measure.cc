// What the machine can do at best: multiply-adds that wait for nothing and touch no memory, and reading alone.
#include "measure.h"

#include "columns.h"
#include "multiply.h"

namespace cloze::CLOZE_ISA {

double peak_f32(int64_t rounds) {
  // As many sums as the register tile has, but enough of them that none waits for the one before.
  constexpr int CHAINS = TILE_ROWS * PANEL_VECTORS < 12 ? 12 : TILE_ROWS * PANEL_VECTORS;
  vf sums[CHAINS];
  for (int i = 0; i < CHAINS; i++) sums[i] = splat(static_cast<float>(i));  // all different, or one chain would do for all
  vf factor = splat(0.999f), term = splat(0.001f);
#if defined(__x86_64__)
  __asm__ volatile("" : "+x"(factor), "+x"(term));  // unknown numbers, so that the loop is not computed beforehand
#endif
  for (int64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 32
    for (int i = 0; i < CHAINS; i++) sums[i] = multiply_add(sums[i], factor, term);
  }
  vf total = {};
  for (int i = 0; i < CHAINS; i++) total += sums[i];
  // The sums are positive: the comparison only keeps them alive.
  return sum_of_lanes(total) < 0 ? 0 : 2.0 * LANES * CHAINS * static_cast<double>(rounds);
}

float read_memory(const float* from, int64_t count) {
  return sum_of_row(count, [&](vf sum, int64_t at, auto part) { return sum + part.load(from + at); });
}

}  // namespace cloze::CLOZE_ISA
