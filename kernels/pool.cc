// One vector a text: the first or last token, the largest number of each column, or a weighted sum; and the gradient.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// Which tokens count: those whose mask, if there is one, is not 0.
struct Mask {
  const Tensor* tensor;

  bool holds(int64_t token) const {
    if (tensor == nullptr) return true;
    if (tensor->type == TYPE_I32) return integers_of(tensor)[token] != 0;
    return static_cast<const float*>(tensor->data)[token] != 0;
  }
};

struct Text {
  int64_t from;
  int64_t to;
};

float weight_of(int32_t pooling, const Text& text, int64_t token) {
  return pooling == POOLING_WEIGHTED_MEAN ? static_cast<float>(token - text.from + 1) : 1.0f;
}

// What the sum of the tokens is multiplied by. 0 when no token counts.
float scale_of(int32_t pooling, const Text& text, const Mask& mask) {
  double total = 0;
  for (int64_t token = text.from; token < text.to; token++) {
    if (mask.holds(token)) total += weight_of(pooling, text, token);
  }
  if (total == 0) return 0;
  return static_cast<float>(1.0 / (pooling == POOLING_MEAN_SQRT ? __builtin_sqrt(total) : total));
}

// The one token that is the result; -1 when none counts.
int64_t chosen_token(int32_t pooling, const Text& text, const Mask& mask) {
  int64_t chosen = -1;
  for (int64_t token = text.from; token < text.to; token++) {
    if (!mask.holds(token)) continue;
    chosen = token;
    if (pooling == POOLING_CLS) break;
  }
  return chosen;
}

void copy_token(float* y, const Tensor* x, int64_t token) {
  each_vector(x->columns, [&](int64_t c, auto part) { part.store(y + c, token < 0 ? vf{} : part.load(row_of(x, token) + c)); });
}

// NaN stays.
void largest_of_tokens(float* y, const Tensor* x, const Text& text, const Mask& mask) {
  int64_t counted = 0;
  for (int64_t token = text.from; token < text.to; token++) {
    if (!mask.holds(token)) continue;
    const float* row = row_of(x, token);
    const bool first = counted++ == 0;
    each_vector(x->columns, [&](int64_t c, auto part) {
      const vf number = part.load(row + c);
      const vf largest = part.load(y + c);
      part.store(y + c, first ? number : choose((number <= largest) | (largest != largest), largest, number));
    });
  }
  if (counted == 0) copy_token(y, x, -1);
}

// In f32, token by token in the order of the text.
void sum_tokens(float* y, int32_t pooling, const Tensor* x, const Text& text, const Mask& mask) {
  each_vector(x->columns, [&](int64_t c, auto part) { part.store(y + c, vf{}); });
  for (int64_t token = text.from; token < text.to; token++) {
    if (!mask.holds(token)) continue;
    const float* row = row_of(x, token);
    const vf weight = splat(weight_of(pooling, text, token));
    each_vector(x->columns, [&](int64_t c, auto part) { part.store(y + c, multiply_add(part.load(row + c), weight, part.load(y + c))); });
  }
  const float scale = scale_of(pooling, text, mask);
  each_vector(x->columns, [&](int64_t c, auto part) { part.store(y + c, part.load(y + c) * scale); });
}

void pool_text(float* y, int32_t pooling, const Tensor* x, const Text& text, const Mask& mask) {
  if (pooling == POOLING_CLS || pooling == POOLING_LAST_TOKEN) {
    copy_token(y, x, chosen_token(pooling, text, mask));
  } else if (pooling == POOLING_MAX) {
    largest_of_tokens(y, x, text, mask);
  } else {
    sum_tokens(y, pooling, x, text, mask);
  }
}

// Texts of one tile, by what they read on average.
int64_t texts_each(const Tensor* x, int64_t texts) {
  const int64_t numbers = texts == 0 ? 1 : (x->rows * x->columns + texts - 1) / texts;
  return rows_of_tile(numbers);
}

int32_t tiles_of_texts(const Tensor* x, int64_t texts) {
  const int64_t each = texts_each(x, texts);
  return static_cast<int32_t>((texts + each - 1) / each);
}

// use(text, its tokens) for the texts of a tile.
template <class Use>
CLOZE_INLINE void each_text(const Tensor* x, const Tensor* offsets, int32_t tile, Use use) {
  const int32_t* from = integers_of(offsets);
  const int64_t texts = count_of(offsets) - 1, each = texts_each(x, texts);
  for (int64_t text = tile * each; text < (tile + 1) * each && text < texts; text++) use(text, Text{from[text], from[text + 1]});
}

int32_t tiles(const Call* call) { return tiles_of_texts(call->in[POOL_IN_X], call->out[POOL_OUT_Y]->rows); }

void run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[POOL_IN_X];
  const Mask mask = {call->in[POOL_IN_MASK]};
  each_text(x, call->in[POOL_IN_OFFSETS], tile, [&](int64_t text, const Text& tokens) {
    pool_text(row_of(call->out[POOL_OUT_Y], text), call->integers[POOL_INT_POOLING], x, tokens, mask);
  });
}

// The first of the largest tokens has the gradient of its column.
void largest_gradient(const Tensor* y, const float* gradient, const Tensor* x, const Text& text, const Mask& mask) {
  if (text.from == text.to) return;
  const int64_t first = chosen_token(POOLING_CLS, text, mask);
  each_vector(y->columns, [&](int64_t c, auto part) {
    vi chosen = vi{} + static_cast<int32_t>(first);
    vf largest = part.load(row_of(x, first < 0 ? text.from : first) + c);
    for (int64_t token = first + 1; first >= 0 && token < text.to; token++) {
      if (!mask.holds(token)) continue;
      const vf number = part.load(row_of(x, token) + c);
      const vi is_larger = number > largest;
      chosen = (is_larger & static_cast<int32_t>(token)) | (~is_larger & chosen);
      largest = choose(is_larger, number, largest);
    }
    for (int64_t token = text.from; token < text.to; token++) {
      part.store(row_of(y, token) + c, choose(chosen == static_cast<int32_t>(token), part.load(gradient + c), vf{}));
    }
  });
}

void sum_gradient(const Tensor* y, const float* gradient, int32_t pooling, const Text& text, const Mask& mask) {
  const bool one = pooling == POOLING_CLS || pooling == POOLING_LAST_TOKEN;
  const int64_t chosen = one ? chosen_token(pooling, text, mask) : -1;
  const float scale = one ? 0 : scale_of(pooling, text, mask);
  for (int64_t token = text.from; token < text.to; token++) {
    const bool counts = one ? token == chosen : mask.holds(token);
    const float weight = one ? 1.0f : weight_of(pooling, text, token) * scale;
    float* to = row_of(y, token);
    each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, counts ? part.load(gradient + c) * weight : vf{}); });
  }
}

int32_t gradient_tiles(const Call* call) {
  return tiles_of_texts(call->in[POOL_GRADIENT_IN_X], call->in[POOL_GRADIENT_IN_GRADIENT]->rows);
}

void gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[POOL_GRADIENT_IN_X];
  const Tensor* y = call->out[POOL_GRADIENT_OUT_Y];
  const Mask mask = {call->in[POOL_GRADIENT_IN_MASK]};
  const int32_t pooling = call->integers[POOL_GRADIENT_INT_POOLING];
  each_text(x, call->in[POOL_GRADIENT_IN_OFFSETS], tile, [&](int64_t text, const Text& tokens) {
    const float* gradient = row_of(call->in[POOL_GRADIENT_IN_GRADIENT], text);
    if (pooling == POOLING_MAX) largest_gradient(y, gradient, x, tokens, mask);
    else sum_gradient(y, gradient, pooling, tokens, mask);
  });
}

}  // namespace

extern const Kernel pool_kernel = {tiles, run, nullptr};
extern const Kernel pool_gradient_kernel = {gradient_tiles, gradient_run, nullptr};

}  // namespace cloze::CLOZE_ISA
