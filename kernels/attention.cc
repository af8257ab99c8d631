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
  float* values;   // [KEY_BLOCK][size]: of the keys, copied
  float* line;     // distances of a block
  float* largest;  // [width]: score so far
  float* total;    // [width]: sum of probabilities so far
  float* factor;   // [width]: what all sums are scaled by

  Workspace(char* scratch, int64_t size) {
    panel = reinterpret_cast<float*>(scratch);
    mixed = panel + size * QUERY_BLOCK;
    scores = mixed + size * QUERY_BLOCK;
    values = scores + KEY_BLOCK * QUERY_BLOCK;
    line = values + KEY_BLOCK * (size + LANES);
    largest = line + KEY_BLOCK + QUERY_BLOCK;
    total = largest + QUERY_BLOCK;
    factor = total + QUERY_BLOCK;
  }
  static size_t bytes(int64_t size) {
    const int64_t numbers = 2 * size * QUERY_BLOCK + KEY_BLOCK * (QUERY_BLOCK + size + LANES) + KEY_BLOCK + 4 * QUERY_BLOCK;
    return static_cast<size_t>(numbers) * sizeof(float);
  }
};

// The largest number of a column of scores and `largest`, in four chains so that they overlap.
CLOZE_INLINE vf largest_score(const float* scores, int keys, ptrdiff_t stride, vf largest) {
  vf a = largest, b = largest, c = largest, d = largest;
  int key = 0;
  for (; key + 4 <= keys; key += 4, scores += 4 * stride) {
    a = larger(load(scores), a);
    b = larger(load(scores + stride), b);
    c = larger(load(scores + 2 * stride), c);
    d = larger(load(scores + 3 * stride), d);
  }
  for (; key < keys; key++, scores += stride) a = larger(load(scores), a);
  return larger(larger(a, b), larger(c, d));
}

// Replaces a column of scores by 2^(score - base) and returns their sum.
CLOZE_INLINE vf exponentials(float* scores, int keys, ptrdiff_t stride, vf base) {
  vf even = {}, odd = {};
  int key = 0;
  for (; key + 2 <= keys; key += 2, scores += 2 * stride) {
    const vf first = exponential2(load(scores) - base), second = exponential2(load(scores + stride) - base);
    store(scores, first);
    store(scores + stride, second);
    even += first;
    odd += second;
  }
  if (key < keys) {
    const vf last = exponential2(load(scores) - base);
    store(scores, last);
    even += last;
  }
  return even + odd;
}

// Scores of `keys` keys become probabilities relative to the largest score so far. False when no sum needs scaling.
bool take_exponentials(const Workspace& w, int vectors, int keys) {
  const int width = vectors * LANES;
  vi changed = {};
  for (int query = 0; query < width; query += LANES) {
    const vf before = load(w.largest + query);
    const vf largest = largest_score(w.scores + query, keys, width, before);
    // Where every score so far is -infinity, subtracting it would give NaN.
    const vf base = choose(largest == -__builtin_inff(), vf{}, largest);
    const vf factor = exponential2(before - base);
    const vf total = exponentials(w.scores + query, keys, width, base);
    store(w.total + query, multiply_add(load(w.total + query), factor, total));
    store(w.largest + query, largest);
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
  each_column(
      size, block.count,
      [&](int64_t row, int64_t query, auto) { return load(w.mixed + row * width + query) * load(w.factor + query); },
      [&](int64_t query, vf values, int64_t row, auto part) {
        part.store(row_of(y, block.first + query) + block.head * size + row, values);
      });
}

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

void attend(const AttentionOperands& o, const QueryBlock& block, const Tensor* v, const Tensor* y, const Workspace& w) {
  const int size = o.size();
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
  const int64_t column = o.key_column(block.head);
  fetch_rows(y, block.first, block.first + block.count, block.head * size, size);
  bool begun = false;
  for (int64_t key = first; key < end; key += KEY_BLOCK) {
    const int keys = static_cast<int>(smaller_of(end - key, KEY_BLOCK));
    fetch_rows(v, key, key + keys, column, size);
    score_keys(o, block, w.panel, key, keys, w.line, w.scores);
    fetch_rows(o.k, key + keys, smaller_of(key + keys + KEY_BLOCK, end), column, size);
    const bool scaled = take_exponentials(w, block.vectors(), keys);
    if (begun && scaled) scale_sums(w, block.vectors(), size);
    multiply_rows(size, block.vectors(), keys, values_of(v, column, key, keys, size, w.values), w.scores, w.mixed, begun);
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
