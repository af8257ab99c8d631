// How a parameter lies in memory when it is stored in bf16 or int8.
//
// A row is a row of 32-bit words: two bf16, or four int8, each word's first number in its low bits, the last word filled
// up with zeros. As words such a weight [n, k] is laid out like one of floats [n, words]: by rows, or packed in panels.
// In int8 each row has a scale and the sum of its numbers; they stand before the words:
//
//   float scales[row_room(n)]; int32_t sums[row_room(n)]; then the words
#pragma once
#include "kernel.h"

namespace cloze {

// Internal to each file that includes it: compiled for one instruction set, a copy must not serve another.
namespace {

[[maybe_unused]] inline bool is_narrow(int32_t type) { return type == TYPE_BF16 || type == TYPE_INT8; }

// Words of a row of that many numbers; of other types numbers are words.
[[maybe_unused]] inline int32_t words_of_row(int32_t type, int32_t columns) {
  if (type == TYPE_BF16) return columns / 2 + columns % 2;
  return type == TYPE_INT8 ? columns / 4 + (columns % 4 != 0) : columns;
}

[[maybe_unused]] inline size_t row_room(int64_t rows) { return static_cast<size_t>(rows + 63) / 64 * 64; }

// Bytes before the words.
[[maybe_unused]] inline size_t scale_bytes(int32_t type, int64_t rows) { return type == TYPE_INT8 ? 8 * row_room(rows) : 0; }

[[maybe_unused]] inline uint32_t* words_of(void* data, int32_t type, int64_t rows) {
  return reinterpret_cast<uint32_t*>(static_cast<char*>(data) + scale_bytes(type, rows));
}

[[maybe_unused]] inline float* scales_of(void* data) { return static_cast<float*>(data); }
[[maybe_unused]] inline int32_t* sums_of(void* data, int64_t rows) { return static_cast<int32_t*>(data) + row_room(rows); }

}  // namespace

}  // namespace cloze
