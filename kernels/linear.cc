// y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N]
#include "activation.h"
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

// What the second cache is to hold: the rows of x that a tile works on, while panels of the weight pass by.
constexpr int64_t ROW_BYTES = 400 * 1024;
#if defined(__wasm__)
// Panels are narrow, and half a line of each row of results is written at a time: few enough rows for the first cache
// keep the other half there (3 % of a forward pass).
constexpr int64_t MOST_ROWS = 32;
#else
constexpr int64_t MOST_ROWS = 128;
#endif
// Steps of depth that are multiplied at a time; sums of longer rows are parked in between.
constexpr int64_t DEPTH_BLOCK = 768;
// The same for a weight in rows, which is packed on the way: a block that the first cache keeps while rows pass by.
constexpr int64_t PACKED_DEPTH = 128;
// Cost of a tile in operations, the smallest worth sharing and the largest: about 15 and 200 microseconds.
constexpr int64_t SMALLEST_TILE = 150000 * LANES;
constexpr int64_t LARGEST_TILE = 12 * SMALLEST_TILE;

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

// One panel for rows [first, first + rows).
void multiply_panel(const Operands& o, const Panel& panel, int64_t first, int rows, float* sums, float* packing) {
  const bool packed = o.weight->layout == LAYOUT_PACKED;
  const int64_t depth = o.depth(), depth_block = packed ? DEPTH_BLOCK : PACKED_DEPTH;
  const int width = panel.width(), row_tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int64_t step = 0; step == 0 || step < depth; step += depth_block) {
    const ptrdiff_t steps = static_cast<ptrdiff_t>(smaller_of(depth - step, depth_block));
    const bool last = step + steps == depth;
    const float* data = packing;
    if (packed) data = panel_data(static_cast<const float*>(o.weight->data), panel, depth) + step * width;
    else pack_steps(packing, panel, row_of(o.weight, panel.first) + step, o.weight->stride, steps);
    // The same steps of the next panel, a part of them with each tile of rows.
    const ptrdiff_t bytes_of_step = packed ? (width * sizeof(float) + row_tiles - 1) / row_tiles : 0;
    Ahead ahead = {reinterpret_cast<const char*>(packed ? data + width * depth : data), bytes_of_step};
    each_row_tile(rows, [&](int from, int to) {
      float* own = sums + from * width;
      if (last) fetch_results(o, panel, first + from, first + to);
      const MultiplyTile multiply = multiply_tile_for(WALK_FETCHING, to - from, panel.vectors);
      multiply(steps, row_of(o.x, first + from) + step, o.x->stride, data, own, step > 0, 1, ahead);
      if (last) finish(o, panel, first + from, first + to, own);
      ahead.at += ahead.step_bytes * steps;
    });
  }
}

int32_t tiles(const Call* call) { return static_cast<int32_t>(Division(Operands(call)).tiles); }

size_t scratch(const Call* call) {
  return static_cast<size_t>((Division(Operands(call)).rows_each + PACKED_DEPTH) * PANEL_COLUMNS) * sizeof(float);
}

void run(const Call* call, int32_t tile, char* scratch) {
  const Operands o(call);
  const Division division(o);
  float* sums = reinterpret_cast<float*>(scratch);
  float* packing = sums + division.rows_each * PANEL_COLUMNS;

  const int64_t from = tile / division.panel_groups * division.rows_each;
  const int rows = static_cast<int>(smaller_of(division.rows_each, o.rows() - from));
  const int64_t first = tile % division.panel_groups * division.panels_each;
  const int64_t end = smaller_of(first + division.panels_each, panels_of(o.outputs()));
  for (int64_t index = first; index < end; index++) multiply_panel(o, Panel(o.outputs(), index), from, rows, sums, packing);
}

}  // namespace

extern const Kernel linear_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
