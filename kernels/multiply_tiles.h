// AMX: eight registers of 16 rows of 64 bytes, and an instruction that multiplies two of them.
#pragma once
#include "multiply.h"

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)

// As the steps of a register tile in multiply.h, of up to AMX_ROWS rows at once and AMX_STEPS words at a time.
constexpr int AMX_ROWS = 32, AMX_STEPS = 16;
using MultiplyBlock = void (*)(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                               bool resume, Ahead ahead);

void multiply_block_int8(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                         bool resume, Ahead ahead);
void multiply_block_bf16(int rows, int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                         bool resume, Ahead ahead);
double amx_peak_int8(int64_t rounds);
double amx_peak_bf16(int64_t rounds);

#endif

}  // namespace cloze::CLOZE_ISA
