#pragma once
#include "kernel.h"

namespace cloze::CLOZE_ISA {

void widen_f16(float* destination, const uint16_t* source, size_t count);
void widen_bf16(float* destination, const uint16_t* source, size_t count);

}  // namespace cloze::CLOZE_ISA
