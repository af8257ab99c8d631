// Numbers left out at random. Which ones: src/backends/random.ts, in the same 32-bit integers.
#include "columns.h"
#include "kernels.h"

namespace cloze::CLOZE_ISA {

namespace {

template <class Bits>
CLOZE_INLINE Bits mix(Bits x) {
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16);
}

// The random numbers of one seed.
struct Randoms {
  uint32_t mixed;
  uint32_t added;

  explicit Randoms(uint32_t seed) : mixed(mix(seed)), added(seed * 0x85ebca6bu) {}
  CLOZE_INLINE vu bits(vu counter) const { return mix(mix((counter * 0x9e3779b1u) ^ mixed) + added); }
};

// A number is kept whose random bits are at least this: its random share of 1 is at least the rate.
uint32_t least_kept(float rate) {
  const double exact = static_cast<double>(rate) * 4294967296.0;
  const uint32_t whole = exact >= 4294967295.0 ? 0xffffffffu : static_cast<uint32_t>(exact);
  return whole < exact ? whole + 1 : whole;
}

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[DROPOUT_OUT_Y];
  return tiles_of_rows(y->rows, y->columns);
}

void run(const Call* call, int32_t tile, char*) {
  const Tensor* y = call->out[DROPOUT_OUT_Y];
  const float rate = call->floats[DROPOUT_FLOAT_RATE], scale = 1.0f / (1.0f - rate);
  const uint32_t stream = static_cast<uint32_t>(call->integers[DROPOUT_INT_STREAM]);
  const Randoms randoms(static_cast<uint32_t>(*integers_of(call->in[DROPOUT_IN_SEED])) + stream * 0x9e3779b1u);
  const uint32_t least = least_kept(rate);
  each_row_of_tile(y, tile, [&](int64_t row) {
    const float* x = row_of(call->in[DROPOUT_IN_X], row);
    float* to = row_of(y, row);
    const uint32_t first = static_cast<uint32_t>(row * y->columns);
    each_vector(y->columns, [&](int64_t c, auto part) {
      const vu counter = reinterpret_cast<vu>(lane_numbers()) + (first + static_cast<uint32_t>(c));
      const vi kept = randoms.bits(counter) >= least;
      part.store(to + c, choose(kept, part.load(x + c) * scale, vf{}));
    });
  });
}

}  // namespace

extern const Kernel dropout_kernel = {tiles, run, nullptr};

}  // namespace cloze::CLOZE_ISA
