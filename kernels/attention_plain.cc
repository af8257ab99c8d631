// Attention in three steps, for those who want to see or change the probabilities. Of text b, the pair of query i and
// key j (counted within the text) is row pairOffsets[b] + i * length + j, one column a head.
#include "attention_block.h"
#include "exponential.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// The texts of a batch and where their pairs start.
struct Pairs {
  const int32_t* offsets;
  const int32_t* first_pairs;
  int64_t texts;

  Pairs(const Tensor* offsets, const Tensor* pair_offsets)
      : offsets(integers_of(offsets)), first_pairs(integers_of(pair_offsets)), texts(count_of(offsets) - 1) {}

  int64_t length(int64_t text) const { return offsets[text + 1] - offsets[text]; }

  // A tile is a range of tokens, all pairs of which are its own; the range is chosen by the pairs a token has on average.
  int64_t tokens_each(int64_t numbers_of_pair) const {
    double pairs = 0;
    for (int64_t text = 0; text < texts; text++) pairs += static_cast<double>(length(text)) * static_cast<double>(length(text));
    const double of_token = pairs / offsets[texts] * static_cast<double>(numbers_of_pair);
    return of_token >= TILE_NUMBERS ? 1 : static_cast<int64_t>(TILE_NUMBERS / of_token);
  }

  int32_t tiles(int64_t numbers_of_pair) const {
    if (texts < 1 || offsets[texts] == 0) return 0;
    const int64_t each = tokens_each(numbers_of_pair);
    return static_cast<int32_t>((offsets[texts] + each - 1) / each);
  }

  // use(text, i) for every token of a tile.
  template <class Use>
  void each_token(int64_t numbers_of_pair, int32_t tile, Use use) const {
    const int64_t each = tokens_each(numbers_of_pair);
    int64_t token = tile * each;
    const int64_t end = smaller_of(token + each, offsets[texts]);
    int64_t text = 0;
    for (; token < end; token++) {
      while (offsets[text + 1] <= token) text++;
      use(text, token - offsets[text]);
    }
  }
};

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
  return Pairs(call->in[ATTENTION_MIX_IN_OFFSETS], call->in[ATTENTION_MIX_IN_PAIR_OFFSETS]);
}

int32_t mix_tiles(const Call* call) { return mix_pairs(call).tiles(call->out[ATTENTION_MIX_OUT_Y]->columns); }

void mix_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = mix_pairs(call);
  const Tensor* probabilities = call->in[ATTENTION_MIX_IN_PROBABILITIES];
  const Tensor* v = call->in[ATTENTION_MIX_IN_V];
  const Tensor* y = call->out[ATTENTION_MIX_OUT_Y];
  const int64_t heads = call->integers[ATTENTION_MIX_INT_HEADS];
  const int64_t group = heads / call->integers[ATTENTION_MIX_INT_KEY_HEADS];
  const int64_t size = y->columns / heads;
  pairs.each_token(y->columns, tile, [&](int64_t text, int64_t i) {
    const int64_t from = pairs.offsets[text], length = pairs.length(text);
    const int64_t first = pairs.first_pairs[text] + i * length;
    for (int64_t head = 0; head < heads; head++) {
      each_vector(size, [&](int64_t c, auto part) {
        vf sum = {};
        for (int64_t j = 0; j < length; j++) {
          const vf value = part.load(row_of(v, from + j) + head / group * size + c);
          sum = multiply_add(load_splat(row_of(probabilities, first + j) + head), value, sum);
        }
        part.store(row_of(y, from + i) + head * size + c, sum);
      });
    }
  });
}

}  // namespace

extern const Kernel attention_scores_kernel = {scores_tiles, scores_run, scores_scratch};
extern const Kernel attention_softmax_kernel = {softmax_tiles, softmax_run, nullptr};
extern const Kernel attention_mix_kernel = {mix_tiles, mix_run, nullptr};

}  // namespace cloze::CLOZE_ISA
