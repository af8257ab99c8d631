// Optimizers whose step depends on the root mean square of a whole parameter, which their preparation finds.
#include "update.h"

namespace cloze::CLOZE_ISA {

namespace {

UpdateSettings stable_settings(const Call* call) {
  return UpdateSettings(call->in[STABLE_ADAM_W_IN_SETTINGS], call->floats[STABLE_ADAM_W_FLOAT_RATE_FACTOR],
                        call->floats[STABLE_ADAM_W_FLOAT_DECAY_FACTOR]);
}

int32_t stable_tiles(const Call* call) { return update_tiles(call->in[STABLE_ADAM_W_IN_PARAMETER]); }

size_t stable_shared(const Call* call) { return static_cast<size_t>(stable_tiles(call)) * sizeof(float); }

// A beta corrected for the start: beta (1 - beta^(t - 1)) / (1 - beta^t).
float corrected(float beta, float correction) { return 1.0f - (1.0f - beta) / correction; }

CLOZE_INLINE vf next_square(vf second, vf slope, float beta) { return multiply_add(second, splat(beta), (1.0f - beta) * slope * slope); }

// Of each tile: the sum of gradient^2 / max(second, epsilon^2).
void stable_prepare(const Call* call, int32_t tile, char*) {
  const UpdateSettings adam = stable_settings(call);
  const float beta2 = corrected(adam.beta2, adam.correction2), least = adam.epsilon * adam.epsilon;
  float total = 0;
  each_piece(call->in[STABLE_ADAM_W_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    const float* gradient = row_of(call->in[STABLE_ADAM_W_IN_GRADIENT], row) + from;
    const float* second = row_of(call->in[STABLE_ADAM_W_IN_SECOND], row) + from;
    total += sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * adam.scale;
      const vf square = larger(next_square(part.load(second + c), slope, beta2), splat(least));
      return sum + part.only(slope * slope / square);
    });
  });
  reinterpret_cast<float*>(call->shared)[tile] = total;
}

float stable_rate(const Call* call, float rate) {
  const Tensor* parameter = call->in[STABLE_ADAM_W_IN_PARAMETER];
  double total = 0;
  for (int32_t tile = 0; tile < stable_tiles(call); tile++) total += reinterpret_cast<const float*>(call->shared)[tile];
  const float root = square_root(static_cast<float>(total / static_cast<double>(count_of(parameter))));
  return root > 1 ? rate / root : rate;
}

void stable_run(const Call* call, int32_t tile, char*) {
  const UpdateSettings adam = stable_settings(call);
  const float beta1 = corrected(adam.beta1, adam.correction1), beta2 = corrected(adam.beta2, adam.correction2);
  const float rate = stable_rate(call, adam.rate), decayed = 1.0f - rate * adam.decay;
  each_piece(call->in[STABLE_ADAM_W_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* parameter = row_of(call->in[STABLE_ADAM_W_IN_PARAMETER], row) + from;
    float* gradient = row_of(call->in[STABLE_ADAM_W_IN_GRADIENT], row) + from;
    float* first = row_of(call->in[STABLE_ADAM_W_IN_FIRST], row) + from;
    float* second = row_of(call->in[STABLE_ADAM_W_IN_SECOND], row) + from;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * adam.scale;
      part.store(gradient + c, vf{});
      if (!adam.is_on) return;
      const vf mean = multiply_add(part.load(first + c), splat(beta1), (1.0f - beta1) * slope);
      const vf square = next_square(part.load(second + c), slope, beta2);
      part.store(first + c, mean);
      part.store(second + c, square);
      const vf update = rate * mean / (square_roots(square) + adam.epsilon);
      part.store(parameter + c, multiply_add(part.load(parameter + c), splat(decayed), -update));
    });
  });
  if (tile == 0) *row_of(call->out[STABLE_ADAM_W_OUT_Y], 0) = 0;
}

UpdateSettings factored_settings(const Call* call) {
  return UpdateSettings(call->in[ADAFACTOR_IN_SETTINGS], call->floats[ADAFACTOR_FLOAT_RATE_FACTOR],
                        call->floats[ADAFACTOR_FLOAT_DECAY_FACTOR]);
}

int32_t factored_tiles(const Call* call) { return update_tiles(call->in[ADAFACTOR_IN_PARAMETER]); }

// What the preparation leaves: the factor of every update. Then by column what a square's root is divided by.
size_t factored_shared(const Call* call) { return (16 + static_cast<size_t>(call->in[ADAFACTOR_IN_PARAMETER]->columns)) * sizeof(float); }

int32_t one_tile(const Call*) { return 1; }

// Blends the squares' means by row and by column into `rows` and `columns`.
void blend_means(const Call* call, const UpdateSettings& settings, float* sums) {
  const Tensor* gradient = call->in[ADAFACTOR_IN_GRADIENT];
  float* rows = row_of(call->in[ADAFACTOR_IN_ROWS], 0);
  const float kept = settings.beta2, added = 1.0f - settings.beta2;
  each_vector(gradient->columns, [&](int64_t c, auto part) { part.store(sums + c, vf{}); });
  for (int64_t row = 0; row < gradient->rows; row++) {
    const float* from = row_of(gradient, row);
    const float total = sum_of_row(gradient->columns, [&](vf sum, int64_t c, auto part) {
      const vf slope = part.load(from + c) * settings.scale, square = slope * slope + settings.epsilon;
      part.store(sums + c, part.load(sums + c) + square);
      return sum + part.only(square);
    });
    rows[row] = kept * rows[row] + added * (total / static_cast<float>(gradient->columns));
  }
  float* columns = row_of(call->in[ADAFACTOR_IN_COLUMNS], 0);
  const float share = added / static_cast<float>(gradient->rows);
  each_vector(gradient->columns, [&](int64_t c, auto part) {
    part.store(columns + c, multiply_add(part.load(columns + c), splat(kept), share * part.load(sums + c)));
  });
}

// The means, and roots[c] so that an update is gradient / (root of its row's mean) / roots[c].
void prepare_roots(const Call* call, const UpdateSettings& settings, float* roots) {
  const Tensor* rows = call->in[ADAFACTOR_IN_ROWS];
  if (call->in[ADAFACTOR_IN_COLUMNS] == nullptr) {
    const float* gradient = row_of(call->in[ADAFACTOR_IN_GRADIENT], 0);
    float* squares = row_of(rows, 0);
    each_vector(rows->columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * settings.scale, square = slope * slope + settings.epsilon;
      const vf mean = multiply_add(part.load(squares + c), splat(settings.beta2), (1.0f - settings.beta2) * square);
      part.store(squares + c, mean);
      part.store(roots + c, square_roots(mean));
    });
    return;
  }
  blend_means(call, settings, roots);
  const float* of_rows = row_of(rows, 0);
  const float total = sum_of_row(rows->columns, [&](vf sum, int64_t c, auto part) { return sum + part.load(of_rows + c); });
  const float average = square_root(total / static_cast<float>(rows->columns));
  const float* columns = row_of(call->in[ADAFACTOR_IN_COLUMNS], 0);
  each_vector(call->in[ADAFACTOR_IN_COLUMNS]->columns, [&](int64_t c, auto part) {
    part.store(roots + c, square_roots(part.load(columns + c)) / average);
  });
}

float scale_of_row(const Call* call, const UpdateSettings& settings, int64_t row) {
  if (call->in[ADAFACTOR_IN_COLUMNS] == nullptr) return settings.scale;
  return settings.scale / square_root(row_of(call->in[ADAFACTOR_IN_ROWS], 0)[row]);
}

void factored_prepare(const Call* call, int32_t, char*) {
  const UpdateSettings settings = factored_settings(call);
  if (!settings.is_on) return;
  float* step = reinterpret_cast<float*>(call->shared);
  float* roots = step + 16;
  prepare_roots(call, settings, roots);
  const Tensor* gradient = call->in[ADAFACTOR_IN_GRADIENT];
  double squares = 0;
  for (int64_t row = 0; row < gradient->rows; row++) {
    const float* from = row_of(gradient, row);
    const float scale = scale_of_row(call, settings, row);
    squares += sum_of_row(gradient->columns, [&](vf sum, int64_t c, auto part) {
      const vf update = part.load(from + c) * scale / part.load(roots + c);
      return sum + part.only(update * update);
    });
  }
  const float root = square_root(static_cast<float>(squares / static_cast<double>(count_of(gradient))));
  const float most = settings.beta1;
  *step = most > 0 && root > most ? settings.rate / (root / most) : settings.rate;
}

void factored_run(const Call* call, int32_t tile, char*) {
  const UpdateSettings settings = factored_settings(call);
  const float step = *reinterpret_cast<const float*>(call->shared), decayed = 1.0f - settings.rate * settings.decay;
  each_piece(call->in[ADAFACTOR_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    const float* roots = reinterpret_cast<const float*>(call->shared) + 16 + from;
    float* parameter = row_of(call->in[ADAFACTOR_IN_PARAMETER], row) + from;
    float* gradient = row_of(call->in[ADAFACTOR_IN_GRADIENT], row) + from;
    const float scale = settings.is_on ? step * scale_of_row(call, settings, row) : 0;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c);
      part.store(gradient + c, vf{});
      if (!settings.is_on) return;
      part.store(parameter + c, multiply_add(part.load(parameter + c), splat(decayed), -(slope * scale / part.load(roots + c))));
    });
  });
  if (tile == 0) *row_of(call->out[ADAFACTOR_OUT_Y], 0) = 0;
}

extern const Kernel stable_preparation = {stable_tiles, stable_prepare, nullptr};
extern const Kernel factored_preparation = {one_tile, factored_prepare, nullptr};

}  // namespace

extern const Kernel stable_adam_w_kernel = {stable_tiles, stable_run, nullptr, &stable_preparation, stable_shared};
extern const Kernel adafactor_kernel = {factored_tiles, factored_run, nullptr, &factored_preparation, factored_shared};

}  // namespace cloze::CLOZE_ISA
