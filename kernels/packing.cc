#include "packing.h"

#include "panels.h"

namespace cloze::CLOZE_ISA {

size_t packed_bytes(int32_t n, int32_t k) {
  if (n <= 0) return 0;
  const Panel last(n, panels_of(n) - 1);
  return static_cast<size_t>(last.first + last.width()) * static_cast<size_t>(k) * sizeof(float);
}

void pack(float* packed, int32_t n, int32_t k, const float* source, int32_t from, int32_t to) {
  for (int64_t row = from; row < to;) {
    const Panel panel(n, row / PANEL_COLUMNS);
    const int first = static_cast<int>(row - panel.first);
    const int end = panel.first + panel.outputs < to ? panel.outputs : static_cast<int>(to - panel.first);
    float* data = packed + panel.first * k;
    transpose(data + first, panel.width(), source + (row - from) * k, k, end - first, k);
    for (int64_t step = 0; step < k; step++) {
      for (int column = panel.outputs; column < panel.width(); column++) data[step * panel.width() + column] = 0;
    }
    row = panel.first + end;
  }
}

void unpack(float* destination, int32_t n, int32_t k, const float* packed) {
  for (int64_t index = 0; index < panels_of(n); index++) {
    const Panel panel(n, index);
    transpose(destination + panel.first * k, k, panel_data(packed, panel, k), panel.width(), k, panel.outputs);
  }
}

}  // namespace cloze::CLOZE_ISA
