// y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N], and products of two values, of which the
// right one takes the weight's place.
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
// Tiles are small and nothing can be fetched ahead: results are finished a panel at a time.
constexpr bool FINISHES_TILES = false;
#else
constexpr int64_t MOST_ROWS = 128;
constexpr bool FINISHES_TILES = true;
#endif
#if defined(__AVX512F__)
// AMX is fast enough to wait for the weight: more rows for each time that it is read.
constexpr int64_t BLOCKS_ROW_BYTES = 1024 * 1024, BLOCKS_MOST_ROWS = 512;
constexpr int64_t BLOCK_STEPS = 192;
#endif
// Steps of depth that are multiplied at a time; sums of longer rows are parked in between.
constexpr int64_t DEPTH_BLOCK = 768;
// The same for a weight in rows, which is packed on the way: a block that the first cache keeps while rows pass by.
constexpr int64_t PACKED_DEPTH = 128;
// From so many rows on, a weight in rows is packed as a whole before the tiles, unless that took more memory than this.
constexpr int64_t LEAST_ROWS_PACKED = 256, MOST_BYTES_PACKED = 32 * 1024 * 1024;
// Of operands that are made ready: words of the depth that a tile of the preparation takes, at most, and rows of x.
constexpr int64_t READY_DEPTH = 512, READY_ROWS = 64;
// Words turned at a time, and what separates rows of such a block.
constexpr int64_t TURNED = 16, TURNED_STRIDE = READY_ROWS + LANES;
// Results from this size on are written past the caches.
constexpr size_t PAST_CACHES = 4 << 20;
// A weight that meets fewer rows than this is waited for: then it is fetched as far ahead as memory is away. Else the next
// panel is fetched while this one is at work.
constexpr int64_t FEW_ROWS = 32;
constexpr ptrdiff_t FEW_ROWS_AHEAD = 8 * 1024;
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
  bool rounded;         // f32 on both sides, to be rounded to bf16
  bool left_by_depth;   // x[K, R]
  bool right_by_depth;  // weight[K, N]
  bool is_value;        // the right one is no weight
  // Of a weight in bf16 or int8: what multiplies it, and the rows of x made ready for that. Null for f32.
  const WordTiles* tiles;
  char* shared;

  Operands(const Call* call, const WordMultipliers& multipliers, bool is_matmul)
      : x(call->in[is_matmul ? MATMUL_IN_A : LINEAR_IN_X]),
        weight(call->in[is_matmul ? MATMUL_IN_B : LINEAR_IN_WEIGHT]),
        bias(is_matmul ? nullptr : call->in[LINEAR_IN_BIAS]),
        residual(is_matmul ? nullptr : call->in[LINEAR_IN_RESIDUAL]),
        y(call->out[is_matmul ? MATMUL_OUT_Y : LINEAR_OUT_Y]),
        activation(is_matmul ? ACTIVATION_NONE : call->integers[LINEAR_INT_ACTIVATION]),
        rounded(weight->type == TYPE_F32 && call->integers[is_matmul ? MATMUL_INT_PRECISION : LINEAR_INT_PRECISION] == PRECISION_BF16),
        left_by_depth(is_matmul && call->integers[MATMUL_INT_TRANSPOSE_A] != 0),
        right_by_depth(is_matmul && call->integers[MATMUL_INT_TRANSPOSE_B] == 0),
        is_value(is_matmul),
        tiles(type() == TYPE_BF16 ? multipliers.bf16 : type() == TYPE_INT8 ? multipliers.int8 : nullptr),
        shared(call->shared) {}

  // What is multiplied with.
  int32_t type() const { return rounded ? static_cast<int32_t>(TYPE_BF16) : weight->type; }
  int64_t rows() const { return y->rows; }
  int64_t outputs() const { return y->columns; }
  // Numbers that a result sums up.
  int32_t summed() const { return left_by_depth ? static_cast<int32_t>(x->rows) : x->columns; }
  // Steps of the register tile: numbers, or words of a weight in bf16 or int8.
  int64_t depth() const { return words_of_row(type(), summed()); }

  // Whether panels are made before the tiles.
  bool packs() const {
    if (weight->layout == LAYOUT_PACKED || weight->type != TYPE_F32) return false;
    return rounded || is_value || (rows() >= LEAST_ROWS_PACKED && outputs() * depth() * 4 <= MOST_BYTES_PACKED);
  }
  bool has_panels() const { return weight->layout == LAYOUT_PACKED || packs(); }
  const float* panels() const { return packs() ? ready_panels() : weight_words(); }
  float* ready_panels() const { return reinterpret_cast<float*>(shared + left_bytes()); }

  // Whether results are more than the second cache holds, so that writing them through it gains nothing.
  bool past_caches() const {
    const size_t bytes = static_cast<size_t>(y->rows) * static_cast<size_t>(y->stride) * sizeof(float);
    return bytes >= PAST_CACHES && can_store_past_caches(y->data) && can_store_past_caches(row_of(y, 1));
  }

  // Row by row, of words as of floats.
  const float* weight_words() const { return reinterpret_cast<const float*>(words_of(weight->data, weight->type, weight->rows)); }
  // Whether AMX multiplies what it can of them.
  bool in_blocks() const {
#if defined(__AVX512F__)
    return tiles != nullptr && tiles->block != nullptr && depth() >= AMX_STEPS;
#else
    return false;
#endif
  }
  int64_t left_words() const { return tiles == nullptr ? 1 : tiles->left_words(); }
  // Whether the rows of x are brought into another form before the tiles.
  bool readies_left() const { return tiles != nullptr || left_by_depth; }
  // Turned rows are so long that they need something between them, or all would share few places of the cache.
  int64_t left_stride() const { return !readies_left() ? x->stride : depth() * left_words() + (left_by_depth ? 16 : 0); }
  float* left_row(int64_t row) const {
    if (!readies_left()) return row_of(x, row);
    return reinterpret_cast<float*>(shared + row_room(rows()) * sizeof(float)) + row * left_stride();
  }
  // Of each row of x in int8.
  float* row_scales() const { return reinterpret_cast<float*>(shared); }
  size_t left_bytes() const {
    if (!readies_left()) return 0;
    return (row_room(rows()) + row_room(rows() * left_stride())) * sizeof(float);
  }
  size_t shared_bytes() const {
    const int64_t columns = (outputs() + LANES - 1) / LANES * LANES;
    return left_bytes() + (packs() ? static_cast<size_t>(columns * depth()) * sizeof(float) : 0);
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
    int64_t unit = TILE_ROWS;
    if (o.is_value) most = MOST_ROWS;
    else if (o.has_panels()) most = smaller_of(MOST_ROWS, at_least_one(ROW_BYTES / 4 / depth / TILE_ROWS) * TILE_ROWS);
#if defined(__AVX512F__)
    if (o.in_blocks() && o.has_panels() && !o.is_value) {
      unit = AMX_ROWS;
      most = smaller_of(BLOCKS_MOST_ROWS, at_least_one(BLOCKS_ROW_BYTES / 4 / depth / unit) * unit);
    }
#endif
    const int64_t blocks = ceiling(rows, at_least_one(most));
    rows_each = blocks == 0 ? 1 : ceiling(ceiling(rows, blocks), unit) * unit;
    // Fetching a weight costs about as much as this many operations with it.
    const int64_t fetching = 2 * LANES;
    const int64_t panel_cost = depth * PANEL_COLUMNS * (2 * smaller_of(rows_each, rows) + fetching);
    int64_t cost = panel_cost * panels * blocks / 16;
    // What AMX does in the same time; and one panel of a tile fetches the next, not one that another thread is at.
    const int64_t speed = o.in_blocks() ? 4 : 1;
    if (cost < speed * SMALLEST_TILE) cost = speed * SMALLEST_TILE;
    if (cost > speed * LARGEST_TILE) cost = speed * LARGEST_TILE;
    panel_groups = ceiling(panels, at_least_one(cost / panel_cost));
    panels_each = panel_groups == 0 ? 1 : ceiling(panels, panel_groups);
    panel_groups = ceiling(panels, panels_each);
    tiles = ceiling(rows, rows_each) * panel_groups;
  }
};

// What int32 sums stand for. Products with numbers that were too large leave so many times the weights' sum.
struct IntegerSums {
  const float* scales = nullptr;
  const int32_t* sums = nullptr;
  int32_t excess = 0;

  IntegerSums(const Operands& o, const Panel& panel) {
    if (o.weight->type != TYPE_INT8) return;
    scales = scales_of(o.weight->data) + panel.first;
    sums = sums_of(o.weight->data, o.weight->rows) + panel.first;
    excess = o.tiles->form == ROWS_UINT8 ? 128 : o.tiles->form == ROWS_UINT7 ? 127 : 0;
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
  const bool past_caches = o.past_caches();
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
        if (past_caches) part.store_past_caches(y + column, x);
        else part.store(y + column, x);
      });
    }
  });
}

// What `finish` will touch travels while the sums are made.
CLOZE_INLINE void fetch_results(const Operands& o, const Panel& panel, int64_t from, int64_t to) {
  const bool past_caches = o.past_caches();
  for (int64_t row = from; row < to; row++) {
    for (int column = 0; column < panel.outputs; column += 16) {
      if (!past_caches) __builtin_prefetch(row_of(o.y, row) + panel.first + column, 1);
      if (o.residual != nullptr) __builtin_prefetch(row_of(o.residual, row) + panel.first + column);
    }
  }
}

// What comes after a block of steps, fetched in equal shares by the `parts` that multiply it: of few rows the numbers that the
// first part needs no sooner than FEW_ROWS_AHEAD later, else the same steps of the next panel.
Ahead ahead_of(const Panel& panel, const float* data, int64_t depth, int64_t block, int rows, int parts) {
  const ptrdiff_t bytes = panel.width() * static_cast<ptrdiff_t>(sizeof(float)), share = (bytes + parts - 1) / parts;
  const char* at = reinterpret_cast<const char*>(data);
  if (rows <= FEW_ROWS) return {at + (bytes - share) * block + FEW_ROWS_AHEAD, share};
  return {at + bytes * depth, share};
}

#if defined(__AVX512F__)
// What AMX takes of one panel, for all rows: steps of the depth by BLOCK_STEPS, whose part of the panel the first cache
// keeps while rows pass by. Returns how many steps that is; where it is all of them the rows are finished.
int64_t multiply_blocks(const Operands& o, const Panel& panel, int64_t first, int rows, float* sums, float* packing) {
  const int64_t depth = o.depth(), whole = depth / AMX_STEPS * AMX_STEPS;
  const int width = panel.width(), blocks = (rows + AMX_ROWS - 1) / AMX_ROWS;
  const bool packed = o.has_panels();
  const int64_t block_steps = packed ? BLOCK_STEPS : PACKED_DEPTH;
  Ahead ahead = packed ? ahead_of(panel, panel_data(o.panels(), panel, depth), depth, block_steps, rows, blocks) : Ahead{};
  for (int64_t step = 0; step < whole; step += block_steps) {
    const ptrdiff_t steps = static_cast<ptrdiff_t>(smaller_of(whole - step, block_steps));
    const float* data = packing;
    if (packed) data = panel_data(o.panels(), panel, depth) + step * width;
    else pack_steps(packing, panel, o.weight_words() + panel.first * depth + step, depth, steps);
    for (int from = 0; from < rows; from += AMX_ROWS) {
      const int to = static_cast<int>(smaller_of(from + AMX_ROWS, rows));
      const bool last = step + steps == depth;
      if (last) fetch_results(o, panel, first + from, first + to);
      if (to - from < AMX_ROWS) begin_blocks(to - from);
      o.tiles->block(panel.vectors, steps, o.left_row(first + from) + step, o.left_stride(), data, sums + from * width, step > 0, ahead);
      if (to - from < AMX_ROWS) begin_blocks(AMX_ROWS);
      ahead.at += ahead.step_bytes * steps;
      if (last) finish(o, panel, first + from, first + to, sums + from * width);
    }
  }
  return whole;
}
#endif

// One panel for rows [first, first + rows).
void multiply_panel(const Operands& o, const Panel& panel, int64_t first, int rows, float* sums, float* packing) {
  const bool packed = o.has_panels();
  const int64_t depth = o.depth(), depth_block = packed && rows > FEW_ROWS ? DEPTH_BLOCK : PACKED_DEPTH;
  const int width = panel.width(), row_tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  int64_t done = 0;
#if defined(__AVX512F__)
  if (o.in_blocks()) done = multiply_blocks(o, panel, first, rows, sums, packing);
#endif
  for (int64_t step = done; step == 0 || step < depth; step += depth_block) {
    const ptrdiff_t steps = static_cast<ptrdiff_t>(smaller_of(depth - step, depth_block));
    const bool last = step + steps == depth;
    const float* data = packing;
    if (packed) data = panel_data(o.panels(), panel, depth) + step * width;
    else pack_steps(packing, panel, o.weight_words() + panel.first * depth + step, depth, steps);
    Ahead ahead = packed && done == 0 ? ahead_of(panel, data, depth, steps, rows, row_tiles) : Ahead{};
    each_row_tile(rows, [&](int from, int to) {
      float* own = sums + from * width;
      if (FINISHES_TILES && last) fetch_results(o, panel, first + from, first + to);
      const MultiplyTile multiply =
          o.tiles == nullptr ? multiply_tile_for(WALK_FETCHING, to - from, panel.vectors) : o.tiles->at[to - from - 1][panel.vectors - 1];
      multiply(steps, o.left_row(first + from) + step * o.left_words(), o.left_stride(), data, own, step > 0, 1, ahead);
      if (FINISHES_TILES && last) finish(o, panel, first + from, first + to, own);
      ahead.at += ahead.step_bytes * steps;
    });
    if (!FINISHES_TILES && last) finish(o, panel, first, first + rows, sums);
  }
}

// Words [from, to) of one panel, made of a right operand in f32.
void ready_panel(const Operands& o, const Panel& panel, int64_t from, int64_t to, float* block) {
  const int width = panel.width();
  float* data = o.ready_panels() + panel.first * o.depth() + from * width;
  if (!o.rounded && !o.right_by_depth) {
    return pack_steps(data, panel, row_of(o.weight, panel.first) + from, o.weight->stride, to - from);
  }
  if (!o.rounded) {
    for (int64_t step = from; step < to; step++, data += width) {
      const float* row = row_of(o.weight, step) + panel.first;
      each_vector(panel.outputs, [&](int64_t c, auto part) { store(data + c, part.load(row + c)); });
    }
    return;
  }
  if (o.right_by_depth) {
    for (int64_t word = from; word < to; word++, data += width) {
      const float* row = row_of(o.weight, 2 * word) + panel.first;
      pair_bf16(reinterpret_cast<uint32_t*>(data), row, 2 * word + 1 < o.summed() ? row + o.weight->stride : nullptr, panel.outputs);
    }
    return;
  }
  for (int64_t word = from; word < to; word += TURNED, data += TURNED * width) {
    const int64_t there = smaller_of(to - word, TURNED);
    const int32_t numbers = static_cast<int32_t>(smaller_of(o.summed() - 2 * word, 2 * there));
    for (int output = 0; output < panel.outputs; output++) {
      narrow_bf16(reinterpret_cast<uint32_t*>(block + output * TURNED), row_of(o.weight, panel.first + output) + 2 * word, numbers);
    }
    pack_steps(data, panel, block, TURNED, there);
  }
}

// Words [from, to) of rows [first, end) of x[K, R], turned.
void ready_left(const Operands& o, int64_t first, int64_t end, int64_t from, int64_t to, float* block) {
  const int32_t rows = static_cast<int32_t>(end - first);
  if (o.tiles == nullptr) {
    for (int64_t step = from; step < to; step += 4 * TURNED) {
      const int64_t there = smaller_of(to - step, 4 * TURNED);
      transpose(o.left_row(first) + step, o.left_stride(), row_of(o.x, step) + first, o.x->stride, there, rows);
    }
    return;
  }
  const bool paired = o.tiles->form == ROWS_BF16;
  const int64_t each = o.left_words(), last = to * each;
  for (int64_t step = from * each; step < last; step += TURNED) {
    const int64_t there = smaller_of(last - step, TURNED);
    for (int64_t i = 0; i < there; i++) {
      const int64_t at = paired ? 2 * (step + i) : step + i;
      float* line = block + i * TURNED_STRIDE;
      const float* row = row_of(o.x, smaller_of(at, o.summed() - 1)) + first;
      if (paired) pair_bf16(reinterpret_cast<uint32_t*>(line), row, at + 1 < o.summed() ? row + o.x->stride : nullptr, rows);
      else if (at < o.summed()) round_to_bf16(line, row, rows);
      else each_vector(rows, [&](int64_t c, auto) { store(line + c, vf{}); });
    }
    transpose(o.left_row(first) + step, o.left_stride(), block, TURNED_STRIDE, there, rows);
  }
}

// How operands are made ready: first x, then the panels.
struct Readying {
  int64_t depth_tiles;
  int64_t left_tiles;
  int64_t tiles;

  explicit Readying(const Operands& o) {
    depth_tiles = ceiling(o.depth(), READY_DEPTH);
    if (o.left_by_depth) left_tiles = ceiling(o.rows(), READY_ROWS) * depth_tiles;
    else left_tiles = o.tiles == nullptr ? 0 : tiles_of_rows(o.rows(), o.x->columns);
    tiles = left_tiles + (o.packs() ? panels_of(o.outputs()) * depth_tiles : 0);
  }
};

template <const WordMultipliers& MULTIPLIERS, bool IS_MATMUL>
struct Product {
  static Operands operands(const Call* call) { return Operands(call, MULTIPLIERS, IS_MATMUL); }

  static int32_t tiles(const Call* call) { return static_cast<int32_t>(Division(operands(call)).tiles); }

  static size_t scratch(const Call* call) {
    const Division division(operands(call));
    const int64_t multiplying = (division.rows_each + PACKED_DEPTH) * PANEL_COLUMNS;
    return static_cast<size_t>(larger_of(multiplying, TURNED * (TURNED_STRIDE + PANEL_COLUMNS))) * sizeof(float);
  }

  static void run(const Call* call, int32_t tile, char* scratch) {
    const Operands o = operands(call);
    const Division division(o);
    float* sums = reinterpret_cast<float*>(scratch);
    float* packing = sums + division.rows_each * PANEL_COLUMNS;

    const int64_t from = tile / division.panel_groups * division.rows_each;
    const int rows = static_cast<int>(smaller_of(division.rows_each, o.rows() - from));
    const int64_t first = tile % division.panel_groups * division.panels_each;
    const int64_t end = smaller_of(first + division.panels_each, panels_of(o.outputs()));
#if defined(__AVX512F__)
    if (o.in_blocks()) begin_blocks(AMX_ROWS);
#endif
    for (int64_t index = first; index < end; index++) multiply_panel(o, Panel(o.outputs(), index), from, rows, sums, packing);
#if defined(__AVX512F__)
    if (o.in_blocks()) end_blocks();
#endif
    end_past_caches();
  }

  static int32_t prepare_tiles(const Call* call) { return static_cast<int32_t>(Readying(operands(call)).tiles); }

  static void prepare(const Call* call, int32_t tile, char* scratch) {
    const Operands o = operands(call);
    const Readying readying(o);
    float* block = reinterpret_cast<float*>(scratch);
    const int64_t turn = tile < readying.left_tiles ? tile : tile - readying.left_tiles;
    const int64_t index = turn / at_least_one(readying.depth_tiles), from = turn % at_least_one(readying.depth_tiles) * READY_DEPTH;
    const int64_t to = smaller_of(from + READY_DEPTH, o.depth());
    if (tile >= readying.left_tiles) return ready_panel(o, Panel(o.outputs(), index), from, to, block);
    if (o.left_by_depth) return ready_left(o, index * READY_ROWS, smaller_of((index + 1) * READY_ROWS, o.rows()), from, to, block);
    ready_rows(o, tile);
  }

  // Rows of x in the form that meets the weight's.
  static void ready_rows(const Operands& o, int32_t tile) {
    each_row_of_tile(o.x, tile, [&](int64_t row) {
      const float* x = row_of(o.x, row);
      float* left = o.left_row(row);
      uint32_t* words = reinterpret_cast<uint32_t*>(left);
      switch (o.tiles->form) {
        case ROWS_BF16: return narrow_bf16(words, x, o.x->columns);
        case ROWS_F32: return round_to_bf16(left, x, o.x->columns);
        case ROWS_UINT8: o.row_scales()[row] = narrow_uint8(words, x, o.x->columns); return;
        case ROWS_INT16: o.row_scales()[row] = narrow_int16(words, x, o.x->columns); return;
        case ROWS_UINT7: o.row_scales()[row] = narrow_uint7(words, x, o.x->columns); return;
      }
    });
  }

  static size_t shared(const Call* call) { return operands(call).shared_bytes(); }
};

template <const WordMultipliers& MULTIPLIERS, bool IS_MATMUL>
constexpr Kernel preparation = {Product<MULTIPLIERS, IS_MATMUL>::prepare_tiles, Product<MULTIPLIERS, IS_MATMUL>::prepare, nullptr};

template <const WordMultipliers& MULTIPLIERS, bool IS_MATMUL = false>
constexpr Kernel kernel = {Product<MULTIPLIERS, IS_MATMUL>::tiles, Product<MULTIPLIERS, IS_MATMUL>::run,
                           Product<MULTIPLIERS, IS_MATMUL>::scratch, &preparation<MULTIPLIERS, IS_MATMUL>,
                           Product<MULTIPLIERS, IS_MATMUL>::shared};

}  // namespace

extern const Kernel linear_kernel = kernel<plain_multipliers>;
extern const Kernel matmul_kernel = kernel<plain_multipliers, true>;
#if defined(__AVX512F__)
extern const Kernel linear_vnni_kernel = kernel<vnni_multipliers>;
extern const Kernel matmul_vnni_kernel = kernel<vnni_multipliers, true>;
extern const Kernel linear_vnni_bf16_kernel = kernel<vnni_bf16_multipliers>;
extern const Kernel matmul_vnni_bf16_kernel = kernel<vnni_bf16_multipliers, true>;
extern const Kernel linear_amx_kernel = kernel<amx_multipliers>;
extern const Kernel matmul_amx_kernel = kernel<amx_multipliers, true>;
#elif defined(__AVX2__)
extern const Kernel linear_vnni_kernel = kernel<vnni_multipliers>;
extern const Kernel matmul_vnni_kernel = kernel<vnni_multipliers, true>;
#endif

}  // namespace cloze::CLOZE_ISA
