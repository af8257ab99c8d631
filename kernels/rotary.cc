// Rotates pairs of columns of each head by position * frequency, or by a table of sines and cosines. RoFormer, arXiv
// 2104.09864.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

// Adding and subtracting it rounds a double below 2^51 to a whole number.
constexpr double ROUND = 6755399441055744.0;

struct SineCosine {
  vf sine;
  vf cosine;
};

// Of angles = numbers * factor in quarter turns. Angles are reduced in double: positions times frequencies reach
// thousands of turns, after which a float would leave three digits.
CLOZE_INLINE SineCosine sine_cosine(vf numbers, double factor) {
  float rest[LANES], number[LANES];
  int32_t quarters[LANES];
  store(number, numbers);
  for (int i = 0; i < LANES; i++) {
    const double angle = number[i] * factor;
    const double whole = (angle + ROUND) - ROUND;
    rest[i] = static_cast<float>(angle - whole);
    quarters[i] = static_cast<int32_t>(whole - ((whole * 0.25 + ROUND) - ROUND) * 4.0);
  }
  vi quarter;
  __builtin_memcpy(&quarter, quarters, sizeof quarter);
  const vf x = load(rest) * 1.5707963267948966f;  // within an eighth of a turn
  const vf square = x * x;
  // Minimax polynomials, to 3e-9 and 5e-11 before rounding.
  vf s = splat(-1.9504021e-4f);
  s = multiply_add(s, square, splat(8.332037e-3f));
  s = multiply_add(s, square, splat(-1.6666651e-1f));
  s = multiply_add(s * square, x, x);
  vf c = splat(2.437938e-5f);
  c = multiply_add(c, square, splat(-1.388662e-3f));
  c = multiply_add(c, square, splat(4.1666617e-2f));
  c = multiply_add(c, square, splat(-0.5f));
  c = multiply_add(c, square, splat(1.0f));
  const vi swapped = (quarter & 1) != 0;
  const vf sine = choose(swapped, c, s), cosine = choose(swapped, s, c);
  return {choose((quarter & 2) != 0, -sine, sine), choose(((quarter + 1) & 2) != 0, -cosine, cosine)};
}

struct Rotation {
  const Tensor* x;
  const Tensor* y;
  const Tensor* frequencies;  // null where there is a table
  const Tensor* table;        // [positions, 2 * pairs]: sines, then cosines
  int64_t heads;
  bool interleaved;
  float scale;
  float sine_scale;  // negative where it turns the other way

  explicit Rotation(const Call* call)
      : x(call->in[ROTARY_IN_X]),
        y(call->out[ROTARY_OUT_Y]),
        frequencies(call->in[ROTARY_IN_FREQUENCIES]),
        table(call->in[ROTARY_IN_TABLE]),
        heads(call->integers[ROTARY_INT_HEADS]),
        interleaved(call->integers[ROTARY_INT_INTERLEAVED] != 0),
        scale(call->floats[ROTARY_FLOAT_SCALE]),
        sine_scale(call->integers[ROTARY_INT_INVERSE] != 0 ? -scale : scale) {}

  int64_t pairs() const { return table != nullptr ? table->columns / 2 : count_of(frequencies); }
  int64_t size() const { return x->columns / heads; }
};

// cosines[pairs], sines[pairs] of one position; of interleaved pairs [2 * pairs], with the sign that each column needs.
void fill_angles(const Rotation& r, int32_t position, float* cosines, float* sines) {
  const double quarters = position * (2 / 3.14159265358979323846);
  const float* known = r.table != nullptr ? row_of(r.table, position) : nullptr;
  each_vector(r.pairs(), [&](int64_t c, auto part) {
    const SineCosine both = known != nullptr ? SineCosine{part.load(known + c), part.load(known + r.pairs() + c)}
                                             : sine_cosine(part.load(numbers_of(r.frequencies) + c), quarters);
    part.store(cosines + c, both.cosine * r.scale);
    part.store(sines + c, both.sine * r.sine_scale);
  });
  if (!r.interleaved) return;
  for (int64_t pair = r.pairs() - 1; pair >= 0; pair--) {
    cosines[2 * pair + 1] = cosines[2 * pair] = cosines[pair];
    sines[2 * pair + 1] = sines[pair];
    sines[2 * pair] = -sines[2 * pair + 1];
  }
}

void rotate_halves(const Rotation& r, const float* x, float* y, const float* cosines, const float* sines) {
  const int64_t pairs = r.pairs();
  each_vector(pairs, [&](int64_t c, auto part) {
    const vf first = part.load(x + c), second = part.load(x + pairs + c);
    const vf cosine = part.load(cosines + c), sine = part.load(sines + c);
    part.store(y + c, multiply_add(first, cosine, -(second * sine)));
    part.store(y + pairs + c, multiply_add(second, cosine, first * sine));
  });
}

CLOZE_INLINE vf swap_neighbours(vf x) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
#elif defined(__AVX2__)
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
#else
  return __builtin_shufflevector(x, x, 1, 0, 3, 2);
#endif
}

void rotate_neighbours(const Rotation& r, const float* x, float* y, const float* cosines, const float* sines) {
  each_vector(2 * r.pairs(), [&](int64_t c, auto part) {
    const vf number = part.load(x + c);
    part.store(y + c, multiply_add(number, part.load(cosines + c), swap_neighbours(number) * part.load(sines + c)));
  });
}

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[ROTARY_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

size_t scratch(const Call* call) { return static_cast<size_t>(4 * Rotation(call).pairs()) * sizeof(float); }

void run(const Call* call, int32_t tile, char* scratch) {
  const Rotation r(call);
  const int32_t* positions = integers_of(call->in[ROTARY_IN_POSITIONS]);
  float* cosines = reinterpret_cast<float*>(scratch);
  float* sines = cosines + 2 * r.pairs();
  each_row_of_tile(r.y, tile, [&](int64_t row) {
    fill_angles(r, positions[row], cosines, sines);
    for (int64_t head = 0; head < r.heads; head++) {
      const float* x = row_of(r.x, row) + head * r.size();
      float* y = row_of(r.y, row) + head * r.size();
      if (r.interleaved) rotate_neighbours(r, x, y, cosines, sines);
      else rotate_halves(r, x, y, cosines, sines);
      for (int64_t c = 2 * r.pairs(); c < r.size(); c++) y[c] = x[c];
    }
  });
}

}  // namespace

extern const Kernel rotary_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
