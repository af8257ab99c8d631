// Rows added up by number, the gradient of a gathering. A tile is a block of y: it looks through all numbers and adds the
// rows that are its own, in their order.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

constexpr int64_t BLOCK_COLUMNS = 128;
constexpr int64_t MOST_RANGES = 32;  // of rows: all of them read every number

struct Blocks {
  int64_t by_column;
  int64_t by_row;
  int64_t rows_each;

  explicit Blocks(const Tensor* y) {
    by_column = (y->columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    const int64_t ranges = smaller_of(MOST_RANGES, 1 + y->rows * BLOCK_COLUMNS / TILE_NUMBERS);
    rows_each = larger_of(1, (y->rows + ranges - 1) / ranges);
    by_row = (y->rows + rows_each - 1) / rows_each;
  }
};

int32_t tiles(const Call* call) {
  const Blocks blocks(call->out[SCATTER_ROWS_OUT_Y]);
  return static_cast<int32_t>(blocks.by_column * blocks.by_row);
}

void run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[SCATTER_ROWS_IN_X];
  const Tensor* y = call->out[SCATTER_ROWS_OUT_Y];
  const int32_t* index = integers_of(call->in[SCATTER_ROWS_IN_INDEX]);
  const Blocks blocks(y);
  const int64_t column = tile % blocks.by_column * BLOCK_COLUMNS;
  const int64_t columns = smaller_of(BLOCK_COLUMNS, y->columns - column);
  const int64_t from = tile / blocks.by_column * blocks.rows_each;
  const int64_t to = smaller_of(y->rows, from + blocks.rows_each);
  for (int64_t row = from; row < to; row++) {
    float* clear = row_of(y, row) + column;
    each_vector(columns, [&](int64_t c, auto part) { part.store(clear + c, vf{}); });
  }
  for (int64_t r = 0; r < x->rows; r++) {
    if (index[r] < from || index[r] >= to) continue;
    const float* added = row_of(x, r) + column;
    float* sum = row_of(y, index[r]) + column;
    each_vector(columns, [&](int64_t c, auto part) { part.store(sum + c, part.load(sum + c) + part.load(added + c)); });
  }
}

}  // namespace

extern const Kernel scatter_rows_kernel = {tiles, run, nullptr};

}  // namespace cloze::CLOZE_ISA
