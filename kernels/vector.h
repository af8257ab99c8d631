// A vector of floats as wide as the instruction set offers, and what the kernels do with one.
//
// Every multiply-add that may fuse is written as multiply_add: where the instruction set has a fused one it is always
// used, elsewhere never. The compiler is left no choice (-ffp-contract=off), so an element gets the same bits whichever
// of a template's instances computes it.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__x86_64__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX2__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

#define CLOZE_INLINE inline __attribute__((always_inline))
// What the end of a row needs: called there, as a module that is sent over the network should be small.
#if defined(__wasm__)
#define CLOZE_TAIL inline __attribute__((noinline))
#else
#define CLOZE_TAIL CLOZE_INLINE
#endif

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef float vf_anywhere __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

CLOZE_INLINE vf splat(float x) { return x - vf{}; }
CLOZE_INLINE vf load(const float* from) { return *reinterpret_cast<const vf_anywhere*>(from); }
CLOZE_INLINE void store(float* to, vf x) { *reinterpret_cast<vf_anywhere*>(to) = x; }

// A vector that fills a line of the cache can be written without reading the line first, and without keeping it.
CLOZE_INLINE bool can_store_past_caches(const void* to) {
#if defined(__AVX512F__)
  return reinterpret_cast<uintptr_t>(to) % sizeof(vf) == 0;
#else
  (void)to;
  return false;
#endif
}
CLOZE_INLINE void store_past_caches(float* to, vf x) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, x);
#else
  store(to, x);
#endif
}
// Before another thread may read what was written so.
CLOZE_INLINE void end_past_caches() {
#if defined(__AVX512F__)
  _mm_sfence();
#endif
}

// One number in every lane, read from memory: a single instruction on every set.
CLOZE_INLINE vf load_splat(const float* from) {
#if defined(__wasm__)
  int32_t bits;
  __builtin_memcpy(&bits, from, 4);
  return reinterpret_cast<vf>(vi{bits, bits, bits, bits});
#else
  return splat(*from);
#endif
}

#if defined(__wasm__)
template <float X>
inline float stored_number = X;  // not const, or the compiler would write the number again
#endif

// A number of a formula in every lane. WebAssembly reads it from memory: 10 bytes of code and one instruction, where a vector of
// constants is 18 bytes and three.
template <float X>
CLOZE_INLINE vf splat() {
#if defined(__wasm__)
  return load_splat(&stored_number<X>);
#else
  return splat(X);
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// Eight lanes of ones from here: the first 8 - i of FIRST_LANES + i are set.
alignas(64) constexpr int32_t FIRST_LANES[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
CLOZE_INLINE __m256i first_lanes(int count) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(FIRST_LANES + LANES - count));
}
#endif

// The first 0 <= count <= LANES numbers, zeros after them; memory beyond is not touched.
CLOZE_TAIL vf load_first(const float* from, int count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(from, first_lanes(count));
#else
  vf x = {};
  if (count >= 4) return load(from);
  if (count > 0) x[0] = from[0];
  if (count > 1) x[1] = from[1];
  if (count > 2) x[2] = from[2];
  return x;
#endif
}

CLOZE_TAIL void store_first(float* to, vf x, int count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), x);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, first_lanes(count), x);
#else
  if (count >= 4) return store(to, x);
  if (count > 0) to[0] = x[0];
  if (count > 1) to[1] = x[1];
  if (count > 2) to[2] = x[2];
#endif
}

// a * b + c
CLOZE_INLINE vf multiply_add(vf a, vf b, vf c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f32(c, a, b);
#elif defined(__wasm_relaxed_simd__)
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return a * b + c;
#endif
}

// The larger of two, lane by lane; b where either is NaN, except on NEON, which gives NaN.
CLOZE_INLINE vf larger(vf a, vf b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xffff, a, b);  // GCC 12 warns of the plain form
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#elif defined(__x86_64__)
  return _mm_max_ps(a, b);
#elif defined(__aarch64__)
  return vmaxq_f32(a, b);
#else
  return __builtin_wasm_pmax_f32x4(b, a);
#endif
}

// The smaller of two; NaN as in `larger`.
CLOZE_INLINE vf smaller(vf a, vf b) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xffff, a, b);
#elif defined(__AVX2__)
  return _mm256_min_ps(a, b);
#elif defined(__x86_64__)
  return _mm_min_ps(a, b);
#elif defined(__aarch64__)
  return vminq_f32(a, b);
#else
  return __builtin_wasm_pmin_f32x4(b, a);
#endif
}

CLOZE_INLINE vf square_roots(vf x) {
#if defined(__AVX512F__)
  return _mm512_maskz_sqrt_ps(0xffff, x);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#elif defined(__x86_64__)
  return _mm_sqrt_ps(x);
#elif defined(__aarch64__)
  return vsqrtq_f32(x);
#else
  return __builtin_wasm_sqrt_f32x4(x);
#endif
}

CLOZE_INLINE vf magnitude(vf x) { return reinterpret_cast<vf>(reinterpret_cast<vi>(x) & 0x7fffffff); }

// The magnitude of one with the sign of the other.
CLOZE_INLINE vf with_sign(vf size, vf sign) {
  const vi bit = reinterpret_cast<vi>(sign) & static_cast<int32_t>(0x80000000);
  return reinterpret_cast<vf>((reinterpret_cast<vi>(size) & 0x7fffffff) | bit);
}

// where ? a : b, by lanes of all ones or all zeros, as comparisons of vectors give them.
CLOZE_INLINE vf choose(vi where, vf a, vf b) {
  return reinterpret_cast<vf>((where & reinterpret_cast<vi>(a)) | (~where & reinterpret_cast<vi>(b)));
}

// 0, 1, 2 ... LANES - 1
CLOZE_INLINE vi lane_numbers() {
#if defined(__AVX512F__)
  return vi{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif defined(__AVX2__)
  return vi{0, 1, 2, 3, 4, 5, 6, 7};
#else
  return vi{0, 1, 2, 3};
#endif
}

typedef float v4 __attribute__((vector_size(16)));

CLOZE_INLINE float sum_of_lanes(vf x) {
#if defined(__AVX512F__)
  const __m256 halves = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
#elif defined(__AVX2__)
  const __m256 halves = x;
#endif
#if defined(__AVX2__)
  const v4 four = __builtin_shufflevector(halves, halves, 0, 1, 2, 3) + __builtin_shufflevector(halves, halves, 4, 5, 6, 7);
#else
  const v4 four = x;
#endif
  return (four[0] + four[2]) + (four[1] + four[3]);
}

CLOZE_INLINE float largest_lane(vf x) {
  float largest = x[0];
  for (int i = 1; i < LANES; i++) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

}  // namespace cloze::CLOZE_ISA
