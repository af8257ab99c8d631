// Attention in three steps, for those who want to see or change the probabilities, and for training.
#include "attention_block.h"
#include "exponential.h"
#include "kernels.h"
#include "pairs.h"

namespace cloze::CLOZE_ISA {

namespace {

// The register tile of the mixture: rows by vectors of columns.
constexpr int MIX_ROWS = 4;
#if defined(__AVX512F__)
constexpr int MIX_VECTORS = 4;
#else
constexpr int MIX_VECTORS = 2;
#endif

AttentionOperands score_operands(const Call* call) {
  return {
      call->in[ATTENTION_SCORES_IN_Q],
      call->in[ATTENTION_SCORES_IN_K],
      call->integers[ATTENTION_SCORES_INT_HEADS],
      call->integers[ATTENTION_SCORES_INT_KEY_HEADS],
      -1,  // the softmax leaves out what the window does
      call->floats[ATTENTION_SCORES_FLOAT_SCALE],
      1,
      {call->in[ATTENTION_SCORES_IN_SLOPES], call->in[ATTENTION_SCORES_IN_RELATIVE_BIAS],
       call->in[ATTENTION_SCORES_IN_CONTENT_TO_POSITION], call->in[ATTENTION_SCORES_IN_POSITION_TO_CONTENT],
       call->in[ATTENTION_SCORES_IN_DISTANCE_INDEX]},
  };
}

AttentionDivision divide_scores(const Call* call) {
  const AttentionOperands o = score_operands(call);
  const Tensor* offsets = call->in[ATTENTION_SCORES_IN_OFFSETS];
  return AttentionDivision(integers_of(offsets), count_of(offsets) - 1, o.heads, o.size(), o.window);
}

int32_t scores_tiles(const Call* call) { return static_cast<int32_t>(divide_scores(call).tiles); }

size_t scores_scratch(const Call* call) {
  const int64_t numbers = score_operands(call).size() * QUERY_BLOCK + KEY_BLOCK * QUERY_BLOCK + KEY_BLOCK + QUERY_BLOCK;
  return static_cast<size_t>(numbers) * sizeof(float);
}

void scores_run(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = score_operands(call);
  const Tensor* offsets = call->in[ATTENTION_SCORES_IN_OFFSETS];
  const Pairs pairs(offsets, call->in[ATTENTION_SCORES_IN_PAIR_OFFSETS]);
  float* panel = reinterpret_cast<float*>(scratch);
  float* scores = panel + o.size() * QUERY_BLOCK;
  float* line = scores + KEY_BLOCK * QUERY_BLOCK;
  int64_t text = 0;
  each_query_block(divide_scores(call), tile, pairs.offsets, pairs.texts, o.heads, [&](const QueryBlock& block) {
    while (pairs.offsets[text] != block.from || pairs.length(text) == 0) text++;
    pack_queries(o, block, panel);
    for (int64_t key = block.from; key < block.to; key += KEY_BLOCK) {
      const int keys = static_cast<int>(smaller_of(block.to - key, KEY_BLOCK));
      score_keys(o, block, panel, key, keys, line, scores);
      for (int query = 0; query < block.count; query++) {
        const int64_t row = pairs.first_pairs[text] + (block.first + query - block.from) * pairs.length(text) + key - block.from;
        for (int j = 0; j < keys; j++) row_of(call->out[ATTENTION_SCORES_OUT_Y], row + j)[block.head] = scores[j * block.width() + query];
      }
    }
  });
}

Pairs softmax_pairs(const Call* call) {
  return Pairs(call->in[ATTENTION_SOFTMAX_IN_OFFSETS], call->in[ATTENTION_SOFTMAX_IN_PAIR_OFFSETS]);
}

int32_t softmax_tiles(const Call* call) { return softmax_pairs(call).tiles(call->out[ATTENTION_SOFTMAX_OUT_Y]->columns); }

// All heads of one query at once: heads stand in the lanes.
void softmax_of_query(const Tensor* scores, const Tensor* y, int64_t first, int64_t length, int64_t low, int64_t high) {
  each_vector(y->columns, [&](int64_t c, auto part) {
    vf largest = splat(-__builtin_inff());
    for (int64_t j = low; j < high; j++) largest = larger(part.load(row_of(scores, first + j) + c), largest);
    vf total = {};
    for (int64_t j = low; j < high; j++) {
      const vf x = exponential(part.load(row_of(scores, first + j) + c) - largest);
      total += x;
      part.store(row_of(y, first + j) + c, x);
    }
    const vf factor = 1.0f / total;
    for (int64_t j = 0; j < length; j++) {
      float* to = row_of(y, first + j) + c;
      part.store(to, j < low || j >= high ? vf{} : part.load(to) * factor);
    }
  });
}

void softmax_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = softmax_pairs(call);
  const Tensor* y = call->out[ATTENTION_SOFTMAX_OUT_Y];
  const int64_t window = call->integers[ATTENTION_SOFTMAX_INT_WINDOW];
  pairs.each_token(y->columns, tile, [&](int64_t text, int64_t i) {
    const int64_t length = pairs.length(text);
    const int64_t low = window < 0 ? 0 : larger_of(0, i - window);
    const int64_t high = window < 0 ? length : smaller_of(length, i + window + 1);
    softmax_of_query(call->in[ATTENTION_SOFTMAX_IN_SCORES], y, pairs.first_pairs[text] + i * length, length, low, high);
  });
}

Pairs mix_pairs(const Call* call) {
  return Pairs(call->in[ATTENTION_MIX_IN_OFFSETS], call->in[ATTENTION_MIX_IN_PAIR_OFFSETS], 4 * MIX_ROWS);
}

int32_t mix_tiles(const Call* call) { return mix_pairs(call).tiles(call->out[ATTENTION_MIX_OUT_Y]->columns); }

// y[row] = the sum over steps of weights[row * row_stride + step * step_stride] . v[step], and again with the next head's
// weights and columns of v where heads share their keys.
struct Mixture {
  const float* weights;
  int64_t row_stride;
  int64_t step_stride;
  const float* v;
  int64_t v_stride;
  int64_t steps;
  int64_t shared;
  float* y;
  int64_t y_stride;
  int64_t size;
};

template <int ROWS, int VECTORS, class Part>
CLOZE_INLINE void mix_columns(const Mixture& m, int64_t column, Part part) {
  vf sum[ROWS][VECTORS] = {};
  for (int64_t head = 0; head < m.shared; head++) {
    const float* weights = m.weights + head;
    const float* v = m.v + head * m.size + column;
    for (int64_t step = 0; step < m.steps; step++, weights += m.step_stride, v += m.v_stride) {
      vf values[VECTORS];
      for (int i = 0; i < VECTORS; i++) values[i] = part.load(v + i * LANES);
      for (int row = 0; row < ROWS; row++) {
        const vf weight = load_splat(weights + row * m.row_stride);
        for (int i = 0; i < VECTORS; i++) sum[row][i] = multiply_add(weight, values[i], sum[row][i]);
      }
    }
  }
  for (int row = 0; row < ROWS; row++) {
    for (int i = 0; i < VECTORS; i++) part.store(m.y + row * m.y_stride + column + i * LANES, sum[row][i]);
  }
}

template <int ROWS>
void mix_rows(const Mixture& m) {
  int64_t column = 0;
  for (; column + MIX_VECTORS * LANES <= m.size; column += MIX_VECTORS * LANES) mix_columns<ROWS, MIX_VECTORS>(m, column, WholeVector{});
  for (; column + LANES <= m.size; column += LANES) mix_columns<ROWS, 1>(m, column, WholeVector{});
  if (column < m.size) mix_columns<ROWS, 1>(m, column, FirstLanes{static_cast<int>(m.size - column)});
}

// Rows [from, to) of a text and one head of y.
void mix_head(Mixture m, int64_t from, int64_t to) {
  m.weights += from * m.row_stride;
  m.y += from * m.y_stride;
  int64_t rows = to - from;
  for (; rows >= MIX_ROWS; rows -= MIX_ROWS, m.weights += MIX_ROWS * m.row_stride, m.y += MIX_ROWS * m.y_stride) mix_rows<MIX_ROWS>(m);
  for (; rows > 0; rows--, m.weights += m.row_stride, m.y += m.y_stride) mix_rows<1>(m);
}

void mix_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = mix_pairs(call);
  const Tensor* probabilities = call->in[ATTENTION_MIX_IN_PROBABILITIES];
  const Tensor* v = call->in[ATTENTION_MIX_IN_V];
  const Tensor* y = call->out[ATTENTION_MIX_OUT_Y];
  const bool transposed = call->integers[ATTENTION_MIX_INT_TRANSPOSE] != 0;
  const int64_t heads = call->integers[ATTENTION_MIX_INT_HEADS], key_heads = call->integers[ATTENTION_MIX_INT_KEY_HEADS];
  const int64_t shared = heads / key_heads, y_heads = transposed ? key_heads : heads;
  const int64_t size = y->columns / y_heads, by_key = probabilities->stride;
  pairs.each_run(y->columns, tile, [&](int64_t text, int64_t from, int64_t to) {
    const int64_t length = pairs.length(text), by_query = length * by_key;
    for (int64_t head = 0; head < y_heads; head++) {
      const int64_t first = transposed ? head * shared : head;
      const float* values = row_of(v, pairs.offsets[text]) + (transposed ? first : head / shared) * size;
      mix_head({row_of(probabilities, pairs.first_pairs[text]) + first, transposed ? by_key : by_query,
                transposed ? by_query : by_key, values, v->stride, length, transposed ? shared : 1,
                row_of(y, pairs.offsets[text]) + head * size, y->stride, size},
               from, to);
    }
  });
}

}  // namespace

extern const Kernel attention_scores_kernel = {scores_tiles, scores_run, scores_scratch};
extern const Kernel attention_softmax_kernel = {softmax_tiles, softmax_run, nullptr};
extern const Kernel attention_mix_kernel = {mix_tiles, mix_run, nullptr};

}  // namespace cloze::CLOZE_ISA
