// What training needs of the pairs of tokens: the gradients of the softmax and of the biases that depend on a distance.
#include "kernels.h"
#include "pairs.h"

namespace cloze::CLOZE_ISA {

namespace {

Pairs softmax_pairs(const Call* call) {
  return Pairs(call->in[ATTENTION_SOFTMAX_GRADIENT_IN_OFFSETS], call->in[ATTENTION_SOFTMAX_GRADIENT_IN_PAIR_OFFSETS]);
}

int32_t softmax_tiles(const Call* call) { return softmax_pairs(call).tiles(call->out[ATTENTION_SOFTMAX_GRADIENT_OUT_Y]->columns); }

// All heads of one query at once: heads stand in the lanes.
void softmax_of_query(const Tensor* probabilities, const Tensor* gradient, const Tensor* y, int64_t from, int64_t to) {
  each_vector(y->columns, [&](int64_t c, auto part) {
    vf along = {};
    for (int64_t pair = from; pair < to; pair++) {
      along = multiply_add(part.load(row_of(probabilities, pair) + c), part.load(row_of(gradient, pair) + c), along);
    }
    for (int64_t pair = from; pair < to; pair++) {
      const vf slope = part.load(row_of(gradient, pair) + c) - along;
      part.store(row_of(y, pair) + c, part.load(row_of(probabilities, pair) + c) * slope);
    }
  });
}

void softmax_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = softmax_pairs(call);
  const Tensor* y = call->out[ATTENTION_SOFTMAX_GRADIENT_OUT_Y];
  pairs.each_token(y->columns, tile, [&](int64_t text, int64_t i) {
    const int64_t first = pairs.first_pairs[text] + i * pairs.length(text);
    softmax_of_query(call->in[ATTENTION_SOFTMAX_GRADIENT_IN_PROBABILITIES], call->in[ATTENTION_SOFTMAX_GRADIENT_IN_GRADIENT],
                     y, first, first + pairs.length(text));
  });
}

Pairs bias_pairs(const Call* call) {
  return Pairs(call->in[RELATIVE_BIAS_GRADIENT_IN_OFFSETS], call->in[RELATIVE_BIAS_GRADIENT_IN_PAIR_OFFSETS]);
}

// A tile is one distance: its pairs of all texts, in their order.
int32_t bias_tiles(const Call* call) { return static_cast<int32_t>(call->out[RELATIVE_BIAS_GRADIENT_OUT_Y]->rows); }

void bias_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = bias_pairs(call);
  const Tensor* gradient = call->in[RELATIVE_BIAS_GRADIENT_IN_GRADIENT];
  const Tensor* y = call->out[RELATIVE_BIAS_GRADIENT_OUT_Y];
  const int64_t most = (y->rows - 1) / 2, distance = tile - most;
  each_vector(y->columns, [&](int64_t c, auto part) {
    vf sum = {};
    for (int64_t text = 0; text < pairs.texts; text++) {
      const int64_t length = pairs.length(text);
      for (int64_t i = 0; i < length; i++) {
        // Keys at this distance; those beyond the table belong to its ends.
        const int64_t low = distance == -most ? 0 : larger_of(0, i + distance);
        const int64_t high = distance == most ? length : smaller_of(length, i + distance + 1);
        for (int64_t j = low; j < high; j++) sum += part.load(row_of(gradient, pairs.first_pairs[text] + i * length + j) + c);
      }
    }
    part.store(row_of(y, tile) + c, sum);
  });
}

Pairs disentangled_pairs(const Call* call) {
  return Pairs(call->in[DISENTANGLED_GRADIENT_IN_OFFSETS], call->in[DISENTANGLED_GRADIENT_IN_PAIR_OFFSETS]);
}

int32_t disentangled_tiles(const Call* call) {
  return disentangled_pairs(call).tiles(call->integers[DISENTANGLED_GRADIENT_INT_HEADS]);
}

void disentangled_run(const Call* call, int32_t tile, char*) {
  const Pairs pairs = disentangled_pairs(call);
  const Tensor* gradient = call->in[DISENTANGLED_GRADIENT_IN_GRADIENT];
  const Tensor* y = call->out[DISENTANGLED_GRADIENT_OUT_Y];
  const int32_t* column_of = integers_of(call->in[DISENTANGLED_GRADIENT_IN_DISTANCE_INDEX]);
  const int64_t most = (count_of(call->in[DISENTANGLED_GRADIENT_IN_DISTANCE_INDEX]) - 1) / 2;
  const int64_t heads = call->integers[DISENTANGLED_GRADIENT_INT_HEADS], columns = y->columns / heads;
  const bool of_query = call->integers[DISENTANGLED_GRADIENT_INT_SIDE] == SIDE_QUERY;
  const float scale = call->floats[DISENTANGLED_GRADIENT_FLOAT_SCALE];
  pairs.each_token(heads, tile, [&](int64_t text, int64_t token) {
    const int64_t length = pairs.length(text);
    float* to = row_of(y, pairs.offsets[text] + token);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, vf{}); });
    for (int64_t other = 0; other < length; other++) {
      const int64_t i = of_query ? token : other, j = of_query ? other : token;
      const float* from = row_of(gradient, pairs.first_pairs[text] + i * length + j);
      const int64_t column = column_of[larger_of(-most, smaller_of(most, i - j)) + most];
      for (int64_t head = 0; head < heads; head++) to[head * columns + column] += scale * from[head];
    }
  });
}

}  // namespace

extern const Kernel attention_softmax_gradient_kernel = {softmax_tiles, softmax_run, nullptr};
extern const Kernel relative_bias_gradient_kernel = {bias_tiles, bias_run, nullptr};
extern const Kernel disentangled_gradient_kernel = {disentangled_tiles, disentangled_run, nullptr};

}  // namespace cloze::CLOZE_ISA
