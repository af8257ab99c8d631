#pragma once
#include <stdint.h>

namespace cloze::CLOZE_ISA {

double peak_f32(int64_t rounds);

}  // namespace cloze::CLOZE_ISA
