#pragma once
#include "columns.h"

namespace cloze::CLOZE_ISA {

// (x - mean) / sqrt(variance + epsilon) * weight + bias. Mean first, then the variance about it: no cancellation. y may
// be x.
CLOZE_INLINE void layer_norm_row(float* y, const float* x, int64_t columns, const float* weight, const float* bias, float epsilon) {
  const float count = static_cast<float>(columns);
  const float mean = sum_of_row(columns, [&](vf sum, int64_t c, auto part) { return sum + part.load(x + c); }) / count;
  const float squares = sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    const vf centered = part.only(part.load(x + c) - mean);
    return multiply_add(centered, centered, sum);
  });
  const float factor = 1.0f / square_root(squares / count + epsilon);
  each_vector(columns, [&](int64_t c, auto part) {
    vf scaled = (part.load(x + c) - mean) * factor;
    const vf shift = bias == nullptr ? vf{} : part.load(bias + c);
    part.store(y + c, multiply_add(scaled, weight == nullptr ? splat(1.0f) : part.load(weight + c), shift));
  });
}

}  // namespace cloze::CLOZE_ISA
