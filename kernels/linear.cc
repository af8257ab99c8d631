// y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N]
#include "activation.h"
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

// Steps of depth per pass over the rows: so much of a panel stays in the first cache.
constexpr int64_t DEPTH_BLOCK = 384;
// Rows whose sums are parked between passes.
constexpr int64_t ROW_BLOCK = 64;
// Panels of one tile: what the second cache keeps while rows go by.
constexpr int64_t PANEL_BYTES = 512 * 1024;
// Cost of a tile in operations, the smallest worth sharing and the largest: about 15 and 120 microseconds.
constexpr int64_t SMALLEST_TILE = 150000 * LANES;
constexpr int64_t LARGEST_TILE = 8 * SMALLEST_TILE;

int64_t at_least_one(int64_t x) { return x < 1 ? 1 : x; }
int64_t ceiling(int64_t x, int64_t unit) { return (x + unit - 1) / unit; }

struct Operands {
  const Tensor* x;
  const Tensor* weight;
  const Tensor* bias;
  const Tensor* residual;
  const Tensor* y;
  int32_t activation;

  explicit Operands(const Call* call)
      : x(call->in[LINEAR_IN_X]),
        weight(call->in[LINEAR_IN_WEIGHT]),
        bias(call->in[LINEAR_IN_BIAS]),
        residual(call->in[LINEAR_IN_RESIDUAL]),
        y(call->out[LINEAR_OUT_Y]),
        activation(call->integers[LINEAR_INT_ACTIVATION]) {}

  int64_t rows() const { return x->rows; }
  int64_t depth() const { return x->columns; }
  int64_t outputs() const { return y->columns; }
};

// How the work is cut: columns by panels, rows by register tiles.
struct Division {
  int64_t panels_each;
  int64_t rows_each;
  int64_t row_tiles;
  int64_t tiles;

  explicit Division(const Operands& o) {
    // Reading a weight from memory costs about as much as this many operations with it.
    const int64_t reading = 2 * LANES;
    const int64_t panel_weights = at_least_one(o.depth()) * PANEL_COLUMNS;
    const int64_t panels = panels_of(o.outputs());
    const int64_t total = panels * panel_weights * (2 * o.rows() + reading);
    int64_t cost = total / 16;
    if (cost < SMALLEST_TILE) cost = SMALLEST_TILE;
    if (cost > LARGEST_TILE) cost = LARGEST_TILE;

    panels_each = at_least_one(cost / (panel_weights * (2 * o.rows() + reading)));
    const int64_t fitting = at_least_one(PANEL_BYTES / 4 / panel_weights);
    if (panels_each > fitting && o.rows() > TILE_ROWS) panels_each = fitting;
    rows_each = o.rows();
    if (o.weight->layout == LAYOUT_PACKED) {  // other panels are packed for each tile anew: then a tile is all rows
      if (panels_each == 1) panels_each = fitting < panels ? fitting : panels;
      rows_each = ceiling(at_least_one(cost / (2 * panel_weights * panels_each)), TILE_ROWS) * TILE_ROWS;
      if (rows_each < ROW_BLOCK) rows_each = ROW_BLOCK;
    }
    row_tiles = o.rows() == 0 ? 0 : ceiling(o.rows(), rows_each);
    rows_each = row_tiles == 0 ? 0 : ceiling(ceiling(o.rows(), row_tiles), TILE_ROWS) * TILE_ROWS;
    row_tiles = rows_each == 0 ? 0 : ceiling(o.rows(), rows_each);
    tiles = row_tiles * ceiling(panels, panels_each);
  }
};

// From sums to results, for `rows` rows of one panel.
void finish(const Operands& o, const Panel& panel, int64_t from, int64_t rows, const float* sums) {
  const float* bias = o.bias == nullptr ? nullptr : static_cast<const float*>(o.bias->data) + panel.first;
  with_activation(o.activation, [&](auto activation) {
    for (int64_t row = 0; row < rows; row++) {
      const float* sum = sums + row * PANEL_COLUMNS;
      const float* residual = o.residual == nullptr ? nullptr : row_of(o.residual, from + row) + panel.first;
      float* y = row_of(o.y, from + row) + panel.first;
      each_vector(panel.outputs, [&](int64_t column, auto part) {
        vf x = load(sum + column);
        if (bias != nullptr) x += part.load(bias + column);
        x = activation.apply(x);
        if (residual != nullptr) x += part.load(residual + column);
        part.store(y + column, x);
      });
    }
  });
}

void multiply_panel(const Operands& o, const Panel& panel, const float* data, int64_t from, int64_t to, float* sums) {
  const int64_t depth = o.depth();
  for (int64_t row = from; row < to; row += ROW_BLOCK) {
    const int rows = static_cast<int>(to - row < ROW_BLOCK ? to - row : ROW_BLOCK);
    for (int64_t step = 0; step == 0 || step < depth; step += DEPTH_BLOCK) {
      const int64_t steps = depth - step < DEPTH_BLOCK ? depth - step : DEPTH_BLOCK;
      const LeftOperand left = {row_of(o.x, row) + step, o.x->stride, 1};
      multiply_rows(rows, panel.vectors, steps, left, data + step * panel.width(), panel.width(), {sums, PANEL_COLUMNS, step > 0});
    }
    finish(o, panel, row, rows, sums);
  }
}

int32_t tiles(const Call* call) { return static_cast<int32_t>(Division(Operands(call)).tiles); }

size_t scratch(const Call* call) {
  const Operands o(call);
  const int64_t packing = o.weight->layout == LAYOUT_PACKED ? 0 : PANEL_COLUMNS * o.depth();
  return static_cast<size_t>(ROW_BLOCK * PANEL_COLUMNS + packing) * sizeof(float);
}

void run(const Call* call, int32_t tile, char* scratch) {
  const Operands o(call);
  const Division division(o);
  float* sums = reinterpret_cast<float*>(scratch);
  float* packed = sums + ROW_BLOCK * PANEL_COLUMNS;

  const int64_t from = tile % division.row_tiles * division.rows_each;
  const int64_t to = from + division.rows_each < o.rows() ? from + division.rows_each : o.rows();
  const int64_t first = tile / division.row_tiles * division.panels_each;
  for (int64_t index = first; index < first + division.panels_each && index < panels_of(o.outputs()); index++) {
    const Panel panel(o.outputs(), index);
    const float* data = panel_data(static_cast<const float*>(o.weight->data), panel, o.depth());
    if (o.weight->layout != LAYOUT_PACKED) {
      pack_rows(packed, panel, o.depth(), row_of(o.weight, panel.first), o.weight->stride, 0, panel.outputs);
      data = packed;
    }
    multiply_panel(o, panel, data, from, to, sums);
  }
}

}  // namespace

extern const Kernel linear_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
