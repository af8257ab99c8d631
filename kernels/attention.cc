// softmax(q . k^T * scale + biases) . v within each text, without ever holding all scores: keys come in blocks, and
// sums made so far are scaled down whenever a larger score appears (online softmax, arXiv 1805.02867 and 2205.14135).
// Scores are in units of log2(e), so that exponentials are powers of two.
#include "attention_block.h"
#include "exponential.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

AttentionOperands operands(const Call* call) {
  return {
      call->in[ATTENTION_IN_Q],
      call->in[ATTENTION_IN_K],
      call->integers[ATTENTION_INT_HEADS],
      call->integers[ATTENTION_INT_KEY_HEADS],
      call->integers[ATTENTION_INT_WINDOW],
      call->floats[ATTENTION_FLOAT_SCALE],
      LOG2_E,
      {call->in[ATTENTION_IN_SLOPES], call->in[ATTENTION_IN_RELATIVE_BIAS], call->in[ATTENTION_IN_CONTENT_TO_POSITION],
       call->in[ATTENTION_IN_POSITION_TO_CONTENT], call->in[ATTENTION_IN_DISTANCE_INDEX]},
  };
}

// What a thread works with while it does one block of queries.
struct Workspace {
  float* panel;    // [size][width]: the queries
  float* mixed;    // [size][width]: values summed by their probabilities, not yet divided
  float* scores;   // [KEY_BLOCK][width], then probabilities
  float* line;     // distances of a block
  float* largest;  // [width]: score so far
  float* total;    // [width]: sum of probabilities so far
  float* factor;   // [width]: what all sums are scaled by

  Workspace(char* scratch, int64_t size) {
    panel = reinterpret_cast<float*>(scratch);
    mixed = panel + size * QUERY_BLOCK;
    scores = mixed + size * QUERY_BLOCK;
    line = scores + KEY_BLOCK * QUERY_BLOCK;
    largest = line + KEY_BLOCK + QUERY_BLOCK;
    total = largest + QUERY_BLOCK;
    factor = total + QUERY_BLOCK;
  }
  static size_t bytes(int64_t size) {
    const int64_t numbers = 2 * size * QUERY_BLOCK + KEY_BLOCK * QUERY_BLOCK + KEY_BLOCK + QUERY_BLOCK + 3 * QUERY_BLOCK;
    return static_cast<size_t>(numbers) * sizeof(float);
  }
};

// Scores of `keys` keys become probabilities relative to the largest score so far. False when no sum needs scaling.
bool take_exponentials(const Workspace& w, int vectors, int keys) {
  const int width = vectors * LANES;
  vi changed = {};
  for (int query = 0; query < width; query += LANES) {
    const vf before = load(w.largest + query);
    vf largest = before;
    for (int key = 0; key < keys; key++) largest = larger(load(w.scores + key * width + query), largest);
    // Where every score so far is -infinity, subtracting it would give NaN.
    const vf base = choose(largest == -__builtin_inff(), vf{}, largest);
    const vf factor = exponential2(before - base);
    vf total = load(w.total + query) * factor;
    for (int key = 0; key < keys; key++) {
      const vf probability = exponential2(load(w.scores + key * width + query) - base);
      store(w.scores + key * width + query, probability);
      total += probability;
    }
    store(w.largest + query, largest);
    store(w.total + query, total);
    store(w.factor + query, factor);
    changed |= factor != 1.0f;
  }
  return sum_of_lanes(reinterpret_cast<vf>(changed & 0x3f800000)) != 0;
}

void scale_sums(const Workspace& w, int vectors, int64_t size) {
  const int width = vectors * LANES;
  for (int64_t row = 0; row < size; row++) {
    float* sums = w.mixed + row * width;
    for (int query = 0; query < width; query += LANES) store(sums + query, load(sums + query) * load(w.factor + query));
  }
}

void write_block(const Workspace& w, const QueryBlock& block, int64_t size, const Tensor* y) {
  const int width = block.width();
  for (int query = 0; query < width; query += LANES) store(w.factor + query, 1.0f / load(w.total + query));
  scale_sums(w, block.vectors(), size);
  transpose(row_of(y, block.first) + block.head * size, y->stride, w.mixed, width, size, block.count);
}

void attend(const AttentionOperands& o, const QueryBlock& block, const Tensor* v, const Tensor* y, const Workspace& w) {
  const int64_t size = o.size();
  const int width = block.width();
  pack_queries(o, block, w.panel);
  for (int query = 0; query < width; query++) {
    w.largest[query] = -__builtin_inff();
    w.total[query] = 0;
  }
  int64_t first = block.from, end = block.to;
  if (o.window >= 0) {
    const int64_t reached = block.first - o.window - block.from;
    if (reached > 0) first += reached / KEY_BLOCK * KEY_BLOCK;
    end = smaller_of(end, block.first + block.count + o.window);
  }
  bool begun = false;
  for (int64_t key = first; key < end; key += KEY_BLOCK) {
    const int keys = static_cast<int>(smaller_of(end - key, KEY_BLOCK));
    score_keys(o, block, w.panel, key, keys, w.line, w.scores);
    const bool scaled = take_exponentials(w, block.vectors(), keys);
    if (begun && scaled) scale_sums(w, block.vectors(), size);
    const LeftOperand values = {row_of(v, key) + o.key_column(block.head), 1, v->stride};
    multiply_rows(static_cast<int>(size), block.vectors(), keys, values, w.scores, width, {w.mixed, width, begun});
    begun = true;
  }
  write_block(w, block, size, y);
}

AttentionDivision divide(const Call* call) {
  const AttentionOperands o = operands(call);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  return AttentionDivision(integers_of(offsets), count_of(offsets) - 1, o.heads, o.size(), o.window);
}

int32_t tiles(const Call* call) { return static_cast<int32_t>(divide(call).tiles); }

size_t scratch(const Call* call) { return Workspace::bytes(operands(call).size()); }

void run(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = operands(call);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  const Workspace workspace(scratch, o.size());
  each_query_block(divide(call), tile, integers_of(offsets), count_of(offsets) - 1, o.heads, [&](const QueryBlock& block) {
    attend(o, block, call->in[ATTENTION_IN_V], call->out[ATTENTION_OUT_Y], workspace);
  });
}

}  // namespace

extern const Kernel attention_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
