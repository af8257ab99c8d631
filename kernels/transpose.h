// Writing rows as columns, four by four.
#pragma once
#include "vector.h"

namespace cloze::CLOZE_ISA {

CLOZE_INLINE v4 load_four(const float* from) { return *reinterpret_cast<const v4_anywhere*>(from); }
CLOZE_INLINE void store_four(float* to, v4 x) { *reinterpret_cast<v4_anywhere*>(to) = x; }

CLOZE_INLINE void transpose_four(float* to, ptrdiff_t to_stride, const float* from, ptrdiff_t from_stride) {
  const v4 a = load_four(from), b = load_four(from + from_stride);
  const v4 c = load_four(from + 2 * from_stride), d = load_four(from + 3 * from_stride);
  const v4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const v4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store_four(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store_four(to + to_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store_four(to + 2 * to_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store_four(to + 3 * to_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

// to[column * to_stride + row] = from[row * from_stride + column]
inline void transpose(float* to, ptrdiff_t to_stride, const float* from, ptrdiff_t from_stride, int64_t rows, int64_t columns) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    int64_t column = 0;
    for (; column + 4 <= columns; column += 4) {
      transpose_four(to + column * to_stride + row, to_stride, from + row * from_stride + column, from_stride);
    }
    for (; column < columns; column++) {
      for (int i = 0; i < 4; i++) to[column * to_stride + row + i] = from[(row + i) * from_stride + column];
    }
  }
  for (; row < rows; row++) {
    for (int64_t column = 0; column < columns; column++) to[column * to_stride + row] = from[row * from_stride + column];
  }
}

}  // namespace cloze::CLOZE_ISA
