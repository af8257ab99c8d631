// Rows of f32 in fewer bits: weights when they are loaded, activations right before they are multiplied.
#pragma once
#include "kernel.h"

namespace cloze::CLOZE_ISA {

// KernelSet describes these two.
void narrow_bf16(uint32_t* words, const float* row, int32_t columns);
RowScale narrow_int8(uint32_t* words, const float* row, int32_t columns);

// The row rounded to bf16 and still floats, in twice as many words: for sets that cannot multiply bf16.
void round_to_bf16(float* rounded, const float* row, int32_t columns);
// Words of two rows, `first` in the low halves; without `second` zeros in the high ones. Writes whole vectors.
void pair_bf16(uint32_t* words, const float* first, const float* second, int32_t columns);
// The numbers of narrow_int8 plus 128, and so without a sign. Returns the scale.
float narrow_uint8(uint32_t* words, const float* row, int32_t columns);
// The numbers of narrow_int8 as 16 bits each: of every four the first and third in one word, then the second and fourth.
float narrow_int16(uint32_t* words, const float* row, int32_t columns);
// The numbers of narrow_int8 plus 127 as sums of two numbers of 7 bits: of every four a word of the first, then one of the
// second.
float narrow_uint7(uint32_t* words, const float* row, int32_t columns);

}  // namespace cloze::CLOZE_ISA
