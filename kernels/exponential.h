// Exponentials of a vector, to about 1e-7 relative. NaN stays NaN; what is too small becomes 0, too large infinity.
#pragma once
#include "vector.h"

namespace cloze::CLOZE_ISA {

constexpr float LOG2_E = 1.44269504088896341f;

// fraction^2 in [-1/2, 1/2], times 2^whole. Minimax polynomial of degree 6, 2e-9 relative before rounding.
CLOZE_INLINE vf two_to_the(vf fraction, vi exponent_bits) {
  vf p = splat<1.53458115931887e-4f>();
  p = multiply_add(p, fraction, splat<1.33999312160364e-3f>());
  p = multiply_add(p, fraction, splat<9.61848895863824e-3f>());
  p = multiply_add(p, fraction, splat<5.55032877697501e-2f>());
  p = multiply_add(p, fraction, splat<2.40226468906200e-1f>());
  p = multiply_add(p, fraction, splat<6.93147205737241e-1f>());
  p = multiply_add(p, fraction, splat<1.0f>());
  return p * reinterpret_cast<vf>(exponent_bits);
}

// Adding 1.5 * 2^23 leaves no room for a fraction: it rounds to a whole number, which then stands in the low bits. With
// 127 more, those bits are a float's exponent once shifted to their place.
constexpr float ROUND_TO_EXPONENT = 12582912.0f + 127.0f;

// 2^x for x <= 0, with one multiply-add less: 8e-8 relative before rounding: attention and
// gelu spend their time here.
CLOZE_INLINE vf exponential2(vf x) {
#if defined(__AVX512F__)
  const vf fraction = _mm512_maskz_reduce_ps(0xffff, x, 0x08);  // less the nearest whole number
#else
  x = larger(splat<-127.0f>(), x);
  const vf rounded = x + ROUND_TO_EXPONENT;
  const vf fraction = x - (rounded - ROUND_TO_EXPONENT);
#endif
  vf p = splat<1.32764098892754e-3f>();
  p = multiply_add(p, fraction, splat<9.67554083736753e-3f>());
  p = multiply_add(p, fraction, splat<5.55071346559332e-2f>());
  p = multiply_add(p, fraction, splat<2.40221197362150e-1f>());
  p = multiply_add(p, fraction, splat<6.93146966947162e-1f>());
  p = multiply_add(p, fraction, splat<1.0f>());
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xffff, p, x - fraction);
#else
  return p * reinterpret_cast<vf>(reinterpret_cast<vi>(rounded) << 23);
#endif
}

// e^x
CLOZE_INLINE vf exponential(vf x) {
  x = smaller(splat<89.0f>(), larger(splat<-88.1f>(), x));
  const vf rounded = multiply_add(x, splat(LOG2_E), splat(ROUND_TO_EXPONENT));
  const vf whole = rounded - ROUND_TO_EXPONENT;
  // x log2(e) - whole, from x - whole ln(2) with ln(2) in two parts: exact where the product is large.
  vf rest = multiply_add(whole, splat<-0.693359375f>(), x);
  rest = multiply_add(whole, splat<2.12194440e-4f>(), rest);
  return two_to_the(rest * LOG2_E, reinterpret_cast<vi>(rounded) << 23);
}

// The natural logarithm of a positive number, in double: for the few that are needed once a row.
inline double logarithm(double x) {
  if (!(x > 0) || x > 1.7e308) return x > 0 ? x : (x == 0 ? -__builtin_inf() : __builtin_nan(""));
  int64_t bits;
  __builtin_memcpy(&bits, &x, 8);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffLL) | 0x3ff0000000000000LL;
  double mantissa;
  __builtin_memcpy(&mantissa, &bits, 8);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent++;
  }
  const double ratio = (mantissa - 1) / (mantissa + 1);  // log(m) = 2 atanh(ratio), |ratio| < 0.172
  const double square = ratio * ratio;
  double series = 0;
  for (int n = 17; n >= 1; n -= 2) series = series * square + 1.0 / n;
  return exponent * 0.69314718055994530942 + 2 * ratio * series;
}

}  // namespace cloze::CLOZE_ISA
