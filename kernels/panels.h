// The packed layout of a weight[n, k]: panels of PANEL_COLUMNS outputs, each panel k steps of as many numbers, so that a
// register tile reads it straight through. The last panel is as many vectors wide as its outputs need, filled up with
// zeros.
#pragma once
#include "multiply.h"
#include "transpose.h"

namespace cloze::CLOZE_ISA {

constexpr int64_t panels_of(int64_t n) { return (n + PANEL_COLUMNS - 1) / PANEL_COLUMNS; }

// One panel of a weight with n outputs.
struct Panel {
  int64_t first;  // output
  int outputs;
  int vectors;

  Panel(int64_t n, int64_t index) : first(index * PANEL_COLUMNS) {
    outputs = static_cast<int>(n - first < PANEL_COLUMNS ? n - first : PANEL_COLUMNS);
    vectors = (outputs + LANES - 1) / LANES;
  }
  int width() const { return vectors * LANES; }
};

// Panels before it are whole, so this holds for the last one too.
CLOZE_INLINE const float* panel_data(const float* packed, const Panel& panel, int64_t k) { return packed + panel.first * k; }

// data[step * width + output] = rows[output * stride + step], zeros in columns without an output: `steps` steps of one
// panel from rows in order, which are fetched as far ahead as they are read.
inline void pack_steps(float* data, const Panel& panel, const float* rows, ptrdiff_t stride, int64_t steps) {
  const int width = panel.width();
  const auto read = [&](int64_t row, int64_t step, auto part) {
    const float* from = rows + row * stride + step;
    __builtin_prefetch(from + steps);
    return part.load(from);
  };
  each_column(panel.outputs, steps, read, [&](int64_t step, vf values, int64_t output, auto) { store(data + step * width + output, values); });
}

}  // namespace cloze::CLOZE_ISA
