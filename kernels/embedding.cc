// Rows gathered by number. Numbers are checked before a run: they lie within their tables.
#include "kernels.h"
#include "layer_norm.h"

namespace cloze::CLOZE_ISA {

namespace {

void gather(const Tensor* table, const Tensor* ids, const Tensor* y, int32_t tile) {
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* from = row_of(table, integers_of(ids)[row]);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, part.load(from + c)); });
  });
}

int32_t embedding_tiles(const Call* call) {
  const Tensor* y = call->out[EMBEDDING_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void embedding_run(const Call* call, int32_t tile, char*) {
  gather(call->in[EMBEDDING_IN_TABLE], call->in[EMBEDDING_IN_IDS], call->out[EMBEDDING_OUT_Y], tile);
}

int32_t gather_rows_tiles(const Call* call) {
  const Tensor* y = call->out[GATHER_ROWS_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void gather_rows_run(const Call* call, int32_t tile, char*) {
  gather(call->in[GATHER_ROWS_IN_X], call->in[GATHER_ROWS_IN_INDEX], call->out[GATHER_ROWS_OUT_Y], tile);
}

int32_t embedding_sum_tiles(const Call* call) {
  const Tensor* y = call->out[EMBEDDING_SUM_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

constexpr int TABLES = 4;
static_assert(EMBEDDING_SUM_IN_TABLE3 == EMBEDDING_SUM_IN_TABLE0 + 2 * (TABLES - 1), "tables and ids alternate");
static_assert(EMBEDDING_SUM_IN_IDS3 == EMBEDDING_SUM_IN_IDS0 + 2 * (TABLES - 1), "tables and ids alternate");

void embedding_sum_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[EMBEDDING_SUM_OUT_Y];
  const float* weight = numbers_of(call->in[EMBEDDING_SUM_IN_WEIGHT]);
  const float* bias = numbers_of(call->in[EMBEDDING_SUM_IN_BIAS]);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* from[TABLES];
    int count = 0;
    for (int i = 0; i < TABLES; i++) {
      const Tensor* table = call->in[EMBEDDING_SUM_IN_TABLE0 + 2 * i];
      if (table != nullptr) from[count++] = row_of(table, integers_of(call->in[EMBEDDING_SUM_IN_IDS0 + 2 * i])[row]);
    }
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      vf sum = part.load(from[0] + c);
      for (int i = 1; i < count; i++) sum += part.load(from[i] + c);
      part.store(to + c, sum);
    });
    if (weight == nullptr && bias == nullptr) return;
    layer_norm_row(to, to, y->columns, weight, bias, call->floats[EMBEDDING_SUM_FLOAT_EPSILON]);
  });
}

}  // namespace

extern const Kernel embedding_kernel = {embedding_tiles, embedding_run, nullptr};
extern const Kernel gather_rows_kernel = {gather_rows_tiles, gather_rows_run, nullptr};
extern const Kernel embedding_sum_kernel = {embedding_sum_tiles, embedding_sum_run, nullptr};

}  // namespace cloze::CLOZE_ISA
