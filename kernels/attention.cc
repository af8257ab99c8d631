// softmax(q . k^T * scale + biases) . v within each text, without ever holding all scores: keys come in blocks, and
// sums made so far are scaled down whenever a larger score appears.
#include "attention_online.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// Values of keys [first, first + count), a row for each column: side by side, as in the tensor they lie too far apart for
// the cache. Where few queries meet them, copying costs more than that.
LeftOperand values_of(const Tensor* v, int64_t column, int64_t first, int count, int64_t size, float* copy) {
  if (QUERY_BLOCK <= 8) return {row_of(v, first) + column, 1, v->stride};
  const ptrdiff_t stride = (size + LANES - 1) / LANES * LANES;
  for (int key = 0; key < count; key++) {
    const float* from = row_of(v, first + key) + column;
    each_vector(size, [&](int64_t c, auto part) { store(copy + key * stride + c, part.load(from + c)); });
  }
  return {copy, 1, stride};
}

}  // namespace

void attend_block(const AttentionOperands& o, const QueryBlock& block, const Tensor* v, const Tensor* y, const AttentionWorkspace& w) {
  const int size = o.size();
  pack_queries(o, block, w.panel);
  begin_sums(w, block.width());
  const KeyRange range(o, block);
  const int64_t column = o.key_column(block.head);
  fetch_rows(y, block.first, block.first + block.count, block.head * size, size);
  bool begun = false;
  for (int64_t key = range.first; key < range.end; key += KEY_BLOCK) {
    const int keys = static_cast<int>(smaller_of(range.end - key, KEY_BLOCK));
    fetch_rows(v, key, key + keys, column, size);
    score_keys(o, block, w.panel, key, keys, w.line, w.scores);
    fetch_rows(o.k, key + keys, smaller_of(key + keys + KEY_BLOCK, range.end), column, size);
    const bool scaled = take_exponentials(w, block.vectors(), keys);
    if (begun && scaled) scale_sums(w, block.vectors(), size);
    multiply_rows(size, block.vectors(), keys, values_of(v, column, key, keys, size, w.values), w.scores, w.mixed, begun);
    begun = true;
  }
  write_block(w, block, size, y);
}

namespace {

size_t scratch(const Call* call) { return AttentionWorkspace::bytes(attention_operands(call).size()); }

void run(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = attention_operands(call);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  const AttentionWorkspace workspace(scratch, o.size());
  each_query_block(attention_division(call), tile, integers_of(offsets), count_of(offsets) - 1, o.heads, [&](const QueryBlock& block) {
    attend_block(o, block, call->in[ATTENTION_IN_V], call->out[ATTENTION_OUT_Y], workspace);
  });
}

}  // namespace

extern const Kernel attention_kernel = {attention_tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
