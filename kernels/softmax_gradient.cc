// Gradients of the softmax and its logarithm, by row, from what they computed.
#include "columns.h"
#include "exponential.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t softmax_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[SOFTMAX_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void softmax_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[SOFTMAX_GRADIENT_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* probabilities = row_of(call->in[SOFTMAX_GRADIENT_IN_PROBABILITIES], row);
    const float* gradient = row_of(call->in[SOFTMAX_GRADIENT_IN_GRADIENT], row);
    const float along = sum_of_row(y->columns, [&](vf sum, int64_t c, auto part) {
      return multiply_add(part.load(probabilities + c), part.load(gradient + c), sum);
    });
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      part.store(to + c, part.load(probabilities + c) * (part.load(gradient + c) - along));
    });
  });
}

int32_t log_softmax_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[LOG_SOFTMAX_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void log_softmax_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[LOG_SOFTMAX_GRADIENT_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* logs = row_of(call->in[LOG_SOFTMAX_GRADIENT_IN_LOG_PROBABILITIES], row);
    const float* gradient = row_of(call->in[LOG_SOFTMAX_GRADIENT_IN_GRADIENT], row);
    const float total = sum_of_row(y->columns, [&](vf sum, int64_t c, auto part) { return sum + part.load(gradient + c); });
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      part.store(to + c, multiply_add(exponential(part.load(logs + c)), splat(-total), part.load(gradient + c)));
    });
  });
}

}  // namespace

extern const Kernel softmax_gradient_kernel = {softmax_gradient_tiles, softmax_gradient_run, nullptr};
extern const Kernel log_softmax_gradient_kernel = {log_softmax_gradient_tiles, log_softmax_gradient_run, nullptr};

}  // namespace cloze::CLOZE_ISA
