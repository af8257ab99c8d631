#pragma once
#include <stdint.h>

namespace cloze::CLOZE_ISA {

double peak_f32(int64_t rounds);
float read_memory(const float* from, int64_t count);

}  // namespace cloze::CLOZE_ISA
