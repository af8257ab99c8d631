// What softmax, its gradient and the losses need of a row first.
#pragma once
#include "columns.h"
#include "exponential.h"

namespace cloze::CLOZE_ISA {

// A row's largest number and the sum of e^(x - largest).
struct RowSum {
  float largest;
  float total;
};

CLOZE_INLINE RowSum sum_exponentials(const float* x, int64_t columns) {
  const float largest = largest_of_row(columns, [&](int64_t c, auto part) { return part.load(x + c); });
  const float total = sum_of_row(columns, [&](vf sum, int64_t c, auto part) {
    return sum + part.only(exponential(part.load(x + c) - largest));
  });
  return {largest, total};
}

}  // namespace cloze::CLOZE_ISA
