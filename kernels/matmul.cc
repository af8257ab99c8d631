// y = op(a) . op(b) of two values. Both are packed block by block on the way, so that the register tile is the same as
// with weights; only rows of `a` in order are read where they are.
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

constexpr int64_t DEPTH_BLOCK = 256;  // steps packed at a time
// Rows and panels of a tile: over the rows packing `b` pays, over the panels packing a transposed `a`, which costs more.
constexpr int64_t MOST_ROWS = 256 / TILE_ROWS * TILE_ROWS, MOST_PANELS = 4;
constexpr int64_t ROWS_TRANSPOSED = 64 / TILE_ROWS * TILE_ROWS, PANELS_TRANSPOSED = 16;
constexpr int64_t MOST_SUMS = MOST_ROWS * MOST_PANELS;
static_assert(ROWS_TRANSPOSED * PANELS_TRANSPOSED <= MOST_SUMS);

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
  int64_t rows_each() const { return transpose_a ? ROWS_TRANSPOSED : MOST_ROWS; }
  int64_t row_tiles() const { return (y->rows + rows_each() - 1) / rows_each(); }
  // As many as leave some tiles for every thread.
  int64_t panels_each() const {
    const int64_t share = row_tiles() * panels_of(y->columns) / (transpose_a ? 4 : 16);
    return share < 1 ? 1 : smaller_of(share, transpose_a ? PANELS_TRANSPOSED : MOST_PANELS);
  }
};

struct Workspace {
  float* sums;   // [panels][rows][panel]
  float* right;  // [DEPTH_BLOCK][panel]
  float* left;   // [rows / TILE_ROWS][DEPTH_BLOCK][TILE_ROWS], of a transposed `a`

  explicit Workspace(char* scratch) {
    sums = reinterpret_cast<float*>(scratch);
    right = sums + MOST_SUMS * PANEL_COLUMNS;
    left = right + DEPTH_BLOCK * PANEL_COLUMNS;
  }
  static constexpr size_t BYTES =
      static_cast<size_t>((MOST_SUMS + DEPTH_BLOCK) * PANEL_COLUMNS + ROWS_TRANSPOSED * DEPTH_BLOCK) * sizeof(float);
};

// Steps [from, from + steps) of one panel of op(b).
void pack_right(const Operands& o, const Panel& panel, int64_t from, int64_t steps, float* data) {
  if (o.transpose_b) return pack_steps(data, panel, row_of(o.b, panel.first) + from, o.b->stride, steps);
  for (int64_t step = 0; step < steps; step++) {
    const float* row = row_of(o.b, from + step) + panel.first;
    each_vector(panel.outputs, [&](int64_t c, auto part) { store(data + step * panel.width() + c, part.load(row + c)); });
  }
}

// Rows [first, first + rows) of the transposed `a`, so that a register tile reads its rows straight through.
void pack_left(const Operands& o, int64_t first, int rows, int64_t from, int64_t steps, float* data) {
  for (int64_t step = 0; step < steps; step++) {
    const float* column = row_of(o.a, from + step) + first;
    for (int row = 0; row < rows; row += TILE_ROWS) {
      const int there = rows - row < TILE_ROWS ? rows - row : TILE_ROWS;
      float* to = data + (row * steps + step * TILE_ROWS);
      if (there == TILE_ROWS) __builtin_memcpy(to, column + row, TILE_ROWS * sizeof(float));
      else for (int i = 0; i < there; i++) to[i] = column[row + i];
    }
  }
}

void multiply_block(const Operands& o, const Workspace& w, const Panel& panel, int64_t first, int rows, int64_t from, int64_t steps, float* sums) {
  const ptrdiff_t depth = static_cast<ptrdiff_t>(steps);
  pack_right(o, panel, from, steps, w.right);
  if (!o.transpose_a) {
    multiply_rows(rows, panel.vectors, depth, {row_of(o.a, first) + from, o.a->stride, 1}, w.right, sums, from > 0);
    return;
  }
  for (int row = 0; row < rows; row += TILE_ROWS) {
    const int there = rows - row < TILE_ROWS ? rows - row : TILE_ROWS;
    const MultiplyTile multiply = multiply_tile_for(WALK_STRIDED, there, panel.vectors);
    multiply(depth, w.left + row * steps, 1, w.right, sums + row * panel.width(), from > 0, TILE_ROWS, {});
  }
}

int32_t tiles(const Call* call) {
  const Operands o(call);
  return static_cast<int32_t>(o.row_tiles() * ((panels_of(o.y->columns) + o.panels_each() - 1) / o.panels_each()));
}

size_t scratch(const Call*) { return Workspace::BYTES; }

void run(const Call* call, int32_t tile, char* scratch) {
  const Operands o(call);
  const Workspace w(scratch);
  const int64_t first_panel = tile / o.row_tiles() * o.panels_each();
  const int64_t end_panel = smaller_of(first_panel + o.panels_each(), panels_of(o.y->columns));
  const int64_t rows_each = o.rows_each(), first = tile % o.row_tiles() * rows_each, depth = o.depth();
  const int rows = static_cast<int>(smaller_of(o.y->rows - first, rows_each));
  const auto sums_of = [&](int64_t index) { return w.sums + (index - first_panel) * rows_each * PANEL_COLUMNS; };

  for (int64_t step = 0; step == 0 || step < depth; step += DEPTH_BLOCK) {
    const int64_t steps = smaller_of(depth - step, DEPTH_BLOCK);
    if (o.transpose_a) pack_left(o, first, rows, step, steps, w.left);
    for (int64_t index = first_panel; index < end_panel; index++) {
      multiply_block(o, w, Panel(o.y->columns, index), first, rows, step, steps, sums_of(index));
    }
  }
  for (int64_t index = first_panel; index < end_panel; index++) {
    const Panel panel(o.y->columns, index);
    for (int64_t row = 0; row < rows; row++) {
      const float* sums = sums_of(index) + row * panel.width();
      float* y = row_of(o.y, first + row) + panel.first;
      each_vector(panel.outputs, [&](int64_t c, auto part) { part.store(y + c, load(sums + c)); });
    }
  }
}

}  // namespace

extern const Kernel matmul_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
