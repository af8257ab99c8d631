// By row: y = e^x / sum(e^x), and its logarithm.
#include "exponential_sum.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t softmax_tiles(const Call* call) {
  const Tensor* y = call->out[SOFTMAX_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void softmax_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[SOFTMAX_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[SOFTMAX_IN_X], row);
    const RowSum sum = sum_exponentials(x, y->columns);
    const float factor = 1.0f / sum.total;
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      part.store(to + c, exponential(part.load(x + c) - sum.largest) * factor);
    });
  });
}

int32_t log_softmax_tiles(const Call* call) {
  const Tensor* y = call->out[LOG_SOFTMAX_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void log_softmax_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[LOG_SOFTMAX_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[LOG_SOFTMAX_IN_X], row);
    const RowSum sum = sum_exponentials(x, y->columns);
    const float log_total = static_cast<float>(logarithm(sum.total));
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, (part.load(x + c) - sum.largest) - log_total); });
  });
}

}  // namespace

extern const Kernel softmax_kernel = {softmax_tiles, softmax_run, nullptr};
extern const Kernel log_softmax_kernel = {log_softmax_tiles, log_softmax_run, nullptr};

}  // namespace cloze::CLOZE_ISA
