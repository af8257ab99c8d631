// Walking along a row of numbers vector by vector, the last one being what is left.
#pragma once
#include "kernel.h"
#include "vector.h"

namespace cloze::CLOZE_ISA {

// A whole vector of a row, or its first few lanes: the same code handles both.
struct WholeVector {
  CLOZE_INLINE vf load(const float* from) const { return CLOZE_ISA::load(from); }
  CLOZE_INLINE void store(float* to, vf x) const { CLOZE_ISA::store(to, x); }
  CLOZE_INLINE void store_past_caches(float* to, vf x) const { CLOZE_ISA::store_past_caches(to, x); }
  CLOZE_INLINE vf only(vf x) const { return x; }
  CLOZE_INLINE static constexpr int lanes() { return LANES; }
};

struct FirstLanes {
  int count;
  CLOZE_INLINE vf load(const float* from) const { return load_first(from, count); }
  CLOZE_INLINE void store(float* to, vf x) const { store_first(to, x, count); }
  CLOZE_INLINE void store_past_caches(float* to, vf x) const { store_first(to, x, count); }
  // Zeros in the lanes beyond.
  CLOZE_INLINE vf only(vf x) const { return choose(lane_numbers() < count, x, vf{}); }
  CLOZE_INLINE int lanes() const { return count; }
};

// step(column, part) for each vector of a row.
template <class Step>
CLOZE_INLINE void each_vector(int64_t columns, Step step) {
  int64_t column = 0;
  for (; column + LANES <= columns; column += LANES) step(column, WholeVector{});
  if (column < columns) step(column, FirstLanes{static_cast<int>(columns - column)});
}

// Adds up add(sum, column, part) along a row, in four chains so that additions overlap.
template <class Add>
CLOZE_INLINE float sum_of_row(int64_t columns, Add add) {
  vf a = {}, b = {}, c = {}, d = {};
  int64_t column = 0;
  for (; column + 4 * LANES <= columns; column += 4 * LANES) {
    a = add(a, column, WholeVector{});
    b = add(b, column + LANES, WholeVector{});
    c = add(c, column + 2 * LANES, WholeVector{});
    d = add(d, column + 3 * LANES, WholeVector{});
  }
  for (; column + LANES <= columns; column += LANES) a = add(a, column, WholeVector{});
  if (column < columns) b = add(b, column, FirstLanes{static_cast<int>(columns - column)});
  return sum_of_lanes((a + b) + (c + d));
}

// The largest of value(column, part) along a row.
template <class Value>
CLOZE_INLINE float largest_of_row(int64_t columns, Value value) {
  vf largest = splat(-__builtin_inff());
  each_vector(columns, [&](int64_t column, auto part) {
    const vf x = value(column, part);
    largest = larger(largest, choose(part.only(splat(1.0f)) > 0.0f, x, splat(-__builtin_inff())));
  });
  return largest_lane(largest);
}

CLOZE_INLINE float* row_of(const Tensor* tensor, int64_t row) {
  return static_cast<float*>(tensor->data) + row * tensor->stride;
}

CLOZE_INLINE int64_t larger_of(int64_t a, int64_t b) { return a > b ? a : b; }
CLOZE_INLINE int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }
CLOZE_INLINE float square_root(float x) { return __builtin_sqrtf(x); }

// The numbers of a vector, or null where it is absent.
CLOZE_INLINE const float* numbers_of(const Tensor* vector) {
  return vector == nullptr ? nullptr : static_cast<const float*>(vector->data);
}

// Ids, offsets, positions: integers one after another, in however many rows.
CLOZE_INLINE const int32_t* integers_of(const Tensor* tensor) { return static_cast<const int32_t*>(tensor->data); }
CLOZE_INLINE int64_t count_of(const Tensor* tensor) { return tensor->rows * tensor->columns; }

// The last text that starts at a row of the batch or before it.
inline int64_t text_at(const int32_t* offsets, int64_t texts, int64_t row) {
  int64_t low = 0;
  for (int64_t high = texts; high - low > 1;) {
    const int64_t middle = (low + high) / 2;
    if (offsets[middle] <= row) low = middle;
    else high = middle;
  }
  return low;
}

// Kernels that treat rows one by one take as many a tile as make up this many numbers: some tens of microseconds.
constexpr int64_t TILE_NUMBERS = 32768;

inline int64_t rows_of_tile(int64_t columns) { return columns >= TILE_NUMBERS ? 1 : TILE_NUMBERS / (columns < 1 ? 1 : columns); }

inline int32_t tiles_of_rows(int64_t rows, int64_t columns) {
  const int64_t rows_each = rows_of_tile(columns);
  return columns == 0 ? 0 : static_cast<int32_t>((rows + rows_each - 1) / rows_each);
}

// use(row) for the rows of one tile of `y`.
template <class Use>
CLOZE_INLINE void each_row_of_tile(const Tensor* y, int32_t tile, Use use) {
  const int64_t rows_each = rows_of_tile(y->columns);
  const int64_t from = tile * rows_each;
  const int64_t to = from + rows_each < y->rows ? from + rows_each : y->rows;
  for (int64_t row = from; row < to; row++) use(row);
}

}  // namespace cloze::CLOZE_ISA
