// y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N]
#include "activation.h"
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

// What the second cache is to hold: the rows of x that a tile works on, while panels of the weight pass by.
constexpr int64_t ROW_BYTES = 400 * 1024;
constexpr int64_t MOST_ROWS = 128;
// Steps of depth that are multiplied at a time; sums of longer rows are parked in between.
constexpr int64_t DEPTH_BLOCK = 768;
// Cost of a tile in operations, the smallest worth sharing and the largest: about 15 and 200 microseconds.
constexpr int64_t SMALLEST_TILE = 150000 * LANES;
constexpr int64_t LARGEST_TILE = 12 * SMALLEST_TILE;

int64_t at_least_one(int64_t x) { return x < 1 ? 1 : x; }
int64_t ceiling(int64_t x, int64_t unit) { return (x + unit - 1) / unit; }
int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }

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

// How the work is cut: into blocks of rows, and for each block into groups of panels, in this order, so that whoever
// takes the next tile has its rows at hand.
struct Division {
  int64_t rows_each;
  int64_t panels_each;
  int64_t panel_groups;
  int64_t tiles;

  explicit Division(const Operands& o) {
    const int64_t rows = o.rows(), depth = at_least_one(o.depth()), panels = panels_of(o.outputs());
    // Weights in rows are packed anew by every tile that needs them: then a tile has all rows.
    int64_t most = rows;
    if (o.weight->layout == LAYOUT_PACKED) most = smaller_of(MOST_ROWS, at_least_one(ROW_BYTES / 4 / depth / TILE_ROWS) * TILE_ROWS);
    const int64_t blocks = ceiling(rows, at_least_one(most));
    rows_each = blocks == 0 ? 1 : ceiling(ceiling(rows, blocks), TILE_ROWS) * TILE_ROWS;
    // Fetching a weight costs about as much as this many operations with it.
    const int64_t fetching = 2 * LANES;
    const int64_t panel_cost = depth * PANEL_COLUMNS * (2 * smaller_of(rows_each, rows) + fetching);
    int64_t cost = panel_cost * panels * blocks / 16;
    if (cost < SMALLEST_TILE) cost = SMALLEST_TILE;
    if (cost > LARGEST_TILE) cost = LARGEST_TILE;
    panel_groups = ceiling(panels, at_least_one(cost / panel_cost));
    panels_each = panel_groups == 0 ? 1 : ceiling(panels, panel_groups);
    panel_groups = ceiling(panels, panels_each);
    tiles = ceiling(rows, rows_each) * panel_groups;
  }
};

// From sums to results: rows [from, to) of one panel.
void finish(const Operands& o, const Panel& panel, int64_t from, int64_t to, const float* sums) {
  const float* bias = o.bias == nullptr ? nullptr : static_cast<const float*>(o.bias->data) + panel.first;
  with_activation(o.activation, [&](auto activation) {
    for (int64_t row = from; row < to; row++, sums += panel.width()) {
      const float* residual = o.residual == nullptr ? nullptr : row_of(o.residual, row) + panel.first;
      float* y = row_of(o.y, row) + panel.first;
      each_vector(panel.outputs, [&](int64_t column, auto part) {
        vf x = load(sums + column);
        if (bias != nullptr) x += part.load(bias + column);
        x = activation.apply(x);
        if (residual != nullptr) x += part.load(residual + column);
        part.store(y + column, x);
      });
    }
  });
}

// What `finish` will touch travels while the sums are made.
CLOZE_INLINE void fetch_results(const Operands& o, const Panel& panel, int64_t from, int64_t to) {
  for (int64_t row = from; row < to; row++) {
    for (int column = 0; column < panel.outputs; column += 16) {
      __builtin_prefetch(row_of(o.y, row) + panel.first + column, 1);
      if (o.residual != nullptr) __builtin_prefetch(row_of(o.residual, row) + panel.first + column);
    }
  }
}

// One panel for rows [first, first + rows). `ahead` is the panel that comes next.
void multiply_panel(const Operands& o, const Panel& panel, const float* data, const float* ahead, int64_t first, int rows, float* sums) {
  const int64_t depth = o.depth();
  const int width = panel.width(), row_tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const ptrdiff_t bytes_of_step = width * sizeof(float);
  for (int64_t step = 0; step == 0 || step < depth; step += DEPTH_BLOCK) {
    const ptrdiff_t steps = static_cast<ptrdiff_t>(smaller_of(depth - step, DEPTH_BLOCK));
    const bool last = step + steps == depth;
    Ahead wanted = {reinterpret_cast<const char*>(ahead + step * width), (bytes_of_step + row_tiles - 1) / row_tiles};
    each_row_tile(rows, [&](int from, int to) {
      float* own = sums + from * width;
      if (last) fetch_results(o, panel, first + from, first + to);
      const MultiplyTile multiply = tile_of<FETCHING>(to - from, panel.vectors);
      multiply(steps, row_of(o.x, first + from) + step, o.x->stride, data + step * width, own, step > 0, 1, wanted);
      if (last) finish(o, panel, first + from, first + to, own);
      wanted.at += wanted.step_bytes * steps;
    });
  }
}

int32_t tiles(const Call* call) { return static_cast<int32_t>(Division(Operands(call)).tiles); }

size_t scratch(const Call* call) {
  const Operands o(call);
  const int64_t packing = o.weight->layout == LAYOUT_PACKED ? 0 : PANEL_COLUMNS * o.depth();
  return static_cast<size_t>(Division(o).rows_each * PANEL_COLUMNS + packing) * sizeof(float);
}

void run(const Call* call, int32_t tile, char* scratch) {
  const Operands o(call);
  const Division division(o);
  float* sums = reinterpret_cast<float*>(scratch);
  float* packed = sums + division.rows_each * PANEL_COLUMNS;

  const int64_t from = tile / division.panel_groups * division.rows_each;
  const int rows = static_cast<int>(smaller_of(division.rows_each, o.rows() - from));
  const int64_t first = tile % division.panel_groups * division.panels_each;
  const int64_t end = smaller_of(first + division.panels_each, panels_of(o.outputs()));
  for (int64_t index = first; index < end; index++) {
    const Panel panel(o.outputs(), index);
    const float* data = panel_data(static_cast<const float*>(o.weight->data), panel, o.depth());
    const float* ahead = data + panel.width() * o.depth();
    if (o.weight->layout != LAYOUT_PACKED) {
      pack_rows(packed, panel, o.depth(), row_of(o.weight, panel.first), o.weight->stride, 0, panel.outputs);
      data = ahead = packed;
    }
    multiply_panel(o, panel, data, ahead, from, rows, sums);
  }
}

}  // namespace

extern const Kernel linear_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
