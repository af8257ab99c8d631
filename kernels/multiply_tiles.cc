#include "multiply_tiles.h"

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)

namespace {

#define CLOZE_TARGET_AMX __attribute__((target("amx-tile,amx-int8,amx-bf16")))

// GCC's own tells the compiler of the first eight bytes alone, which then leaves the others out.
CLOZE_TARGET_AMX CLOZE_INLINE void load_config(const void* config) {
  __asm__ volatile("" : : "r"(config) : "memory");
  _tile_loadconfig(config);
}

// Registers 0 to 5 hold sums, three for each half of the rows, 6 rows of x, 7 words of the weight.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes[16] = {};
  uint8_t rows[16] = {};

  explicit TileConfig(int half) {
    for (int i = 0; i < 8; i++) {
      bytes[i] = 64;
      rows[i] = static_cast<uint8_t>(i < 7 ? half : AMX_STEPS);
    }
  }
};

#define CLOZE_AMX_ADD(SUM)                                          \
  if constexpr (INT8) _tile_dpbusd(SUM, 6, 7);                      \
  else _tile_dpbf16ps(SUM, 6, 7);

#define CLOZE_AMX_PANEL(VECTOR, SUM)                                \
  if constexpr (V > VECTOR) {                                       \
    _tile_loadd(7, b + VECTOR * LANES, WIDTH * 4);                  \
    CLOZE_AMX_ADD(SUM)                                              \
  }

#define CLOZE_AMX_START(VECTOR, SUM, ROW)                                                            \
  if constexpr (V > VECTOR) {                                                                        \
    if (resume) _tile_loadd(SUM, sums + (ROW) * WIDTH + VECTOR * LANES, WIDTH * 4);                  \
    else _tile_zero(SUM);                                                                            \
  }

#define CLOZE_AMX_END(VECTOR, SUM, ROW) \
  if constexpr (V > VECTOR) _tile_stored(SUM, sums + (ROW) * WIDTH + VECTOR * LANES, WIDTH * 4);

// Rows in two halves of the same height; where their number is odd the halves share a row, which both compute alike.
template <bool INT8, int V>
CLOZE_TARGET_AMX void multiply_block(int rows, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                                     bool resume, Ahead ahead) {
  constexpr int WIDTH = V * LANES;
  const bool both = rows > 16;
  const int half = both ? (rows + 1) / 2 : rows, second = rows - half;
  const TileConfig config(half);
  load_config(&config);
  CLOZE_AMX_START(0, 0, 0)
  CLOZE_AMX_START(1, 1, 0)
  CLOZE_AMX_START(2, 2, 0)
  if (both) {
    CLOZE_AMX_START(0, 3, second)
    CLOZE_AMX_START(1, 4, second)
    CLOZE_AMX_START(2, 5, second)
  }
  for (ptrdiff_t step = 0; step < depth; step += AMX_STEPS) {
    for (ptrdiff_t i = 0; i < AMX_STEPS * ahead.step_bytes; i += 64) __builtin_prefetch(ahead.at + i, 0, 2);
    ahead.at += AMX_STEPS * ahead.step_bytes;
    _tile_loadd(6, a, row_stride * 4);
    CLOZE_AMX_PANEL(0, 0)
    CLOZE_AMX_PANEL(1, 1)
    CLOZE_AMX_PANEL(2, 2)
    if (both) {
      _tile_loadd(6, a + second * row_stride, row_stride * 4);
      CLOZE_AMX_PANEL(0, 3)
      CLOZE_AMX_PANEL(1, 4)
      CLOZE_AMX_PANEL(2, 5)
    }
    a += AMX_STEPS;
    b += AMX_STEPS * WIDTH;
  }
  CLOZE_AMX_END(0, 0, 0)
  CLOZE_AMX_END(1, 1, 0)
  CLOZE_AMX_END(2, 2, 0)
  if (both) {
    CLOZE_AMX_END(0, 3, second)
    CLOZE_AMX_END(1, 4, second)
    CLOZE_AMX_END(2, 5, second)
  }
  _tile_release();
}

template <bool INT8>
void multiply_block_of(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                       bool resume, Ahead ahead) {
  if (vectors == 3) return multiply_block<INT8, 3>(rows, depth, a, row_stride, b, sums, resume, ahead);
  if (vectors == 2) return multiply_block<INT8, 2>(rows, depth, a, row_stride, b, sums, resume, ahead);
  multiply_block<INT8, 1>(rows, depth, a, row_stride, b, sums, resume, ahead);
}

template <bool INT8>
CLOZE_TARGET_AMX double amx_peak(int64_t rounds) {
  const TileConfig config(16);
  load_config(&config);
  for (int64_t round = 0; round < rounds; round++) {
    CLOZE_AMX_ADD(0)
    CLOZE_AMX_ADD(1)
    CLOZE_AMX_ADD(2)
    CLOZE_AMX_ADD(3)
    CLOZE_AMX_ADD(4)
    CLOZE_AMX_ADD(5)
  }
  _tile_release();
  return 6.0 * 16 * 16 * (INT8 ? 128 : 64) * static_cast<double>(rounds);
}

}  // namespace

void multiply_block_int8(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                         bool resume, Ahead ahead) {
  multiply_block_of<true>(rows, vectors, depth, a, row_stride, b, sums, resume, ahead);
}

void multiply_block_bf16(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                         bool resume, Ahead ahead) {
  multiply_block_of<false>(rows, vectors, depth, a, row_stride, b, sums, resume, ahead);
}

double amx_peak_int8(int64_t rounds) { return amx_peak<true>(rounds); }
double amx_peak_bf16(int64_t rounds) { return amx_peak<false>(rounds); }

#endif

}  // namespace cloze::CLOZE_ISA
