// The inner loop of every matrix product: a register tile.
//
// A tile of `R` rows times `V` vectors of columns keeps its sums in registers while it walks down the depth; each number
// of `a` is loaded once a step and meets V vectors of `b`. Every sum is one chain of multiply_add in the order of the
// depth, whatever R and V are, so results do not depend on how rows and columns were cut into tiles. A chain may be
// parked in memory and resumed, which changes nothing either.
#pragma once
#include "vector.h"

namespace cloze::CLOZE_ISA {

// As many sums as the registers hold beside what is being multiplied; measured in kernels/README.md.
#if defined(__AVX512F__)
constexpr int TILE_ROWS = 8, PANEL_VECTORS = 3;  // 24 of 32 registers
#elif defined(__AVX2__)
constexpr int TILE_ROWS = 6, PANEL_VECTORS = 2;  // 12 of 16
#elif defined(__aarch64__)
constexpr int TILE_ROWS = 6, PANEL_VECTORS = 4;  // 24 of 32
#else
constexpr int TILE_ROWS = 4, PANEL_VECTORS = 2;  // 8 of 16, as mul and add need a third
#endif
constexpr int PANEL_COLUMNS = PANEL_VECTORS * LANES;

// Element (row, step) of the left operand is at[row * row_stride + step * step_stride]; step_stride is 1 where rows lie
// in order.
struct LeftOperand {
  const float* at;
  ptrdiff_t row_stride;
  ptrdiff_t step_stride;
};

// Memory that is wanted soon: each step of a register tile asks for a little of it, so that it arrives meanwhile.
struct Ahead {
  const char* at;
  ptrdiff_t step_bytes;
};

enum class Walk { CONSECUTIVE, CONSECUTIVE_FETCHING, STRIDED };

#if defined(__wasm__)  // has no instruction for it
constexpr Walk FETCHING = Walk::CONSECUTIVE;
#else
constexpr Walk FETCHING = Walk::CONSECUTIVE_FETCHING;
#endif

// sums[R][V vectors] = a[R, depth] . b[depth][V vectors], on top of what `sums` holds if `resume`.
template <int R, int V, Walk WALK>
__attribute__((noinline)) void multiply_tile(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                                             ptrdiff_t step_stride, Ahead ahead) {
  constexpr int WIDTH = V * LANES;
  vf sum[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[r][v] = resume ? load(sums + r * WIDTH + v * LANES) : vf{};
  }
  if (WALK != Walk::STRIDED) step_stride = 1;
  for (const float* end = b + depth * WIDTH; b != end; b += WIDTH) {
    vf right[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) right[v] = load(b + v * LANES);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const vf left = load_splat(a + r * row_stride);
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) sum[r][v] = multiply_add(left, right[v], sum[r][v]);
    }
    if constexpr (WALK == Walk::CONSECUTIVE_FETCHING) {
      __builtin_prefetch(ahead.at, 0, 2);
      ahead.at += ahead.step_bytes;
    }
    a += step_stride;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) store(sums + r * WIDTH + v * LANES, sum[r][v]);
  }
}

using MultiplyTile = void (*)(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                              ptrdiff_t step_stride, Ahead ahead);

template <Walk WALK, int V, int R>
CLOZE_INLINE MultiplyTile tile_of_rows(int rows) {
  if constexpr (R > 1) {
    if (rows < R) return tile_of_rows<WALK, V, R - 1>(rows);
  }
  return multiply_tile<R, V, WALK>;
}

// The register tile for 1 <= rows <= TILE_ROWS and 1 <= vectors <= PANEL_VECTORS.
template <Walk WALK, int V = PANEL_VECTORS>
CLOZE_INLINE MultiplyTile tile_of(int rows, int vectors) {
  if constexpr (V > 1) {
    if (vectors < V) return tile_of<WALK, V - 1>(rows, vectors);
  }
  return tile_of_rows<WALK, V, TILE_ROWS>(rows);
}

// use(from, to) for any number of rows, in tiles of even height: nine rows are five and four, as a tile of one row leaves
// multipliers idle.
template <class Use>
CLOZE_INLINE void each_row_tile(int rows, Use use) {
  const int tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int tile = 0; tile < tiles; tile++) use(rows * tile / tiles, rows * (tile + 1) / tiles);
}

// sums[rows][width] = a[rows, depth] . b[depth][width], width a number of vectors.
inline void multiply_rows(int rows, int vectors, ptrdiff_t depth, LeftOperand a, const float* b, float* sums, bool resume) {
  each_row_tile(rows, [&](int from, int to) {
    const MultiplyTile multiply = a.step_stride == 1 ? tile_of<Walk::CONSECUTIVE>(to - from, vectors) : tile_of<Walk::STRIDED>(to - from, vectors);
    multiply(depth, a.at + from * a.row_stride, a.row_stride, b, sums + from * vectors * LANES, resume, a.step_stride, {});
  });
}

}  // namespace cloze::CLOZE_ISA
