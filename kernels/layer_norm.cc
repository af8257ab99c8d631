#include "layer_norm.h"

#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t layer_norm_tiles(const Call* call) {
  const Tensor* y = call->out[LAYER_NORM_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void layer_norm_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[LAYER_NORM_IN_X];
  const Tensor* y = call->out[LAYER_NORM_OUT_Y];
  const float* weight = numbers_of(call->in[LAYER_NORM_IN_WEIGHT]);
  const float* bias = numbers_of(call->in[LAYER_NORM_IN_BIAS]);
  each_row_of_tile(y, tile, [&](int64_t row) {
    layer_norm_row(row_of(y, row), row_of(x, row), y->columns, weight, bias, call->floats[LAYER_NORM_FLOAT_EPSILON]);
  });
}

int32_t rms_norm_tiles(const Call* call) {
  const Tensor* y = call->out[RMS_NORM_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void rms_norm_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[RMS_NORM_OUT_Y];
  const float* weight = numbers_of(call->in[RMS_NORM_IN_WEIGHT]);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[RMS_NORM_IN_X], row);
    float* to = row_of(y, row);
    const float squares = sum_of_row(y->columns, [&](vf sum, int64_t c, auto part) {
      const vf number = part.load(x + c);
      return multiply_add(number, number, sum);
    });
    const float mean = squares / static_cast<float>(y->columns);
    const float factor = 1.0f / square_root(mean + call->floats[RMS_NORM_FLOAT_EPSILON]);
    each_vector(y->columns, [&](int64_t c, auto part) {
      vf scaled = part.load(x + c) * factor;
      if (weight != nullptr) scaled *= part.load(weight + c);
      part.store(to + c, scaled);
    });
  });
}

}  // namespace

extern const Kernel layer_norm_kernel = {layer_norm_tiles, layer_norm_run, nullptr};
extern const Kernel rms_norm_kernel = {rms_norm_tiles, rms_norm_run, nullptr};

}  // namespace cloze::CLOZE_ISA
