// AMX: eight registers of 16 rows of 64 bytes, and an instruction that multiplies two of them.
#pragma once
#include "multiply.h"

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)

constexpr int AMX_ROWS = 16, AMX_STEPS = 16;

// Says how many rows, AMX_ROWS at most, the blocks on this thread have from here on; and that there are no more of them.
void begin_blocks(int rows);
void end_blocks();

// As a register tile of multiply.h, of as many rows as was said and a multiple of AMX_STEPS words.
using MultiplyBlock = void (*)(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                               bool resume, Ahead ahead);

void multiply_block_int8(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                         Ahead ahead);
void multiply_block_bf16(int vectors, ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume,
                         Ahead ahead);
double amx_peak_int8(int64_t rounds);
double amx_peak_bf16(int64_t rounds);

#endif

}  // namespace cloze::CLOZE_ISA
