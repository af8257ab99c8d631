#pragma once
#include "kernel.h"

namespace cloze::CLOZE_ISA {

size_t packed_bytes(int32_t n, int32_t k);
void pack(float* packed, int32_t n, int32_t k, const float* source, int32_t from, int32_t to);
void unpack(float* destination, int32_t n, int32_t k, const float* packed);

}  // namespace cloze::CLOZE_ISA
