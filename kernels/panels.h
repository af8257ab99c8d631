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

// Columns [from, to) of a panel from as many rows of a weight, and zeros in its unused columns.
inline void pack_rows(float* data, const Panel& panel, int64_t k, const float* rows, ptrdiff_t stride, int from, int to) {
  transpose(data + from, panel.width(), rows, stride, to - from, k);
  for (int64_t step = 0; step < k; step++) {
    for (int column = panel.outputs; column < panel.width(); column++) data[step * panel.width() + column] = 0;
  }
}

}  // namespace cloze::CLOZE_ISA
