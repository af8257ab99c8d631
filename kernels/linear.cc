// y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N]
#include "activation.h"
#include "columns.h"
#include "kernels.h"
#include "multiply_words.h"
#include "narrow.h"
#include "narrow_weight.h"
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
  // Of a weight in bf16 or int8: what multiplies it, and the rows of x made ready for that. Null for f32.
  const WordTiles* tiles;
  char* shared;

  Operands(const Call* call, const WordMultipliers& multipliers)
      : x(call->in[LINEAR_IN_X]),
        weight(call->in[LINEAR_IN_WEIGHT]),
        bias(call->in[LINEAR_IN_BIAS]),
        residual(call->in[LINEAR_IN_RESIDUAL]),
        y(call->out[LINEAR_OUT_Y]),
        activation(call->integers[LINEAR_INT_ACTIVATION]),
        tiles(weight->type == TYPE_BF16 ? multipliers.bf16 : weight->type == TYPE_INT8 ? multipliers.int8 : nullptr),
        shared(call->shared) {}

  int64_t rows() const { return x->rows; }
  int64_t outputs() const { return y->columns; }
  // Steps of the register tile: numbers, or words of a weight in bf16 or int8.
  int64_t depth() const { return words_of_row(weight->type, x->columns); }

  // Row by row, of words as of floats.
  const float* weight_words() const { return reinterpret_cast<const float*>(words_of(weight->data, weight->type, weight->rows)); }
  int64_t left_words() const { return tiles == nullptr ? 1 : tiles->left_words(); }
  int64_t left_stride() const { return tiles == nullptr ? x->stride : depth() * left_words(); }
  float* left_row(int64_t row) const {
    if (tiles == nullptr) return row_of(x, row);
    return reinterpret_cast<float*>(shared + row_room(rows()) * sizeof(float)) + row * left_stride();
  }
  // Of each row of x in int8.
  float* row_scales() const { return reinterpret_cast<float*>(shared); }
  size_t shared_bytes() const {
    if (tiles == nullptr) return 0;
    return (row_room(rows()) + static_cast<size_t>(rows() * left_stride())) * sizeof(float);
  }
};

// How the work is cut: into blocks of rows, and for each block into groups of panels, in this order, so that whoever
// takes the next tile has its rows at hand.
struct Division {
  int64_t rows_each;
  int64_t panels_each;
  int64_t panel_groups;
  int64_t tiles;

  explicit Division(const Operands& o) {
    const int64_t rows = o.rows(), depth = at_least_one(o.depth() * o.left_words()), panels = panels_of(o.outputs());
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

// What int32 sums stand for. Products with numbers that were 128 too large leave 128 times the weights' sum.
struct IntegerSums {
  const float* scales = nullptr;
  const int32_t* sums = nullptr;
  int32_t excess = 0;

  IntegerSums(const Operands& o, const Panel& panel) {
    if (o.weight->type != TYPE_INT8) return;
    scales = scales_of(o.weight->data) + panel.first;
    sums = sums_of(o.weight->data, o.weight->rows) + panel.first;
    excess = o.tiles->form == ROWS_UINT8 ? 128 : 0;
  }
  template <class Part>
  CLOZE_INLINE vf numbers(vf words, int64_t column, Part part, float row_scale) const {
    const vi exact = reinterpret_cast<vi>(words) - reinterpret_cast<vi>(part.load(reinterpret_cast<const float*>(sums + column))) * excess;
    return __builtin_convertvector(exact, vf) * (part.load(scales + column) * row_scale);
  }
};

// From sums to results: rows [from, to) of one panel.
void finish(const Operands& o, const Panel& panel, int64_t from, int64_t to, const float* sums) {
  const IntegerSums integers(o, panel);
  const float* bias = o.bias == nullptr ? nullptr : static_cast<const float*>(o.bias->data) + panel.first;
  with_activation(o.activation, [&](auto activation) {
    for (int64_t row = from; row < to; row++, sums += panel.width()) {
      const float* residual = o.residual == nullptr ? nullptr : row_of(o.residual, row) + panel.first;
      float* y = row_of(o.y, row) + panel.first;
      const float row_scale = integers.scales == nullptr ? 1 : o.row_scales()[row];
      each_vector(panel.outputs, [&](int64_t column, auto part) {
        vf x = load(sums + column);
        if (integers.scales != nullptr) x = integers.numbers(x, column, part, row_scale);
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

#if defined(__AVX512F__)
// As many of the steps as AMX takes, for all rows of one panel; returns how many.
int64_t multiply_blocks(const Operands& o, const Panel& panel, int64_t first, int rows, int64_t step, int64_t steps, const float* data,
                        float* sums, Ahead ahead) {
  if (o.tiles == nullptr || o.tiles->block == nullptr) return 0;
  const int64_t whole = steps / AMX_STEPS * AMX_STEPS;
  if (whole == 0) return 0;
  const int blocks = (rows + AMX_ROWS - 1) / AMX_ROWS;
  ahead.step_bytes *= (rows + TILE_ROWS - 1) / TILE_ROWS / blocks;
  for (int block = 0; block < blocks; block++) {
    const int from = rows * block / blocks, to = rows * (block + 1) / blocks;
    o.tiles->block(to - from, panel.vectors, whole, o.left_row(first + from) + step, o.left_stride(), data, sums + from * panel.width(),
                   step > 0, ahead);
    ahead.at += ahead.step_bytes * whole;
  }
  return whole;
}
#endif

// One panel for rows [first, first + rows).
void multiply_panel(const Operands& o, const Panel& panel, int64_t first, int rows, float* sums, float* packing) {
  const bool packed = o.weight->layout == LAYOUT_PACKED;
  const int64_t depth = o.depth(), depth_block = packed ? DEPTH_BLOCK : PACKED_DEPTH;
  const int width = panel.width(), row_tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int64_t step = 0; step == 0 || step < depth; step += depth_block) {
    const ptrdiff_t steps = static_cast<ptrdiff_t>(smaller_of(depth - step, depth_block));
    const bool last = step + steps == depth;
    const float* data = packing;
    if (packed) data = panel_data(o.weight_words(), panel, depth) + step * width;
    else pack_steps(packing, panel, o.weight_words() + panel.first * depth + step, depth, steps);
    // The same steps of the next panel, a part of them with each tile of rows.
    const ptrdiff_t bytes_of_step = packed ? (width * sizeof(float) + row_tiles - 1) / row_tiles : 0;
    Ahead ahead = {reinterpret_cast<const char*>(packed ? data + width * depth : data), bytes_of_step};
    int64_t done = 0;
#if defined(__AVX512F__)
    done = multiply_blocks(o, panel, first, rows, step, steps, data, sums, ahead);
    if (done > 0) ahead.step_bytes = 0;
#endif
    each_row_tile(rows, [&](int from, int to) {
      float* own = sums + from * width;
      if (last) fetch_results(o, panel, first + from, first + to);
      const MultiplyTile multiply =
          o.tiles == nullptr ? multiply_tile_for(WALK_FETCHING, to - from, panel.vectors) : o.tiles->at[to - from - 1][panel.vectors - 1];
      if (done < steps) {
        multiply(steps - done, o.left_row(first + from) + (step + done) * o.left_words(), o.left_stride(), data + done * width, own,
                 step + done > 0, 1, ahead);
      }
      if (last) finish(o, panel, first + from, first + to, own);
      ahead.at += ahead.step_bytes * steps;
    });
  }
}

template <const WordMultipliers& MULTIPLIERS>
struct Linear {
  static int32_t tiles(const Call* call) { return static_cast<int32_t>(Division(Operands(call, MULTIPLIERS)).tiles); }

  static size_t scratch(const Call* call) {
    const Division division(Operands(call, MULTIPLIERS));
    return static_cast<size_t>((division.rows_each + PACKED_DEPTH) * PANEL_COLUMNS) * sizeof(float);
  }

  static void run(const Call* call, int32_t tile, char* scratch) {
    const Operands o(call, MULTIPLIERS);
    const Division division(o);
    float* sums = reinterpret_cast<float*>(scratch);
    float* packing = sums + division.rows_each * PANEL_COLUMNS;

    const int64_t from = tile / division.panel_groups * division.rows_each;
    const int rows = static_cast<int>(smaller_of(division.rows_each, o.rows() - from));
    const int64_t first = tile % division.panel_groups * division.panels_each;
    const int64_t end = smaller_of(first + division.panels_each, panels_of(o.outputs()));
    for (int64_t index = first; index < end; index++) multiply_panel(o, Panel(o.outputs(), index), from, rows, sums, packing);
  }

  // Rows of x in the form that meets the weight's.
  static int32_t prepare_tiles(const Call* call) {
    const Operands o(call, MULTIPLIERS);
    return o.tiles == nullptr ? 0 : tiles_of_rows(o.rows(), o.x->columns);
  }

  static void prepare(const Call* call, int32_t tile, char*) {
    const Operands o(call, MULTIPLIERS);
    each_row_of_tile(o.x, tile, [&](int64_t row) {
      const float* x = row_of(o.x, row);
      float* left = o.left_row(row);
      uint32_t* words = reinterpret_cast<uint32_t*>(left);
      switch (o.tiles->form) {
        case ROWS_BF16: return narrow_bf16(words, x, o.x->columns);
        case ROWS_F32: return round_to_bf16(left, x, o.x->columns);
        case ROWS_UINT8: o.row_scales()[row] = narrow_uint8(words, x, o.x->columns); return;
        case ROWS_INT16: o.row_scales()[row] = narrow_int16(words, x, o.x->columns); return;
      }
    });
  }

  static size_t shared(const Call* call) { return Operands(call, MULTIPLIERS).shared_bytes(); }
};

template <const WordMultipliers& MULTIPLIERS>
constexpr Kernel preparation = {Linear<MULTIPLIERS>::prepare_tiles, Linear<MULTIPLIERS>::prepare, nullptr};

template <const WordMultipliers& MULTIPLIERS>
constexpr Kernel kernel = {Linear<MULTIPLIERS>::tiles, Linear<MULTIPLIERS>::run, Linear<MULTIPLIERS>::scratch, &preparation<MULTIPLIERS>,
                           Linear<MULTIPLIERS>::shared};

}  // namespace

extern const Kernel linear_kernel = kernel<plain_multipliers>;
#if defined(__AVX512F__)
extern const Kernel linear_vnni_kernel = kernel<vnni_multipliers>;
extern const Kernel linear_vnni_bf16_kernel = kernel<vnni_bf16_multipliers>;
extern const Kernel linear_amx_kernel = kernel<amx_multipliers>;
#elif defined(__AVX2__)
extern const Kernel linear_vnni_kernel = kernel<vnni_multipliers>;
#endif

}  // namespace cloze::CLOZE_ISA
