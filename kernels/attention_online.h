// Online softmax: what both forms of attention without all scores do with a block of scores, and what they keep between
// blocks of keys (arXiv 1805.02867 and 2205.14135). Scores are in units of log2(e), so that exponentials are powers of two.
#pragma once
#include "attention_block.h"
#include "exponential.h"
#include "opcodes.h"

namespace cloze::CLOZE_ISA {

inline AttentionOperands attention_operands(const Call* call) {
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
struct AttentionWorkspace {
  float* panel;    // [size][width]: the queries
  float* mixed;    // [size][width]: values summed by their probabilities, not yet divided
  float* scores;   // [KEY_BLOCK][width], then probabilities
  float* values;   // [KEY_BLOCK][size]: of the keys, copied
  float* line;     // distances of a block
  float* largest;  // [width]: score so far
  float* total;    // [width]: sum of probabilities so far
  float* factor;   // [width]: what all sums are scaled by

  AttentionWorkspace(char* scratch, int64_t size) {
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
inline bool take_exponentials(const AttentionWorkspace& w, int vectors, int keys) {
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

inline void scale_sums(const AttentionWorkspace& w, int vectors, int64_t size) {
  const int width = vectors * LANES;
  for (int64_t row = 0; row < size; row++) {
    float* sums = w.mixed + row * width;
    for (int query = 0; query < width; query += LANES) store(sums + query, load(sums + query) * load(w.factor + query));
  }
}

inline void write_block(const AttentionWorkspace& w, const QueryBlock& block, int64_t size, const Tensor* y) {
  const int width = block.width();
  for (int query = 0; query < width; query += LANES) store(w.factor + query, 1.0f / load(w.total + query));
  each_column(
      size, block.count,
      [&](int64_t row, int64_t query, auto) { return load(w.mixed + row * width + query) * load(w.factor + query); },
      [&](int64_t query, vf values, int64_t row, auto part) {
        part.store(row_of(y, block.first + query) + block.head * size + row, values);
      });
}

// Starts the sums of a block of queries.
inline void begin_sums(const AttentionWorkspace& w, int width) {
  for (int query = 0; query < width; query++) {
    w.largest[query] = -__builtin_inff();
    w.total[query] = 0;
  }
}

// Keys that a block of queries sees, from a whole block of them on.
struct KeyRange {
  int64_t first;
  int64_t end;

  KeyRange(const AttentionOperands& o, const QueryBlock& block) : first(block.from), end(block.to) {
    if (o.window < 0) return;
    const int64_t reached = block.first - o.window - block.from;
    if (reached > 0) first += reached / KEY_BLOCK * KEY_BLOCK;
    end = smaller_of(end, block.first + block.count + o.window);
  }
};

inline AttentionDivision attention_division(const Call* call) {
  const AttentionOperands o = attention_operands(call);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  return AttentionDivision(integers_of(offsets), count_of(offsets) - 1, o.heads, o.size(), o.window);
}

inline int32_t attention_tiles(const Call* call) { return static_cast<int32_t>(attention_division(call).tiles); }

// In f32, whatever the precision. Not inlined: modules of WebAssembly would hold it twice.
__attribute__((noinline)) void attend_block(const AttentionOperands& o, const QueryBlock& block, const Tensor* v, const Tensor* y, const AttentionWorkspace& w);

}  // namespace cloze::CLOZE_ISA
