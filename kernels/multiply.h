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

// Memory that is wanted soon: each step of a register tile asks for a little of it, so that it arrives meanwhile. A step moves on
// by the tile's width at most, so it asks for that much.
struct Ahead {
  const char* at;
  ptrdiff_t step_bytes;
};

// How a register tile walks along its rows: steps one after another, the same while it fetches, or steps apart.
enum Walk { WALK_CONSECUTIVE, WALK_FETCHING, WALK_STRIDED };
constexpr int WALKS = 3;

// sums[rows][width] = a[rows, depth] . b[depth][width], on top of what `sums` holds if `resume`; width is a number of
// vectors. `step_stride` is read by WALK_STRIDED alone, `ahead` by WALK_FETCHING.
using MultiplyTile = void (*)(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                              ptrdiff_t step_stride, Ahead ahead);

struct MultiplyTiles {
  MultiplyTile at[WALKS][TILE_ROWS][PANEL_VECTORS];
};
extern const MultiplyTiles multiply_tiles;

// The register tile for 1 <= rows <= TILE_ROWS and 1 <= vectors <= PANEL_VECTORS.
CLOZE_INLINE MultiplyTile multiply_tile_for(Walk walk, int rows, int vectors) { return multiply_tiles.at[walk][rows - 1][vectors - 1]; }

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
    const MultiplyTile multiply = multiply_tile_for(a.step_stride == 1 ? WALK_CONSECUTIVE : WALK_STRIDED, to - from, vectors);
    multiply(depth, a.at + from * a.row_stride, a.row_stride, b, sums + from * vectors * LANES, resume, a.step_stride, {});
  });
}

}  // namespace cloze::CLOZE_ISA
