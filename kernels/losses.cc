// Losses by row and their gradients.
#include "activation.h"
#include "exponential_sum.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t cross_entropy_tiles(const Call* call) {
  const Tensor* logits = call->in[CROSS_ENTROPY_IN_LOGITS];
  return tiles_of_rows(logits->rows, logits->columns);
}

// log(total) + largest - x, for the label's x and, as far as the label is smoothed, for the mean; each times the weight of
// its class, where there are any.
float cross_entropy_of(const float* logits, const float* weights, int64_t columns, int32_t label, float smoothing) {
  const RowSum sum = sum_exponentials(logits, columns);
  const float log_total = static_cast<float>(logarithm(sum.total));
  const float of_label = (weights == nullptr ? 1.0f : weights[label]) * (log_total + (sum.largest - logits[label]));
  if (smoothing == 0) return of_label;
  const float below = sum_of_row(columns, [&](vf total, int64_t c, auto part) {
    const vf loss = sum.largest - part.load(logits + c);
    return total + part.only(weights == nullptr ? loss : part.load(weights + c) * (loss + log_total));
  });
  const float mean = below / static_cast<float>(columns);
  return (1.0f - smoothing) * of_label + smoothing * (weights == nullptr ? log_total + mean : mean);
}

void cross_entropy_run(const Call* call, int32_t tile, char*) {
  const Tensor* logits = call->in[CROSS_ENTROPY_IN_LOGITS];
  const int32_t* labels = integers_of(call->in[CROSS_ENTROPY_IN_LABELS]);
  const float* weights = numbers_of(call->in[CROSS_ENTROPY_IN_WEIGHTS]);
  const float smoothing = call->floats[CROSS_ENTROPY_FLOAT_SMOOTHING];
  each_row_of_tile(logits, tile, [&](int64_t row) {
    const int32_t label = labels[row];
    const float loss = label < 0 ? 0.0f : cross_entropy_of(row_of(logits, row), weights, logits->columns, label, smoothing);
    *row_of(call->out[CROSS_ENTROPY_OUT_Y], row) = loss;
  });
}

int32_t cross_entropy_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[CROSS_ENTROPY_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void cross_entropy_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[CROSS_ENTROPY_GRADIENT_OUT_Y];
  const int32_t* labels = integers_of(call->in[CROSS_ENTROPY_GRADIENT_IN_LABELS]);
  const float* weights = numbers_of(call->in[CROSS_ENTROPY_GRADIENT_IN_WEIGHTS]);
  const float smoothing = call->floats[CROSS_ENTROPY_GRADIENT_FLOAT_SMOOTHING];
  const float share = smoothing / static_cast<float>(y->columns);
  const float all = weights == nullptr || smoothing == 0 ? 0 : share * sum_of_row(y->columns, [&](vf sum, int64_t c, auto part) {
    return sum + part.load(weights + c);
  });
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* logits = row_of(call->in[CROSS_ENTROPY_GRADIENT_IN_LOGITS], row);
    const float gradient = *row_of(call->in[CROSS_ENTROPY_GRADIENT_IN_GRADIENT], row);
    float* to = row_of(y, row);
    if (labels[row] < 0) {
      each_vector(y->columns, [&](int64_t c, auto part) { part.store(to + c, vf{}); });
      return;
    }
    const RowSum sum = sum_exponentials(logits, y->columns);
    const float of_label = (1.0f - smoothing) * (weights == nullptr ? 1.0f : weights[labels[row]]);
    const float factor = gradient * (weights == nullptr ? 1.0f : of_label + all) / sum.total;
    const vf spread = splat(-gradient * share);
    each_vector(y->columns, [&](int64_t c, auto part) {
      const vf of_class = weights == nullptr ? spread : spread * part.load(weights + c);
      part.store(to + c, multiply_add(exponential(part.load(logits + c) - sum.largest), splat(factor), of_class));
    });
    to[labels[row]] -= gradient * of_label;
  });
}

// log(1 + x) for 0 <= x <= 1, as 2 atanh(x / (2 + x)): its series, to 1e-8.
CLOZE_INLINE vf logarithm_of_more(vf x) {
  const vf ratio = x / (2.0f + x), square = ratio * ratio;
  vf series = splat(2.0f / 13);
  for (int n = 11; n >= 1; n -= 2) series = multiply_add(series, square, splat(2.0f / static_cast<float>(n)));
  return ratio * series;
}

int32_t binary_cross_entropy_tiles(const Call* call) {
  const Tensor* x = call->in[BINARY_CROSS_ENTROPY_IN_X];
  return tiles_of_rows(x->rows, x->columns);
}

void binary_cross_entropy_run(const Call* call, int32_t tile, char*) {
  const Tensor* x = call->in[BINARY_CROSS_ENTROPY_IN_X];
  each_row_of_tile(x, tile, [&](int64_t row) {
    const float* logits = row_of(x, row);
    const float* target = row_of(call->in[BINARY_CROSS_ENTROPY_IN_TARGET], row);
    *row_of(call->out[BINARY_CROSS_ENTROPY_OUT_Y], row) = sum_of_row(x->columns, [&](vf sum, int64_t c, auto part) {
      const vf logit = part.load(logits + c);
      const vf loss = multiply_add(-logit, part.load(target + c), larger(vf{}, logit));
      return sum + part.only(loss + logarithm_of_more(exponential(-magnitude(logit))));
    });
  });
}

int32_t binary_cross_entropy_gradient_tiles(const Call* call) {
  const Tensor* y = call->out[BINARY_CROSS_ENTROPY_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void binary_cross_entropy_gradient_run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[BINARY_CROSS_ENTROPY_GRADIENT_OUT_Y];
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[BINARY_CROSS_ENTROPY_GRADIENT_IN_X], row);
    const float* target = row_of(call->in[BINARY_CROSS_ENTROPY_GRADIENT_IN_TARGET], row);
    const float gradient = *row_of(call->in[BINARY_CROSS_ENTROPY_GRADIENT_IN_GRADIENT], row);
    float* to = row_of(y, row);
    each_vector(y->columns, [&](int64_t c, auto part) {
      part.store(to + c, gradient * (Sigmoid::apply(part.load(x + c)) - part.load(target + c)));
    });
  });
}

}  // namespace

extern const Kernel cross_entropy_kernel = {cross_entropy_tiles, cross_entropy_run, nullptr};
extern const Kernel cross_entropy_gradient_kernel = {cross_entropy_gradient_tiles, cross_entropy_gradient_run, nullptr};
extern const Kernel binary_cross_entropy_kernel = {binary_cross_entropy_tiles, binary_cross_entropy_run, nullptr};
extern const Kernel binary_cross_entropy_gradient_kernel = {binary_cross_entropy_gradient_tiles, binary_cross_entropy_gradient_run, nullptr};

}  // namespace cloze::CLOZE_ISA
