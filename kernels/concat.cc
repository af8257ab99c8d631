// Copies of columns: side by side, some of them, or with zeros about them.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

CLOZE_INLINE void copy(float* to, const float* from, int64_t columns) {
  each_vector(columns, [&](int64_t c, auto part) { part.store(to + c, part.load(from + c)); });
}

int32_t concat_tiles(const Call* call) {
  const Tensor* y = call->out[CONCAT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void concat_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[CONCAT_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    float* to = row_of(y, row);
    for (int slot = CONCAT_IN_A; slot <= CONCAT_IN_D; slot++) {
      const Tensor* part = call->in[slot];
      if (part == nullptr) continue;
      copy(to, row_of(part, row), part->columns);
      to += part->columns;
    }
  });
}

int32_t slice_tiles(const Call* call) {
  const Tensor* y = call->out[SLICE_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void slice_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[SLICE_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    copy(row_of(y, row), row_of(call->in[SLICE_IN_X], row) + call->integers[SLICE_INT_START], y->columns);
  });
}

int32_t pad_columns_tiles(const Call* call) {
  const Tensor* y = call->out[PAD_COLUMNS_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

CLOZE_INLINE void clear(float* to, int64_t columns) {
  each_vector(columns, [&](int64_t c, auto part) { part.store(to + c, vf{}); });
}

void pad_columns_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[PAD_COLUMNS_IN_X];
  const Tensor* y = call->out[PAD_COLUMNS_OUT_Y];
  const int64_t start = call->integers[PAD_COLUMNS_INT_START], end = start + x->columns;
  each_row_of_tile(y, tile, [&](int64_t row) {
    float* to = row_of(y, row);
    clear(to, start);
    copy(to + start, row_of(x, row), x->columns);
    clear(to + end, y->columns - end);
  });
}

}  // namespace

extern const Kernel concat_kernel = {concat_tiles, concat_run, nullptr};
extern const Kernel slice_kernel = {slice_tiles, slice_run, nullptr};
extern const Kernel pad_columns_kernel = {pad_columns_tiles, pad_columns_run, nullptr};

}  // namespace cloze::CLOZE_ISA
