// Steps that change parameters where they lie. What they return only orders them: a 0, which the first tile writes.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// A vector is one row, so it divides by columns.
int32_t update_tiles(const Tensor* state) {
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

int32_t accumulate_tiles(const Call* call) { return update_tiles(call->in[ACCUMULATE_IN_STATE]); }

void accumulate_run(const Call* call, int32_t tile, char*) {
  each_piece(call->in[ACCUMULATE_IN_STATE], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* state = row_of(call->in[ACCUMULATE_IN_STATE], row) + from;
    const float* x = row_of(call->in[ACCUMULATE_IN_X], row) + from;
    each_vector(columns, [&](int64_t c, auto part) { part.store(state + c, part.load(state + c) + part.load(x + c)); });
  });
  if (tile == 0) *row_of(call->out[ACCUMULATE_OUT_Y], 0) = 0;
}

int32_t adam_w_tiles(const Call* call) { return update_tiles(call->in[ADAM_W_IN_PARAMETER]); }

// The settings, with everything that is the same for all numbers multiplied out.
struct AdamW {
  float scale, beta1, beta2, epsilon, decayed, step, correction2;
  bool is_on;

  explicit AdamW(const Call* call) {
    const float* settings = numbers_of(call->in[ADAM_W_IN_SETTINGS]);
    const float rate = settings[1] * call->floats[ADAM_W_FLOAT_RATE_FACTOR];
    scale = settings[0];
    beta1 = settings[2];
    beta2 = settings[3];
    epsilon = settings[4];
    decayed = 1.0f - rate * settings[5] * call->floats[ADAM_W_FLOAT_DECAY_FACTOR];
    step = rate / settings[6];
    correction2 = 1.0f / settings[7];
    is_on = settings[8] != 0;
  }
};

void adam_w_run(const Call* call, int32_t tile, char*) {
  const AdamW adam(call);
  each_piece(call->in[ADAM_W_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* parameter = row_of(call->in[ADAM_W_IN_PARAMETER], row) + from;
    float* gradient = row_of(call->in[ADAM_W_IN_GRADIENT], row) + from;
    float* first = row_of(call->in[ADAM_W_IN_FIRST], row) + from;
    float* second = row_of(call->in[ADAM_W_IN_SECOND], row) + from;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * adam.scale;
      part.store(gradient + c, vf{});
      if (!adam.is_on) return;
      const vf mean = multiply_add(part.load(first + c), splat(adam.beta1), (1.0f - adam.beta1) * slope);
      const vf square = multiply_add(part.load(second + c), splat(adam.beta2), (1.0f - adam.beta2) * slope * slope);
      part.store(first + c, mean);
      part.store(second + c, square);
      const vf update = adam.step * mean / (square_roots(square * adam.correction2) + adam.epsilon);
      part.store(parameter + c, multiply_add(part.load(parameter + c), splat(adam.decayed), -update));
    });
  });
  if (tile == 0) *row_of(call->out[ADAM_W_OUT_Y], 0) = 0;
}

}  // namespace

extern const Kernel accumulate_kernel = {accumulate_tiles, accumulate_run, nullptr};
extern const Kernel adam_w_kernel = {adam_w_tiles, adam_w_run, nullptr};

}  // namespace cloze::CLOZE_ISA
