// Writing rows as columns, by square blocks of as many rows as a vector has lanes.
#pragma once
#include "columns.h"

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)
#define CLOZE_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define CLOZE_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define CLOZE_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define CLOZE_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#elif defined(__AVX2__)
#define CLOZE_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define CLOZE_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define CLOZE_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define CLOZE_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define CLOZE_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define CLOZE_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define CLOZE_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define CLOZE_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#endif

// Within each quarter of four lanes, four rows become four columns.
CLOZE_INLINE void transpose_quarters(vf rows[4]) {
  const vf ab_low = CLOZE_INTERLEAVE_LOW(rows[0], rows[1]), ab_high = CLOZE_INTERLEAVE_HIGH(rows[0], rows[1]);
  const vf cd_low = CLOZE_INTERLEAVE_LOW(rows[2], rows[3]), cd_high = CLOZE_INTERLEAVE_HIGH(rows[2], rows[3]);
  rows[0] = CLOZE_LOW_PAIRS(ab_low, cd_low);
  rows[1] = CLOZE_HIGH_PAIRS(ab_low, cd_low);
  rows[2] = CLOZE_LOW_PAIRS(ab_high, cd_high);
  rows[3] = CLOZE_HIGH_PAIRS(ab_high, cd_high);
}

#undef CLOZE_INTERLEAVE_LOW
#undef CLOZE_INTERLEAVE_HIGH
#undef CLOZE_LOW_PAIRS
#undef CLOZE_HIGH_PAIRS

// Row r of quarters becomes quarter r of a row.
CLOZE_INLINE void gather_quarters(vf rows[LANES / 4]) {
#if defined(__AVX512F__)
  const vf ab_even = _mm512_maskz_shuffle_f32x4(0xffff, rows[0], rows[1], 0x88), ab_odd = _mm512_maskz_shuffle_f32x4(0xffff, rows[0], rows[1], 0xdd);
  const vf cd_even = _mm512_maskz_shuffle_f32x4(0xffff, rows[2], rows[3], 0x88), cd_odd = _mm512_maskz_shuffle_f32x4(0xffff, rows[2], rows[3], 0xdd);
  rows[0] = _mm512_maskz_shuffle_f32x4(0xffff, ab_even, cd_even, 0x88);
  rows[1] = _mm512_maskz_shuffle_f32x4(0xffff, ab_odd, cd_odd, 0x88);
  rows[2] = _mm512_maskz_shuffle_f32x4(0xffff, ab_even, cd_even, 0xdd);
  rows[3] = _mm512_maskz_shuffle_f32x4(0xffff, ab_odd, cd_odd, 0xdd);
#elif defined(__AVX2__)
  const vf low = _mm256_permute2f128_ps(rows[0], rows[1], 0x20);
  rows[1] = _mm256_permute2f128_ps(rows[0], rows[1], 0x31);
  rows[0] = low;
#else
  (void)rows;
#endif
}

// rows[i][j] = rows[j][i]
CLOZE_INLINE void transpose_block(vf rows[LANES]) {
  constexpr int QUARTERS = LANES / 4;
  for (int quarter = 0; quarter < QUARTERS; quarter++) transpose_quarters(rows + 4 * quarter);
  for (int i = 0; i < 4; i++) {
    vf column[QUARTERS];
    for (int quarter = 0; quarter < QUARTERS; quarter++) column[quarter] = rows[4 * quarter + i];
    gather_quarters(column);
    for (int quarter = 0; quarter < QUARTERS; quarter++) rows[4 * quarter + i] = column[quarter];
  }
}

// write(column, values, row, part): the values of rows [row, row + LANES) in one column, of which `part` are there, for
// every column of a matrix that `read(row, column, part)` reads row by row. Rows that are not there read as zeros.
template <class Read, class Write>
CLOZE_INLINE void each_column(int64_t rows, int64_t columns, Read read, Write write) {
  each_vector(columns, [&](int64_t first, auto columns_there) {
    each_vector(rows, [&](int64_t row, auto rows_there) {
      vf block[LANES];
      for (int i = 0; i < LANES; i++) block[i] = i < rows_there.lanes() ? read(row + i, first, columns_there) : vf{};
      transpose_block(block);
      for (int i = 0; i < LANES; i++) {
        if (i < columns_there.lanes()) write(first + i, block[i], row, rows_there);
      }
    });
  });
}

// to[column * to_stride + row] = from[row * from_stride + column]
inline void transpose(float* to, ptrdiff_t to_stride, const float* from, ptrdiff_t from_stride, int64_t rows, int64_t columns) {
  each_column(
      rows, columns, [&](int64_t row, int64_t column, auto part) { return part.load(from + row * from_stride + column); },
      [&](int64_t column, vf values, int64_t row, auto part) { part.store(to + column * to_stride + row, values); });
}

}  // namespace cloze::CLOZE_ISA
