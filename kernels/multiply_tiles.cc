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

// Registers 0 to 2 hold sums, 3 to 5 words of the weight, 6 and 7 rows of x.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes[16] = {};
  uint8_t rows[16] = {};

  explicit TileConfig(int rows_of_x) {
    for (int i = 0; i < 8; i++) {
      bytes[i] = 64;
      const bool weight = i >= 3 && i < 6;
      rows[i] = static_cast<uint8_t>(weight ? AMX_STEPS : rows_of_x);
    }
  }
};

#define CLOZE_AMX_ADD(SUM, ROWS, WORDS)                                                                        \
  if constexpr (INT8) _tile_dpbusd(SUM, ROWS, WORDS);                                                          \
  else _tile_dpbf16ps(SUM, ROWS, WORDS);

#define CLOZE_AMX_START(VECTOR, WORDS)                                                                         \
  if constexpr (V > VECTOR) {                                                                                  \
    if (resume) _tile_loadd(VECTOR, sums + VECTOR * LANES, WIDTH * 4);                                         \
    else _tile_zero(VECTOR);                                                                                   \
    _tile_loadd(WORDS, b + VECTOR * LANES, WIDTH * 4);                                                         \
  }

// A register is loaded anew as soon as it has been read: the next rows of x while three products are made.
#define CLOZE_AMX_VECTOR(VECTOR, ROWS, WORDS)                                                                  \
  if constexpr (V > VECTOR) {                                                                                  \
    CLOZE_AMX_ADD(VECTOR, ROWS, WORDS)                                                                         \
    if (more) _tile_loadd(WORDS, b + VECTOR * LANES, WIDTH * 4);                                               \
  }

#define CLOZE_AMX_STEP(ROWS, NEXT_ROWS)                                                                        \
  {                                                                                                            \
    const bool more = (left -= AMX_STEPS) > 0;                                                                 \
    for (ptrdiff_t i = 0; i < AMX_STEPS * ahead.step_bytes; i += 64) __builtin_prefetch(ahead.at + i, 0, 2);   \
    ahead.at += AMX_STEPS * ahead.step_bytes;                                                                  \
    a += AMX_STEPS;                                                                                            \
    b += AMX_STEPS * WIDTH;                                                                                    \
    if (more) _tile_stream_loadd(NEXT_ROWS, a, row_stride * 4);                                                \
    CLOZE_AMX_VECTOR(0, ROWS, 3)                                                                               \
    CLOZE_AMX_VECTOR(1, ROWS, 4)                                                                               \
    CLOZE_AMX_VECTOR(2, ROWS, 5)                                                                               \
    if (!more) break;                                                                                          \
  }

#define CLOZE_AMX_END(VECTOR)                                                                                  \
  if constexpr (V > VECTOR) _tile_stored(VECTOR, sums + VECTOR * LANES, WIDTH * 4);

template <bool INT8, int V>
CLOZE_TARGET_AMX void multiply_block(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                                     Ahead ahead) {
  constexpr int WIDTH = V * LANES;
  ptrdiff_t left = depth;
  _tile_stream_loadd(6, a, row_stride * 4);
  CLOZE_AMX_START(0, 3)
  CLOZE_AMX_START(1, 4)
  CLOZE_AMX_START(2, 5)
  for (;;) {
    CLOZE_AMX_STEP(6, 7)
    CLOZE_AMX_STEP(7, 6)
  }
  CLOZE_AMX_END(0)
  CLOZE_AMX_END(1)
  CLOZE_AMX_END(2)
}

template <bool INT8>
void multiply_block_of(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                       Ahead ahead) {
  if (vectors == 3) return multiply_block<INT8, 3>(depth, a, row_stride, b, sums, resume, ahead);
  if (vectors == 2) return multiply_block<INT8, 2>(depth, a, row_stride, b, sums, resume, ahead);
  multiply_block<INT8, 1>(depth, a, row_stride, b, sums, resume, ahead);
}

template <bool INT8>
CLOZE_TARGET_AMX double amx_peak(int64_t rounds) {
  const TileConfig config(AMX_ROWS);
  load_config(&config);
  for (int64_t round = 0; round < rounds; round++) {
    CLOZE_AMX_ADD(0, 6, 7)
    CLOZE_AMX_ADD(1, 6, 7)
    CLOZE_AMX_ADD(2, 6, 7)
    CLOZE_AMX_ADD(3, 6, 7)
    CLOZE_AMX_ADD(4, 6, 7)
    CLOZE_AMX_ADD(5, 6, 7)
  }
  _tile_release();
  return 6.0 * 16 * 16 * (INT8 ? 128 : 64) * static_cast<double>(rounds);
}

}  // namespace

CLOZE_TARGET_AMX void begin_blocks(int rows) {
  const TileConfig config(rows);
  load_config(&config);
}

CLOZE_TARGET_AMX void end_blocks() { _tile_release(); }

void multiply_block_int8(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                         Ahead ahead) {
  multiply_block_of<true>(vectors, depth, a, row_stride, b, sums, resume, ahead);
}

void multiply_block_bf16(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                         Ahead ahead) {
  multiply_block_of<false>(vectors, depth, a, row_stride, b, sums, resume, ahead);
}

double amx_peak_int8(int64_t rounds) { return amx_peak<true>(rounds); }
double amx_peak_bf16(int64_t rounds) { return amx_peak<false>(rounds); }

#endif

}  // namespace cloze::CLOZE_ISA
