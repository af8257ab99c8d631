// Gradients of the norms, row by row: what of the gradient is not along the directions that the norm takes out.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// gradient * weight, or the gradient itself.
struct Scaled {
  const float* gradient;
  const float* weight;

  template <class Part>
  CLOZE_INLINE vf load(int64_t column, Part part) const {
    const vf number = part.load(gradient + column);
    return weight == nullptr ? number : number * part.load(weight + column);
  }
};

// y = factor * (scaled - mean(scaled) - normed * mean(scaled * normed)), normed = (x - mean) * factor
void layer_norm_row_gradient(float* y, const float* x, const Scaled& scaled, int64_t columns, float epsilon) {
  const float count = static_cast<float>(columns);
  const float mean = sum_of_row(columns, [&](vf sum, int64_t c, auto part) { return sum + part.load(x + c); }) / count;
  const float squares = sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    const vf centered = part.only(part.load(x + c) - mean);
    return multiply_add(centered, centered, sum);
  });
  const float factor = 1.0f / square_root(squares / count + epsilon);
  const float first = sum_of_row(columns, [&](vf sum, int64_t c, auto part) { return sum + scaled.load(c, part); }) / count;
  const float second = sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    return multiply_add(scaled.load(c, part), (part.load(x + c) - mean) * factor, sum);
  }) / count;
  each_vector(columns, [&](int64_t c, auto part) {
    const vf normed = (part.load(x + c) - mean) * factor;
    part.store(y + c, factor * multiply_add(normed, splat(-second), scaled.load(c, part) - first));
  });
}

int32_t layer_norm_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[LAYER_NORM_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void layer_norm_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[LAYER_NORM_GRADIENT_OUT_Y];
  const float* weight = numbers_of(call->in[LAYER_NORM_GRADIENT_IN_WEIGHT]);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const Scaled scaled = {row_of(call->in[LAYER_NORM_GRADIENT_IN_GRADIENT], row), weight};
    layer_norm_row_gradient(row_of(y, row), row_of(call->in[LAYER_NORM_GRADIENT_IN_X], row), scaled, y->columns,
                            call->floats[LAYER_NORM_GRADIENT_FLOAT_EPSILON]);
  });
}

// y = (scaled - x * along) * factor
void store_across(float* y, const float* x, const Scaled& scaled, int64_t columns, float along, float factor) {
  each_vector(columns, [&](int64_t c, auto part) {
    part.store(y + c, multiply_add(part.load(x + c), splat(-along), scaled.load(c, part)) * factor);
  });
}

float squares_of(const float* x, int64_t columns) {
  return sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    const vf number = part.load(x + c);
    return multiply_add(number, number, sum);
  });
}

float product_of(const float* x, const Scaled& scaled, int64_t columns) {
  return sum_of_row(columns, [&](vf sum, int64_t c, auto part) { return multiply_add(scaled.load(c, part), part.load(x + c), sum); });
}

int32_t rms_norm_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[RMS_NORM_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void rms_norm_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[RMS_NORM_GRADIENT_OUT_Y];
  const float* weight = numbers_of(call->in[RMS_NORM_GRADIENT_IN_WEIGHT]);
  const float count = static_cast<float>(y->columns);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[RMS_NORM_GRADIENT_IN_X], row);
    const Scaled scaled = {row_of(call->in[RMS_NORM_GRADIENT_IN_GRADIENT], row), weight};
    const float factor = 1.0f / square_root(squares_of(x, y->columns) / count + call->floats[RMS_NORM_GRADIENT_FLOAT_EPSILON]);
    const float along = product_of(x, scaled, y->columns) / count * factor * factor;
    store_across(row_of(y, row), x, scaled, y->columns, along, factor);
  });
}

int32_t normalize_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[NORMALIZE_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void normalize_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[NORMALIZE_GRADIENT_OUT_Y];
  const float epsilon = call->floats[NORMALIZE_GRADIENT_FLOAT_EPSILON];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[NORMALIZE_GRADIENT_IN_X], row);
    const Scaled scaled = {row_of(call->in[NORMALIZE_GRADIENT_IN_GRADIENT], row), nullptr};
    const float squares = squares_of(x, y->columns), length = square_root(squares);
    const bool divides = length > epsilon;  // by its own length, which then moves with x
    const float along = divides ? product_of(x, scaled, y->columns) / squares : 0.0f;
    store_across(row_of(y, row), x, scaled, y->columns, along, 1.0f / (divides ? length : epsilon));
  });
}

}  // namespace

extern const Kernel layer_norm_gradient_kernel = {layer_norm_gradient_tiles, layer_norm_gradient_run, nullptr};
extern const Kernel rms_norm_gradient_kernel = {rms_norm_gradient_tiles, rms_norm_gradient_run, nullptr};
extern const Kernel normalize_gradient_kernel = {normalize_gradient_tiles, normalize_gradient_run, nullptr};

}  // namespace cloze::CLOZE_ISA
