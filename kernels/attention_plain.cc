// Attention in three steps, for those who want to see or change the probabilities, and for training.
#include "attention_block.h"
#include "exponential.h"
#include "kernels.h"
#include "pairs.h"

namespace cloze::CLOZE_ISA {

namespace {

// Scores of so many heads are made before they are written: heads lie side by side, and one alone would write a few bytes of
// every line.
constexpr int64_t SCORE_HEADS = 16;

// The register tile of the mixture: at most so many sums, rows and vectors of columns.
#if defined(__AVX512F__)
constexpr int MIX_SUMS = 16, MIX_ROWS = 8, MIX_VECTORS = 4;
#else
constexpr int MIX_SUMS = 8, MIX_ROWS = 4, MIX_VECTORS = 2;
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

Pairs score_pairs(const Call* call) {
  return Pairs(call->in[ATTENTION_SCORES_IN_OFFSETS], call->in[ATTENTION_SCORES_IN_PAIR_OFFSETS], QUERY_BLOCK);
}

int32_t scores_tiles(const Call* call) { return score_pairs(call).tiles(call->in[ATTENTION_SCORES_IN_Q]->columns); }

// What scores of some heads of a block of queries need: the queries of each head, its scores of a tile of keys, and a line
// of distances.
struct ScoreWorkspace {
  int64_t panel_numbers;
  static constexpr int64_t SCORES = static_cast<int64_t>(TILE_ROWS) * QUERY_BLOCK;
  float* panels;
  float* scores;
  float* line;

  ScoreWorkspace(char* scratch, int64_t size) : panel_numbers(size * QUERY_BLOCK), panels(reinterpret_cast<float*>(scratch)) {
    scores = panels + SCORE_HEADS * panel_numbers;
    line = scores + SCORE_HEADS * SCORES;
  }
  static size_t bytes(int64_t size) {
    return static_cast<size_t>(SCORE_HEADS * (size * QUERY_BLOCK + SCORES) + TILE_ROWS + QUERY_BLOCK) * sizeof(float);
  }
};

size_t scores_scratch(const Call* call) { return ScoreWorkspace::bytes(score_operands(call).size()); }

// Scores of heads [block.head, block.head + heads), written to rows of y from that of the block's first query on.
void score_heads(const AttentionOperands& o, QueryBlock block, int32_t heads, const ScoreWorkspace& w, const Tensor* y, int64_t first_row) {
  const int width = block.width();
  const int32_t first_head = block.head;
  const int64_t length = block.to - block.from;
  for (int32_t i = 0; i < heads; i++, block.head++) pack_queries(o, block, w.panels + i * w.panel_numbers);
  for (int64_t key = 0; key < length; key += TILE_ROWS) {
    const int keys = static_cast<int>(smaller_of(length - key, TILE_ROWS));
    block.head = first_head;
    for (int32_t i = 0; i < heads; i++, block.head++) {
      score_keys(o, block, w.panels + i * w.panel_numbers, block.from + key, keys, w.line, w.scores + i * w.SCORES);
    }
    for (int query = 0; query < block.count; query++) {
      for (int j = 0; j < keys; j++) {
        const float* scores = w.scores + j * width + query;
        float* to = row_of(y, first_row + query * length + key + j) + first_head;
        for (int32_t i = 0; i < heads; i++) to[i] = scores[i * w.SCORES];
      }
    }
  }
}

void scores_run(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = score_operands(call);
  const Tensor* y = call->out[ATTENTION_SCORES_OUT_Y];
  const Pairs pairs = score_pairs(call);
  const ScoreWorkspace workspace(scratch, o.size());
  pairs.each_run(o.q->columns, tile, [&](int64_t text, int64_t from, int64_t to) {
    const int64_t start = pairs.offsets[text], length = pairs.length(text);
    // Blocks of even width, or the last of them would leave lanes idle.
    const int64_t blocks = (to - from + QUERY_BLOCK - 1) / QUERY_BLOCK;
    const int64_t each = ((to - from + blocks - 1) / blocks + LANES - 1) / LANES * LANES;
    for (int64_t query = from; query < to; query += each) {
      const int count = static_cast<int>(smaller_of(to - query, each));
      for (int64_t head = 0; head < o.heads; head += SCORE_HEADS) {
        const int32_t heads = static_cast<int32_t>(smaller_of(o.heads - head, SCORE_HEADS));
        const QueryBlock block = {start, start + length, start + query, count, static_cast<int32_t>(head)};
        score_heads(o, block, heads, workspace, y, pairs.first_pairs[text] + query * length);
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
void mix_columns(const Mixture& m, int64_t column, Part part) {
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

// Some columns of rows [from, to).
template <int VECTORS, class Part>
void mix_rows(Mixture m, int64_t from, int64_t to, int64_t column, Part part) {
  constexpr int ROWS = MIX_SUMS / VECTORS < MIX_ROWS ? MIX_SUMS / VECTORS : MIX_ROWS;
  m.weights += from * m.row_stride;
  m.y += from * m.y_stride;
  int64_t rows = to - from;
  for (; rows >= ROWS; rows -= ROWS, m.weights += ROWS * m.row_stride, m.y += ROWS * m.y_stride) mix_columns<ROWS, VECTORS>(m, column, part);
  for (; rows > 0; rows--, m.weights += m.row_stride, m.y += m.y_stride) mix_columns<1, VECTORS>(m, column, part);
}

// Rows [from, to) of a text and one head of y.
template <int VECTORS = MIX_VECTORS>
void mix_head(const Mixture& m, int64_t from, int64_t to, int64_t column = 0) {
  for (; column + VECTORS * LANES <= m.size; column += VECTORS * LANES) mix_rows<VECTORS>(m, from, to, column, WholeVector{});
  if constexpr (VECTORS > 1) return mix_head<VECTORS / 2>(m, from, to, column);
  if (column < m.size) mix_rows<1>(m, from, to, column, FirstLanes{static_cast<int>(m.size - column)});
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
