#include "multiply.h"

namespace cloze::CLOZE_ISA {

namespace {

template <int R, int V, Walk WALK>
void multiply_tile(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                   [[maybe_unused]] ptrdiff_t step_stride, [[maybe_unused]] Ahead ahead) {
  constexpr int WIDTH = V * LANES;
  vf sum[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sum[r][v] = resume ? load(sums + r * WIDTH + v * LANES) : vf{};
  }
  if (WALK != WALK_STRIDED) step_stride = 1;
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
    if constexpr (WALK == WALK_FETCHING) {
#pragma GCC unroll 4
      for (int v = 0; v < V; v++) __builtin_prefetch(ahead.at + v * sizeof(vf), 0, 2);
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

template <int R, int V>
constexpr void add_walks(MultiplyTiles& tiles) {
  tiles.at[WALK_CONSECUTIVE][R - 1][V - 1] = multiply_tile<R, V, WALK_CONSECUTIVE>;
#if defined(__wasm__)  // has no instruction to fetch with
  tiles.at[WALK_FETCHING][R - 1][V - 1] = multiply_tile<R, V, WALK_CONSECUTIVE>;
#else
  tiles.at[WALK_FETCHING][R - 1][V - 1] = multiply_tile<R, V, WALK_FETCHING>;
#endif
  tiles.at[WALK_STRIDED][R - 1][V - 1] = multiply_tile<R, V, WALK_STRIDED>;
  if constexpr (V > 1) add_walks<R, V - 1>(tiles);
  else if constexpr (R > 1) add_walks<R - 1, PANEL_VECTORS>(tiles);
}

constexpr MultiplyTiles all_tiles() {
  MultiplyTiles tiles = {};
  add_walks<TILE_ROWS, PANEL_VECTORS>(tiles);
  return tiles;
}

}  // namespace

extern constexpr MultiplyTiles multiply_tiles = all_tiles();

}  // namespace cloze::CLOZE_ISA
