// How steps that change parameters divide, and what optimizers are set to.
#pragma once
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

// A vector is one row, so it divides by columns.
inline int32_t update_tiles(const Tensor* state) {
  if (state->rows != 1) return tiles_of_rows(state->rows, state->columns);
  return static_cast<int32_t>((state->columns + TILE_NUMBERS - 1) / TILE_NUMBERS);
}

// use(row, from, columns) for each row of a tile, or for its part of the only one.
template <class Use>
CLOZE_INLINE void each_piece(const Tensor* state, int32_t tile, Use use) {
  if (state->rows != 1) return each_row_of_tile(state, tile, [&](int64_t row) { use(row, 0, state->columns); });
  const int64_t from = tile * TILE_NUMBERS;
  use(0, from, smaller_of(TILE_NUMBERS, state->columns - from));
}

// The settings of adamW in the op table, of which other optimizers leave out some.
struct UpdateSettings {
  float scale, rate, beta1, beta2, epsilon, decay, correction1, correction2;
  bool is_on;

  UpdateSettings(const Tensor* settings, float rate_factor, float decay_factor) {
    const float* at = numbers_of(settings);
    scale = at[0];
    rate = at[1] * rate_factor;
    beta1 = at[2];
    beta2 = at[3];
    epsilon = at[4];
    decay = at[5] * decay_factor;
    correction1 = at[6];
    correction2 = at[7];
    is_on = at[8] != 0;
  }
};

}  // namespace cloze::CLOZE_ISA
