// Half-width numbers of checkpoints to f32. Exact; also zeros, subnormals, infinities and NaN.
#include "widen.h"

#include "vector.h"

namespace cloze::CLOZE_ISA {

namespace {

typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(LANES * 2)));

CLOZE_INLINE vh load_halves(const uint16_t* from) {
  vh halves;
  __builtin_memcpy(&halves, from, sizeof halves);
  return halves;
}

CLOZE_INLINE vf from_bf16(vh halves) { return reinterpret_cast<vf>(__builtin_convertvector(halves, vu) << 16); }

CLOZE_INLINE vf from_f16(vh halves) {
#if defined(__AVX512F__)
  return _mm512_maskz_cvtph_ps(0xffff, reinterpret_cast<__m256i>(halves));
#elif defined(__F16C__)
  return _mm256_cvtph_ps(reinterpret_cast<__m128i>(halves));
#else
  const vu bits = __builtin_convertvector(halves, vu);
  const vu size = bits & 0x7fff;
  // In place, an f16's exponent is 112 too small, which the product mends for subnormals too.
  const vf scaled = reinterpret_cast<vf>(size << 13) * 0x1p112f;
  const vi special = reinterpret_cast<vi>(size) >= 0x7c00;
  const vf infinite = reinterpret_cast<vf>((size << 13) | 0x7f800000);
  const vu sign = (bits & 0x8000) << 16;
  return reinterpret_cast<vf>(reinterpret_cast<vu>(choose(special, infinite, scaled)) | sign);
#endif
}

template <class Widen>
CLOZE_INLINE void widen(float* destination, const uint16_t* source, size_t count, Widen widen_vector) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(destination + i, widen_vector(load_halves(source + i)));
  if (i == count) return;
  uint16_t rest[LANES] = {};
  for (size_t j = i; j < count; j++) rest[j - i] = source[j];
  store_first(destination + i, widen_vector(load_halves(rest)), static_cast<int>(count - i));
}

}  // namespace

void widen_f16(float* destination, const uint16_t* source, size_t count) {
  widen(destination, source, count, [](vh halves) { return from_f16(halves); });
}

void widen_bf16(float* destination, const uint16_t* source, size_t count) {
  widen(destination, source, count, [](vh halves) { return from_bf16(halves); });
}

}  // namespace cloze::CLOZE_ISA
