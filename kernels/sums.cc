// Sums over rows and along them. A tile of `sumRows` is a range of columns, so that each number is one sum in one order:
// 64 rows at a time, then these together, which loses fewer digits than one long chain.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

constexpr int64_t ROWS_AT_ONCE = 64;
constexpr int64_t COLUMN_STEP = 64;  // a multiple of every set's widest register block
constexpr int VECTORS = 4;

template <int COUNT, class Part>
CLOZE_INLINE void sum_columns(const Tensor* x, int64_t column, float* y, Part part) {
  vf total[COUNT] = {};
  for (int64_t from = 0; from < x->rows; from += ROWS_AT_ONCE) {
    vf sum[COUNT] = {};
    const int64_t to = smaller_of(x->rows, from + ROWS_AT_ONCE);
    for (int64_t row = from; row < to; row++) {
      for (int i = 0; i < COUNT; i++) sum[i] += part.load(row_of(x, row) + column + i * LANES);
    }
    for (int i = 0; i < COUNT; i++) total[i] += sum[i];
  }
  for (int i = 0; i < COUNT; i++) part.store(y + column + i * LANES, total[i]);
}

int64_t columns_of_tile(const Tensor* x) {
  const int64_t steps = x->rows == 0 ? 1 : TILE_NUMBERS / (x->rows * COLUMN_STEP);
  return COLUMN_STEP * larger_of(1, steps);
}

int32_t sum_rows_tiles(const Call* call) {
  const Tensor* x = call->in[SUM_ROWS_IN_X];
  return static_cast<int32_t>((x->columns + columns_of_tile(x) - 1) / columns_of_tile(x));
}

void sum_rows_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[SUM_ROWS_IN_X];
  float* y = row_of(call->out[SUM_ROWS_OUT_Y], 0);
  int64_t column = tile * columns_of_tile(x);
  const int64_t to = smaller_of(x->columns, column + columns_of_tile(x));
  for (; column + VECTORS * LANES <= to; column += VECTORS * LANES) sum_columns<VECTORS>(x, column, y, WholeVector{});
  for (; column + LANES <= to; column += LANES) sum_columns<1>(x, column, y, WholeVector{});
  if (column < to) sum_columns<1>(x, column, y, FirstLanes{static_cast<int>(to - column)});
}

int32_t row_squares_tiles(const Call* call) {
  const Tensor* x = call->in[ROW_SQUARES_IN_X];
  return tiles_of_rows(x->rows, x->columns);
}

void row_squares_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[ROW_SQUARES_IN_X];
  each_row_of_tile(x, tile, [&](int64_t row) {
    const float* from = row_of(x, row);
    *row_of(call->out[ROW_SQUARES_OUT_Y], row) = sum_of_row(x->columns, [&](vf sum, int64_t c, auto part) {
      const vf number = part.load(from + c);
      return multiply_add(number, number, sum);
    });
  });
}

}  // namespace

extern const Kernel sum_rows_kernel = {sum_rows_tiles, sum_rows_run, nullptr};
extern const Kernel row_squares_kernel = {row_squares_tiles, row_squares_run, nullptr};

}  // namespace cloze::CLOZE_ISA
