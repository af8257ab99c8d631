// y = gradient * activation'(x). Sigmoids come with 1 minus themselves, of which subtraction would leave no digits.
#include "activation.h"
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

struct SigmoidPair {
  vf up;
  vf down;  // 1 - up
};

// Of |x| beyond 80 one of them is as good as 0; there e^80 is still a number.
CLOZE_INLINE vf bounded(vf x) { return smaller(splat<80.0f>(), larger(splat<-80.0f>(), x)); }

CLOZE_INLINE SigmoidPair sigmoids(vf x) {
  const vf power = exponential(-bounded(x));
  const vf up = 1.0f / (1.0f + power);
  return {up, power * up};
}

// The derivative of x * sigmoid(u(x)), u' x = slope.
CLOZE_INLINE vf gated_slope(const SigmoidPair& s, vf slope) { return s.up * multiply_add(slope, s.down, splat<1.0f>()); }

CLOZE_INLINE vf derivative_of(NoActivation, vf) { return splat<1.0f>(); }
CLOZE_INLINE vf derivative_of(Relu, vf x) { return choose(x > 0.0f, splat<1.0f>(), vf{}); }
CLOZE_INLINE vf derivative_of(ReluSquared, vf x) { return 2.0f * larger(vf{}, x); }

CLOZE_INLINE vf derivative_of(Sigmoid, vf x) {
  const SigmoidPair s = sigmoids(x);
  return s.up * s.down;
}

CLOZE_INLINE vf derivative_of(Silu, vf x) { return gated_slope(sigmoids(x), bounded(x)); }

CLOZE_INLINE vf derivative_of(QuickGelu, vf x) {
  const vf u = bounded(x * 1.702f);
  return gated_slope(sigmoids(u), u);
}

CLOZE_INLINE vf derivative_of(Tanh, vf x) {
  const SigmoidPair s = sigmoids(2.0f * x);
  return 4.0f * s.up * s.down;
}

// x sigmoid(u), u = 2 sqrt(2 / pi) (x + 0.044715 x^3); beyond 16 it is x or 0.
CLOZE_INLINE vf derivative_of(GeluNew, vf x) {
  x = smaller(splat<16.0f>(), larger(splat<-16.0f>(), x));
  const vf square = x * x;
  constexpr float FACTOR = 2 * 0.7978845608028654f;
  const vf u = x * multiply_add(square, splat(FACTOR * 0.044715f), splat(FACTOR));
  const vf slope = x * multiply_add(square, splat(3 * FACTOR * 0.044715f), splat(FACTOR));
  return gated_slope(sigmoids(u), slope);
}

// P(X <= x) + x density(x) of the normal distribution. P(X <= -t) = 2^Q(t), Q the polynomial that errs least after that,
// by 8e-9 for 0 <= t <= 6.
CLOZE_INLINE vf derivative_of(Gelu, vf x) {
  const vf size = smaller(splat<6.0f>(), magnitude(x));
  vf q = splat<-2.7721907490595148e-6f>();
  q = multiply_add(q, size, splat<3.862219111657541e-5f>());
  q = multiply_add(q, size, splat<-1.8255339305025566e-4f>());
  q = multiply_add(q, size, splat<-1.4585844887212118e-4f>());
  q = multiply_add(q, size, splat<7.075459176182419e-3f>());
  q = multiply_add(q, size, splat<-5.2505021591381124e-2f>());
  q = multiply_add(q, size, splat<-4.592049091563057e-1f>());
  q = multiply_add(q, size, splat<-1.1511057233362745f>());
  q = multiply_add(q, size, splat<-0.9999999782859135f>());
  const vf tail = exponential2(q);
  const vf density = 0.3989422804014327f * exponential2(size * size * (-0.5f * LOG2_E));
  const vf below = multiply_add(-size, density, tail);
  return choose(x > 0.0f, 1.0f - below, below);
}

template <class Activation>
struct Derivative {
  CLOZE_INLINE static vf apply(vf x) { return derivative_of(Activation{}, x); }
};

// Calls `use` with the derivative of the function that a word of the op table names.
template <class Use>
CLOZE_INLINE void with_derivative(int32_t word, Use use) {
#if defined(__wasm__)
  CalledFunction called;
  with_each_activation(word, [&](auto activation) { called.function = apply_activation<Derivative<decltype(activation)>>; });
  use(called);
#else
  with_each_activation(word, [&](auto activation) { use(Derivative<decltype(activation)>{}); });
#endif
}

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[ACTIVATION_GRADIENT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[ACTIVATION_GRADIENT_OUT_Y];
  with_derivative(call->integers[ACTIVATION_GRADIENT_INT_ACTIVATION], [&](auto derivative) {
    each_row_of_tile(y, tile, [&](int64_t row) {
      const float* x = row_of(call->in[ACTIVATION_GRADIENT_IN_X], row);
      const float* gradient = row_of(call->in[ACTIVATION_GRADIENT_IN_GRADIENT], row);
      float* to = row_of(y, row);
      each_vector(y->columns, [&](int64_t c, auto part) {
        part.store(to + c, part.load(gradient + c) * derivative.apply(part.load(x + c)));
      });
    });
  });
}

}  // namespace

extern const Kernel activation_gradient_kernel = {tiles, run, nullptr};

}  // namespace cloze::CLOZE_ISA
