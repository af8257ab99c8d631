#include "multiply_words.h"

namespace cloze::CLOZE_ISA {

namespace {

typedef uint32_t vu __attribute__((vector_size(LANES * 4)));

CLOZE_INLINE vi load_words(const float* from) { return reinterpret_cast<vi>(load(from)); }

CLOZE_INLINE vi load_word_splat(const float* from) { return reinterpret_cast<vi>(load_splat(from)); }

// Sums keep the type that the instruction gives them: where they change it, GCC 12 spills every one.
typedef int32_t vi_anywhere __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
CLOZE_INLINE void load_sum(vf& sum, const float* from) { sum = load(from); }
CLOZE_INLINE void load_sum(vi& sum, const float* from) { sum = *reinterpret_cast<const vi_anywhere*>(from); }
CLOZE_INLINE void store_sum(float* to, vf sum) { store(to, sum); }
CLOZE_INLINE void store_sum(float* to, vi sum) { *reinterpret_cast<vi_anywhere*>(to) = sum; }
CLOZE_INLINE vi bits_of(vf sum) { return reinterpret_cast<vi>(sum); }
CLOZE_INLINE vi bits_of(vi sum) { return sum; }

#if !defined(__wasm_relaxed_simd__)
// a[0] * b[0] + a[1] * b[1] of the 16-bit halves of each lane, added to `sum`.
CLOZE_INLINE vi multiply_halves(vi a, vi b, vi sum) {
#if defined(__AVX512F__)
  return sum + reinterpret_cast<vi>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return sum + reinterpret_cast<vi>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__x86_64__)
  return sum + reinterpret_cast<vi>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#elif defined(__wasm__)
  typedef int16_t v8 __attribute__((vector_size(16)));
  return sum + __builtin_wasm_dot_s_i32x4_i16x8(reinterpret_cast<v8>(a), reinterpret_cast<v8>(b));
#else
  return sum + (a >> 16) * (b >> 16) + ((a << 16) >> 16) * ((b << 16) >> 16);
#endif
}
#endif

// Each form says what it keeps of a vector of the weight (`Right`), of a word of x (`Left`), and how the two are added.
// `TURNS` is how many a word takes, each made for the whole tile before the next; `OPERATIONS` what one turn does in a lane.
struct WidenedBf16 {
  using Sum = vf;
  static constexpr RowForm FORM = ROWS_F32;
  static constexpr int TURNS = 2, OPERATIONS = 2;
  static CLOZE_INLINE vi right(vi words, int turn) {
    return turn == 0 ? words << 16 : words & static_cast<int32_t>(0xffff0000);
  }
  static CLOZE_INLINE vf add(vi left, vi right, vf sum) {
    return multiply_add(reinterpret_cast<vf>(left), reinterpret_cast<vf>(right), sum);
  }
};

#if defined(__wasm_relaxed_simd__)
// Four products of bytes a lane. Engines agree where one side has 7 bits, which is why rows of x come in two parts.
struct NarrowedInt8 {
  using Sum = vi;
  static constexpr RowForm FORM = ROWS_UINT7;
  static constexpr int TURNS = 2, OPERATIONS = 4;
  static CLOZE_INLINE vi right(vi words, int) { return words; }
  static CLOZE_INLINE vi add(vi left, vi right, vi sum) {
    typedef int8_t v16 __attribute__((vector_size(16)));
    return __builtin_wasm_relaxed_dot_i8x16_i7x16_add_s_i32x4(reinterpret_cast<v16>(right), reinterpret_cast<v16>(left), sum);
  }
};
#else
struct NarrowedInt8 {
  using Sum = vi;
  static constexpr RowForm FORM = ROWS_INT16;
  static constexpr int TURNS = 2, OPERATIONS = 4;
  // The bytes of each half: the even ones first, sign and all.
  static CLOZE_INLINE vi right(vi words, int turn) {
    typedef int16_t halves __attribute__((vector_size(LANES * 4)));
    const halves pairs = reinterpret_cast<halves>(words);
    return reinterpret_cast<vi>(turn == 0 ? (pairs << 8) >> 8 : pairs >> 8);
  }
  static CLOZE_INLINE vi add(vi left, vi right, vi sum) { return multiply_halves(left, right, sum); }
};
#endif

// The body of every tile; a macro, as functions for other instruction sets must not share a template with these.
#define CLOZE_WORD_TILE                                                                                        \
  constexpr int WIDTH = V * LANES;                                                                             \
  typename Form::Sum sum[R][V];                                                                                \
  _Pragma("GCC unroll 16") for (int r = 0; r < R; r++) {                                                       \
    _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) {                                          \
      if (resume) load_sum(sum[r][v], sums + r * WIDTH + v * LANES);                                           \
      else sum[r][v] = typename Form::Sum{};                                                                   \
    }                                                                                                          \
  }                                                                                                            \
  for (const float* end = b + depth * WIDTH; b != end; b += WIDTH) {                                           \
    _Pragma("GCC unroll 2") for (int turn = 0; turn < Form::TURNS; turn++) {                                   \
      vi right[V];                                                                                             \
      _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) right[v] = Form::right(load_words(b + v * LANES), turn); \
      _Pragma("GCC unroll 16") for (int r = 0; r < R; r++) {                                                   \
        const vi left = load_word_splat(a + r * row_stride + turn);                                            \
        _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) sum[r][v] = Form::add(left, right[v], sum[r][v]);  \
      }                                                                                                        \
    }                                                                                                          \
    _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) __builtin_prefetch(ahead.at + v * sizeof(vf), 0, 2);   \
    ahead.at += ahead.step_bytes;                                                                              \
    a += Form::TURNS;                                                                                          \
  }                                                                                                            \
  _Pragma("GCC unroll 16") for (int r = 0; r < R; r++) {                                                       \
    _Pragma("GCC unroll 4") for (int v = 0; v < V; v++) store_sum(sums + r * WIDTH + v * LANES, sum[r][v]); \
  }

// The body of every peak: what a tile adds, of registers alone.
#define CLOZE_WORD_PEAK                                                                                        \
  constexpr int CHAINS = TILE_ROWS * PANEL_VECTORS < 12 ? 12 : TILE_ROWS * PANEL_VECTORS;                      \
  typename Form::Sum sums[CHAINS];                                                                             \
  for (int i = 0; i < CHAINS; i++) sums[i] = typename Form::Sum{};                                             \
  for (int i = 0; i < CHAINS; i++) sums[i][0] = i;                                                             \
  vi left = vi{} + 0x3f803f80, right = left; /* 1 in bf16 and in f32 */                                        \
  CLOZE_UNKNOWN(left, right);                                                                                  \
  for (int64_t round = 0; round < rounds; round++) {                                                           \
    _Pragma("GCC unroll 32") for (int i = 0; i < CHAINS; i++) sums[i] = Form::add(left, right, sums[i]);       \
  }                                                                                                            \
  vi total = {};                                                                                               \
  for (int i = 0; i < CHAINS; i++) total |= bits_of(sums[i]);                                                           \
  return total[0] == 0x7fffffff ? 0 : static_cast<double>(Form::OPERATIONS) * LANES * CHAINS * static_cast<double>(rounds);
#if defined(__x86_64__)
#define CLOZE_UNKNOWN(a, b) __asm__ volatile("" : "+x"(a), "+x"(b))
#else
#define CLOZE_UNKNOWN(a, b)
#endif

template <class Form>
double word_peak(int64_t rounds) {
  CLOZE_WORD_PEAK
}

template <class Form, int R, int V>
void word_tile(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums, bool resume, ptrdiff_t,
               Ahead ahead) {
  CLOZE_WORD_TILE
}

// Fills a table with TILE<Form, rows, vectors>.
#define CLOZE_WORD_TILES(NAME, TILE, PEAK)                                              \
  template <class Form, int R = TILE_ROWS, int V = PANEL_VECTORS>                       \
  constexpr void NAME(WordTiles& tiles) {                                               \
    tiles.form = Form::FORM;                                                            \
    tiles.peak = PEAK<Form>;                                                            \
    tiles.at[R - 1][V - 1] = TILE<Form, R, V>;                                          \
    if constexpr (V > 1) NAME<Form, R, V - 1>(tiles);                                   \
    else if constexpr (R > 1) NAME<Form, R - 1, PANEL_VECTORS>(tiles);                  \
  }

CLOZE_WORD_TILES(add_plain_tiles, word_tile, word_peak)

template <class Form>
constexpr WordTiles plain_tiles() {
  WordTiles tiles = {};
  add_plain_tiles<Form>(tiles);
  return tiles;
}

constexpr WordTiles widened_bf16 = plain_tiles<WidenedBf16>();
constexpr WordTiles plain_int8 = plain_tiles<NarrowedInt8>();

#if defined(__AVX2__)

#if defined(__AVX512F__)
#define CLOZE_TARGET_VNNI __attribute__((target("avx512vnni")))
#else
#define CLOZE_TARGET_VNNI __attribute__((target("avxvnni")))
#endif

struct DottedInt8 {
  using Sum = vi;
  static constexpr RowForm FORM = ROWS_UINT8;
  static constexpr int TURNS = 1, OPERATIONS = 8;
  static CLOZE_INLINE vi right(vi words, int) { return words; }
  CLOZE_TARGET_VNNI static CLOZE_INLINE vi add(vi left, vi right, vi sum) {
#if !defined(__AVX512F__)
    return reinterpret_cast<vi>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(left), reinterpret_cast<__m256i>(right)));
#elif defined(__clang__)
    return reinterpret_cast<vi>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(left), reinterpret_cast<__m512i>(right)));
#else
    return __builtin_ia32_vpdpbusd_v16si(sum, left, right);  // GCC 12 spills the sums of the plain form
#endif
  }
};

template <class Form>
CLOZE_TARGET_VNNI double vnni_peak(int64_t rounds) {
  CLOZE_WORD_PEAK
}

template <class Form, int R, int V>
CLOZE_TARGET_VNNI void vnni_tile(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                                 bool resume, ptrdiff_t, Ahead ahead) {
  CLOZE_WORD_TILE
}

CLOZE_WORD_TILES(add_vnni_tiles, vnni_tile, vnni_peak)

constexpr WordTiles vnni_tiles() {
  WordTiles tiles = {};
  add_vnni_tiles<DottedInt8>(tiles);
  return tiles;
}

constexpr WordTiles dotted_int8 = vnni_tiles();

#endif

#if defined(__AVX512F__)

#define CLOZE_TARGET_BF16 __attribute__((target("avx512bf16")))

struct DottedBf16 {
  using Sum = vf;
  static constexpr RowForm FORM = ROWS_BF16;
  static constexpr int TURNS = 1, OPERATIONS = 4;
  static CLOZE_INLINE vi right(vi words, int) { return words; }
  CLOZE_TARGET_BF16 static CLOZE_INLINE vf add(vi left, vi right, vf sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)left, (__m512bh)right);
  }
};

template <class Form>
CLOZE_TARGET_BF16 double bf16_peak(int64_t rounds) {
  CLOZE_WORD_PEAK
}

template <class Form, int R, int V>
CLOZE_TARGET_BF16 void bf16_tile(ptrdiff_t depth, const float* a, ptrdiff_t row_stride, const float* b, float* sums,
                                 bool resume, ptrdiff_t, Ahead ahead) {
  CLOZE_WORD_TILE
}

CLOZE_WORD_TILES(add_bf16_tiles, bf16_tile, bf16_peak)

constexpr WordTiles bf16_tiles() {
  WordTiles tiles = {};
  add_bf16_tiles<DottedBf16>(tiles);
  return tiles;
}

constexpr WordTiles dotted_bf16 = bf16_tiles();

constexpr WordTiles with_block(WordTiles tiles, MultiplyBlock block, double (*peak)(int64_t)) {
  tiles.block = block;
  tiles.peak = peak;
  return tiles;
}

constexpr WordTiles amx_int8 = with_block(dotted_int8, multiply_block_int8, amx_peak_int8);
constexpr WordTiles amx_bf16 = with_block(dotted_bf16, multiply_block_bf16, amx_peak_bf16);

#endif

}  // namespace

extern constexpr WordMultipliers plain_multipliers = {&widened_bf16, &plain_int8};
#if defined(__AVX512F__)
extern constexpr WordMultipliers vnni_multipliers = {&widened_bf16, &dotted_int8};
extern constexpr WordMultipliers vnni_bf16_multipliers = {&dotted_bf16, &dotted_int8};
extern constexpr WordMultipliers amx_multipliers = {&amx_bf16, &amx_int8};
#elif defined(__AVX2__)
extern constexpr WordMultipliers vnni_multipliers = {&widened_bf16, &dotted_int8};
#endif

}  // namespace cloze::CLOZE_ISA
