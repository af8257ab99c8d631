// y = a + b and a * b with b a matrix, a row or a column, and y = x * factor + term.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

template <class Combine>
void combine_rows(const Tensor* a, const Tensor* b, const Tensor* y, int32_t tile, Combine combine) {
  const bool column = b->columns == 1;
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* left = row_of(a, row);
    const float* right = row_of(b, b->rows == 1 ? 0 : row);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      part.store(to + c, combine(part.load(left + c), column ? splat(*right) : part.load(right + c)));
    });
  });
}

int32_t add_tiles(const Call* call) {
  const Tensor* y = call->out[ADD_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void add_run(const Call* call, int32_t tile, char*) {
  combine_rows(call->in[ADD_IN_A], call->in[ADD_IN_B], call->out[ADD_OUT_Y], tile, [](vf a, vf b) { return a + b; });
}

int32_t multiply_tiles(const Call* call) {
  const Tensor* y = call->out[MULTIPLY_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void multiply_run(const Call* call, int32_t tile, char*) {
  combine_rows(call->in[MULTIPLY_IN_A], call->in[MULTIPLY_IN_B], call->out[MULTIPLY_OUT_Y], tile, [](vf a, vf b) { return a * b; });
}

int32_t affine_tiles(const Call* call) {
  const Tensor* y = call->out[AFFINE_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void affine_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[AFFINE_OUT_Y];
  const vf factor = splat(call->floats[AFFINE_FLOAT_FACTOR]), term = splat(call->floats[AFFINE_FLOAT_TERM]);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[AFFINE_IN_X], row);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, multiply_add(part.load(x + c), factor, term)); });
  });
}

}  // namespace

extern const Kernel add_kernel = {add_tiles, add_run, nullptr};
extern const Kernel multiply_kernel = {multiply_tiles, multiply_run, nullptr};
extern const Kernel affine_kernel = {affine_tiles, affine_run, nullptr};

}  // namespace cloze::CLOZE_ISA
