#include "activation.h"

#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t activation_tiles(const Call* call) {
  const Tensor* y = call->out[ACTIVATION_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void activation_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[ACTIVATION_OUT_Y];
  with_activation(call->integers[ACTIVATION_INT_ACTIVATION], [&](auto activation) {
    each_row_of_tile(y, tile, [&](int64_t row) {
      const float* x = row_of(call->in[ACTIVATION_IN_X], row);
      float* to = row_of(y, row);
      each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, activation.apply(part.load(x + c))); });
    });
  });
}

int32_t gated_unit_tiles(const Call* call) {
  const Tensor* y = call->out[GATED_UNIT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void gated_unit_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[GATED_UNIT_OUT_Y];
  const bool first = call->integers[GATED_UNIT_INT_ACTIVATED] == ACTIVATED_FIRST;
  with_activation(call->integers[GATED_UNIT_INT_ACTIVATION], [&](auto activation) {
    each_row_of_tile(y, tile, [&](int64_t row) {
      const float* x = row_of(call->in[GATED_UNIT_IN_X], row);
      const float* activated = first ? x : x + y->columns;
      const float* gate = first ? x + y->columns : x;
      float* to = row_of(y, row);
      each_vector(y->columns, [&](int64_t c, auto part) {
        part.store(to + c, activation.apply(part.load(activated + c)) * part.load(gate + c));
      });
    });
  });
}

}  // namespace

extern const Kernel activation_kernel = {activation_tiles, activation_run, nullptr};
extern const Kernel gated_unit_kernel = {gated_unit_tiles, gated_unit_run, nullptr};

}  // namespace cloze::CLOZE_ISA
