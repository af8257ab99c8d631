// Pointwise functions, to a few 1e-7 of the larger of 1 and the result.
#pragma once
#include "exponential.h"
#include "opcodes.h"

namespace cloze::CLOZE_ISA {

struct NoActivation {
  CLOZE_INLINE static vf apply(vf x) { return x; }
};

struct Relu {
  CLOZE_INLINE static vf apply(vf x) { return larger(vf{}, x); }
};

struct ReluSquared {
  CLOZE_INLINE static vf apply(vf x) {
    const vf positive = larger(vf{}, x);
    return positive * positive;
  }
};

struct Sigmoid {
  CLOZE_INLINE static vf apply(vf x) { return splat<1.0f>() / (1.0f + exponential(-x)); }
};

struct Silu {
  CLOZE_INLINE static vf apply(vf x) { return x / (1.0f + exponential(-x)); }
};

struct QuickGelu {
  CLOZE_INLINE static vf apply(vf x) { return x / (1.0f + exponential(x * -1.702f)); }
};

// x / 2 (1 + tanh(u)) = x / (1 + e^(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3)
struct GeluNew {
  CLOZE_INLINE static vf apply(vf x) {
    const vf factor = multiply_add(x * x, splat(-2 * 0.7978845608028654f * 0.044715f), splat(-2 * 0.7978845608028654f));
    return x / (1.0f + exponential(x * factor));
  }
};

// x P(x^2) / Q(x^2), the best of its degrees on |x| <= 9 (2e-8 relative); beyond, tanh is 1 in f32.
struct Tanh {
  CLOZE_INLINE static vf apply(vf x) {
    const vf size = smaller(splat<9.0f>(), magnitude(x));
    const vf square = size * size;
    vf p = splat<1.3354651284002356e-8f>();
    p = multiply_add(p, square, splat<2.060907643526015e-5f>());
    p = multiply_add(p, square, splat<3.495587829730293e-3f>());
    p = multiply_add(p, square, splat<1.338102540297328e-1f>());
    p = multiply_add(p, square, splat<9.999999794434331e-1f>());
    vf q = splat<7.776554565649447e-7f>();
    q = multiply_add(q, square, splat<3.285634291357844e-4f>());
    q = multiply_add(q, square, splat<2.5876981116888482e-2f>());
    q = multiply_add(q, square, splat<4.6714340994163345e-1f>());
    q = multiply_add(q, square, splat<1.0f>());
    return with_sign(smaller(splat<1.0f>(), size * p / q), x);
  }
};

// Exact: x / 2 (1 + erf(x / sqrt(2))) = max(x, 0) - t erfc(t / sqrt(2)) / 2, t = |x|. The second term is 2^P(t), P the
// polynomial that errs least after that, by 6e-8; from t = 6 on it is as good as 0.
struct Gelu {
  CLOZE_INLINE static vf apply(vf x) {
    const vf size = smaller(splat<6.0f>(), magnitude(x));
    vf p = splat<3.280477762947504e-5f>();
    p = multiply_add(p, size, splat<-7.665512687825788e-4f>());
    p = multiply_add(p, size, splat<8.071316350948782e-3f>());
    p = multiply_add(p, size, splat<-5.339623083966533e-2f>());
    p = multiply_add(p, size, splat<-4.58784242202353e-1f>());
    p = multiply_add(p, size, splat<-1.1511966532722508f>());
    p = multiply_add(p, size, splat<-0.999993711965805f>());
    return multiply_add(-size, exponential2(p), larger(vf{}, x));
  }
};

// Calls `use` with the function that a word of the op table names.
template <class Use>
CLOZE_INLINE void with_each_activation(int32_t word, Use use) {
  switch (word) {
    case ACTIVATION_GELU: return use(Gelu{});
    case ACTIVATION_GELU_NEW: return use(GeluNew{});
    case ACTIVATION_RELU: return use(Relu{});
    case ACTIVATION_SILU: return use(Silu{});
    case ACTIVATION_TANH: return use(Tanh{});
    case ACTIVATION_SIGMOID: return use(Sigmoid{});
    case ACTIVATION_QUICK_GELU: return use(QuickGelu{});
    case ACTIVATION_RELU_SQUARED: return use(ReluSquared{});
    default: return use(NoActivation{});
  }
}

#if defined(__wasm__)
// A function that is called for each vector, not built into each loop: a module that is sent over the network should be small.
struct CalledFunction {
  vf (*function)(vf);
  CLOZE_INLINE vf apply(vf x) const { return function(x); }
};

template <class Activation>
inline vf apply_activation(vf x) { return Activation::apply(x); }

// The two that most models use stay in the loop.
template <class Use>
CLOZE_INLINE void with_activation(int32_t word, Use use) {
  if (word == ACTIVATION_NONE) return use(NoActivation{});
  if (word == ACTIVATION_GELU) return use(Gelu{});
  CalledFunction called;
  with_each_activation(word, [&](auto activation) { called.function = apply_activation<decltype(activation)>; });
  use(called);
}
#else
template <class Use>
CLOZE_INLINE void with_activation(int32_t word, Use use) { with_each_activation(word, use); }
#endif

}  // namespace cloze::CLOZE_ISA
