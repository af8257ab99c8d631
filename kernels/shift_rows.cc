#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[SHIFT_ROWS_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[SHIFT_ROWS_OUT_Y];
  const int32_t* offsets = integers_of(call->in[SHIFT_ROWS_IN_OFFSETS]);
  int64_t text = 0;
  each_row_of_tile(y, tile, [&](int64_t row) {
    while (offsets[text + 1] <= row) text++;
    const int64_t source = row + call->integers[SHIFT_ROWS_INT_BY];
    const bool inside = source >= offsets[text] && source < offsets[text + 1];
    const float* from = row_of(call->in[SHIFT_ROWS_IN_X], inside ? source : row);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, inside ? part.load(from + c) : vf{}); });
  });
}

}  // namespace

extern const Kernel shift_rows_kernel = {tiles, run, nullptr};

}  // namespace cloze::CLOZE_ISA
