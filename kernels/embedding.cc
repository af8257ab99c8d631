// Rows gathered by number. Numbers are checked before a run: they lie within their tables.
#include "kernels.h"
#include "layer_norm.h"
#include "narrow_weight.h"

namespace cloze::CLOZE_ISA {

namespace {

// One row of a table, whatever it is stored in.
struct TableRow {
  const void* numbers;
  float scale;
  int32_t type;

  TableRow() = default;
  TableRow(const Tensor* table, int64_t row) : scale(1), type(table->type) {
    const int64_t stride = is_narrow(type) ? words_of_row(type, table->columns) : table->stride;
    numbers = words_of(table->data, type, table->rows) + row * stride;
    if (type == TYPE_INT8) scale = scales_of(table->data)[row];
  }

  template <class Part>
  CLOZE_INLINE vf load(int64_t column, Part part) const {
    if (type == TYPE_BF16) {
      const auto bits = narrow<uint16_t>(column, part.lanes());
      return reinterpret_cast<vf>(__builtin_convertvector(bits, vu) << 16);
    }
    if (type == TYPE_INT8) return __builtin_convertvector(narrow<int8_t>(column, part.lanes()), vf) * scale;
    return part.load(static_cast<const float*>(numbers) + column);
  }

 private:
  template <class N>
  CLOZE_INLINE auto narrow(int64_t column, int count) const {
    typedef N vn __attribute__((vector_size(LANES * sizeof(N))));
    vn found = {};
    const N* from = static_cast<const N*>(numbers) + column;
    if (count == LANES) __builtin_memcpy(&found, from, sizeof found);
    else for (int i = 0; i < count; i++) found[i] = from[i];
    return found;
  }
};

void gather(const Tensor* table, const Tensor* ids, const Tensor* y, int32_t tile) {
  each_row_of_tile(y, tile, [&](int64_t row) {
    const TableRow from(table, integers_of(ids)[row]);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, from.load(c, part)); });
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
    TableRow from[TABLES];
    int count = 0;
    for (int i = 0; i < TABLES; i++) {
      const Tensor* table = call->in[EMBEDDING_SUM_IN_TABLE0 + 2 * i];
      if (table != nullptr) from[count++] = TableRow(table, integers_of(call->in[EMBEDDING_SUM_IN_IDS0 + 2 * i])[row]);
    }
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      vf sum = from[0].load(c, part);
      for (int i = 1; i < count; i++) sum += from[i].load(c, part);
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
