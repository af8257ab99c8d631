#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[NORMALIZE_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[NORMALIZE_OUT_Y];
  const float epsilon = call->floats[NORMALIZE_FLOAT_EPSILON];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[NORMALIZE_IN_X], row);
    const float length = square_root(sum_of_row(y->columns, [&](vf sum, int64_t c, auto part) {
      const vf number = part.load(x + c);
      return multiply_add(number, number, sum);
    }));
    const float divisor = length < epsilon ? epsilon : length;
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, part.load(x + c) / divisor); });
  });
}

}  // namespace

extern const Kernel normalize_kernel = {tiles, run, nullptr};

}  // namespace cloze::CLOZE_ISA
