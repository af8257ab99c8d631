#include "narrow.h"

#include "columns.h"

namespace cloze::CLOZE_ISA {

namespace {

typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(LANES * 2)));
typedef int16_t vs __attribute__((vector_size(LANES * 2)));
typedef int8_t vb __attribute__((vector_size(LANES)));

// Nearest, ties to even, in the upper half of each lane; NaN stays NaN.
CLOZE_INLINE vu bf16_bits(vf x) {
  const vu bits = reinterpret_cast<vu>(x);
  const vu rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const vf result = choose(reinterpret_cast<vi>(x == x), reinterpret_cast<vf>(rounded), reinterpret_cast<vf>(bits | 0x400000));
  return reinterpret_cast<vu>(result) & 0xffff0000;
}

// Writes whole vectors while there is room for them, then a part of one: `bytes` is what a row of words has.
template <class V>
CLOZE_INLINE void write_part(char* to, V values, int64_t at, int64_t bytes) {
  if (at + static_cast<int64_t>(sizeof values) <= bytes) __builtin_memcpy(to + at, &values, sizeof values);
  else __builtin_memcpy(to + at, &values, static_cast<size_t>(bytes - at));
}

// The largest is 127 steps from zero. A row with NaN or an infinity gets the scale NaN: results show it.
struct Steps {
  float scale;
  float per_unit;
};

CLOZE_INLINE Steps steps_of(const float* row, int64_t columns) {
  const float largest = largest_of_row(columns, [&](int64_t c, auto part) { return magnitude(part.load(row + c)); });
  const float zero = sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    const vf x = part.load(row + c);
    return sum + (x - x);
  });
  const float top = columns > 0 && largest > 0 ? largest : 0;
  // Below this 127 / top is infinite: such rows are zero.
  if (!(top >= 0x1p-120f)) return {zero, 0};
  return {top / 127 + zero, 127 / top};
}

// To whole steps, nearest, ties to even: adding 1.5 x 2^23 leaves them in the low bits of the sum.
CLOZE_INLINE vi whole_steps(vf x, float per_unit) {
  return reinterpret_cast<vi>(x * per_unit + 12582912.0f) - 0x4b400000;
}

template <class Write>
CLOZE_INLINE float each_whole_steps(const float* row, int64_t columns, Write write) {
  const Steps steps = steps_of(row, columns);
  each_vector(columns, [&](int64_t c, auto part) { write(c, whole_steps(part.load(row + c), steps.per_unit)); });
  return steps.scale;
}

// Of each four lanes, the middle two change places.
CLOZE_INLINE vi swap_middle(vi x) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
#elif defined(__AVX2__)
  return __builtin_shufflevector(x, x, 0, 2, 1, 3, 4, 6, 5, 7);
#else
  return __builtin_shufflevector(x, x, 0, 2, 1, 3);
#endif
}

}  // namespace

void narrow_bf16(uint32_t* words, const float* row, int32_t columns) {
  const int64_t bytes = (columns + 1) / 2 * int64_t{4};
  each_vector(columns, [&](int64_t c, auto part) {
    write_part(reinterpret_cast<char*>(words), __builtin_convertvector(bf16_bits(part.load(row + c)) >> 16, vh), 2 * c, bytes);
  });
}

void round_to_bf16(float* rounded, const float* row, int32_t columns) {
  each_vector(columns, [&](int64_t c, auto part) { part.store(rounded + c, reinterpret_cast<vf>(bf16_bits(part.load(row + c)))); });
  if (columns % 2 != 0) rounded[columns] = 0;
}

void pair_bf16(uint32_t* words, const float* first, const float* second, int32_t columns) {
  each_vector(columns, [&](int64_t c, auto part) {
    vu pair = bf16_bits(part.load(first + c)) >> 16;
    if (second != nullptr) pair |= bf16_bits(part.load(second + c));
    store(reinterpret_cast<float*>(words + c), reinterpret_cast<vf>(pair));
  });
}

RowScale narrow_int8(uint32_t* words, const float* row, int32_t columns) {
  const int64_t bytes = (columns + 3) / 4 * int64_t{4};
  vi sum = {};
  const float scale = each_whole_steps(row, columns, [&](int64_t c, vi steps) {
    sum += steps;
    write_part(reinterpret_cast<char*>(words), __builtin_convertvector(steps, vb), c, bytes);
  });
  int32_t total = 0;
  for (int i = 0; i < LANES; i++) total += sum[i];
  return {scale, total};
}

float narrow_uint8(uint32_t* words, const float* row, int32_t columns) {
  const int64_t bytes = (columns + 3) / 4 * int64_t{4};
  return each_whole_steps(row, columns, [&](int64_t c, vi steps) {
    write_part(reinterpret_cast<char*>(words), __builtin_convertvector(steps + 128, vb), c, bytes);
  });
}

float narrow_int16(uint32_t* words, const float* row, int32_t columns) {
  const int64_t bytes = (columns + 3) / 4 * int64_t{8};
  return each_whole_steps(row, columns, [&](int64_t c, vi steps) {
    write_part(reinterpret_cast<char*>(words), __builtin_convertvector(swap_middle(steps), vs), 2 * c, bytes);
  });
}

float narrow_uint7(uint32_t* words, const float* row, int32_t columns) {
  return each_whole_steps(row, columns, [&](int64_t c, vi steps) {
    const vi sums = steps + 127, first = sums > 127 ? vi{} + 127 : sums;
    const vb parts[2] = {__builtin_convertvector(first, vb), __builtin_convertvector(sums - first, vb)};
    for (int i = 0; i < LANES / 4 && c + 4 * i < columns; i++) {
      for (int part = 0; part < 2; part++) {
        __builtin_memcpy(words + c / 2 + 2 * i + part, reinterpret_cast<const char*>(&parts[part]) + 4 * i, 4);
      }
    }
  });
}

}  // namespace cloze::CLOZE_ISA
