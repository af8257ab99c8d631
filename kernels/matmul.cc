// y = op(a) . op(b) of two values. What b contributes is packed panel by panel on the way, so the register tile is the
// same as with weights; a is read where it is, along rows or along columns.
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

constexpr int64_t DEPTH_BLOCK = 256;  // of b, packed at a time
constexpr int64_t ROWS_EACH = 256;    // a tile's, over which the packing pays

struct Operands {
  const Tensor* a;
  const Tensor* b;
  const Tensor* y;
  bool transpose_a;
  bool transpose_b;

  explicit Operands(const Call* call)
      : a(call->in[MATMUL_IN_A]),
        b(call->in[MATMUL_IN_B]),
        y(call->out[MATMUL_OUT_Y]),
        transpose_a(call->integers[MATMUL_INT_TRANSPOSE_A] != 0),
        transpose_b(call->integers[MATMUL_INT_TRANSPOSE_B] != 0) {}

  int64_t depth() const { return transpose_a ? a->rows : a->columns; }
  int64_t row_tiles() const { return (y->rows + ROWS_EACH - 1) / ROWS_EACH; }

  LeftOperand left(int64_t row, int64_t step) const {
    if (transpose_a) return {row_of(a, step) + row, 1, a->stride};
    return {row_of(a, row) + step, a->stride, 1};
  }
};

// data[step * width + column] = op(b)[from + step][panel.first + column], zeros beyond the panel's columns.
void pack_steps(const Operands& o, const Panel& panel, int64_t from, int64_t steps, float* data) {
  const int width = panel.width();
  if (o.transpose_b) {
    transpose(data, width, row_of(o.b, panel.first) + from, o.b->stride, panel.outputs, steps);
    for (int64_t step = 0; step < steps; step++) {
      for (int column = panel.outputs; column < width; column++) data[step * width + column] = 0;
    }
    return;
  }
  for (int64_t step = 0; step < steps; step++) {
    const float* row = row_of(o.b, from + step) + panel.first;
    each_vector(panel.outputs, [&](int64_t c, auto part) { store(data + step * width + c, part.load(row + c)); });
  }
}

int32_t tiles(const Call* call) {
  const Operands o(call);
  return static_cast<int32_t>(o.row_tiles() * panels_of(o.y->columns));
}

size_t scratch(const Call*) { return static_cast<size_t>((ROWS_EACH + DEPTH_BLOCK) * PANEL_COLUMNS) * sizeof(float); }

void run(const Call* call, int32_t tile, char* scratch) {
  const Operands o(call);
  float* sums = reinterpret_cast<float*>(scratch);
  float* packed = sums + ROWS_EACH * PANEL_COLUMNS;
  const Panel panel(o.y->columns, tile / o.row_tiles());
  const int64_t from = tile % o.row_tiles() * ROWS_EACH;
  const int rows = static_cast<int>(o.y->rows - from < ROWS_EACH ? o.y->rows - from : ROWS_EACH);
  const int64_t depth = o.depth();
  for (int64_t step = 0; step == 0 || step < depth; step += DEPTH_BLOCK) {
    const int64_t steps = depth - step < DEPTH_BLOCK ? depth - step : DEPTH_BLOCK;
    pack_steps(o, panel, step, steps, packed);
    multiply_rows(rows, panel.vectors, static_cast<ptrdiff_t>(steps), o.left(from, step), packed, sums, step > 0);
  }
  for (int64_t row = 0; row < rows; row++) {
    float* y = row_of(o.y, from + row) + panel.first;
    each_vector(panel.outputs, [&](int64_t c, auto part) { part.store(y + c, load(sums + row * panel.width() + c)); });
  }
}

}  // namespace

extern const Kernel matmul_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
