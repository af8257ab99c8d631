// Steps that change parameters where they lie. What they return only orders them: a 0, which the first tile writes.
#include "update.h"

namespace cloze::CLOZE_ISA {

namespace {

int32_t accumulate_tiles(const Call* call) { return update_tiles(call->in[ACCUMULATE_IN_STATE]); }

void accumulate_run(const Call* call, int32_t tile, char*) {
  each_piece(call->in[ACCUMULATE_IN_STATE], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* state = row_of(call->in[ACCUMULATE_IN_STATE], row) + from;
    const float* x = row_of(call->in[ACCUMULATE_IN_X], row) + from;
    each_vector(columns, [&](int64_t c, auto part) { part.store(state + c, part.load(state + c) + part.load(x + c)); });
  });
  if (tile == 0) *row_of(call->out[ACCUMULATE_OUT_Y], 0) = 0;
}

int32_t average_tiles(const Call* call) { return update_tiles(call->in[AVERAGE_IN_STATE]); }

void average_run(const Call* call, int32_t tile, char*) {
  const float share = *numbers_of(call->in[AVERAGE_IN_SHARE]);
  each_piece(call->in[AVERAGE_IN_STATE], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* state = row_of(call->in[AVERAGE_IN_STATE], row) + from;
    const float* x = row_of(call->in[AVERAGE_IN_X], row) + from;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf mean = part.load(state + c);
      part.store(state + c, multiply_add(part.load(x + c) - mean, splat(share), mean));
    });
  });
  if (tile == 0) *row_of(call->out[AVERAGE_OUT_Y], 0) = 0;
}

int32_t adam_w_tiles(const Call* call) { return update_tiles(call->in[ADAM_W_IN_PARAMETER]); }

void adam_w_run(const Call* call, int32_t tile, char*) {
  const UpdateSettings adam(call->in[ADAM_W_IN_SETTINGS], call->floats[ADAM_W_FLOAT_RATE_FACTOR], call->floats[ADAM_W_FLOAT_DECAY_FACTOR]);
  const float decayed = 1.0f - adam.rate * adam.decay, step = adam.rate / adam.correction1, factor2 = 1.0f / adam.correction2;
  each_piece(call->in[ADAM_W_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* parameter = row_of(call->in[ADAM_W_IN_PARAMETER], row) + from;
    float* gradient = row_of(call->in[ADAM_W_IN_GRADIENT], row) + from;
    float* first = row_of(call->in[ADAM_W_IN_FIRST], row) + from;
    float* second = row_of(call->in[ADAM_W_IN_SECOND], row) + from;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * adam.scale;
      part.store(gradient + c, vf{});
      if (!adam.is_on) return;
      const vf mean = multiply_add(part.load(first + c), splat(adam.beta1), (1.0f - adam.beta1) * slope);
      const vf square = multiply_add(part.load(second + c), splat(adam.beta2), (1.0f - adam.beta2) * slope * slope);
      part.store(first + c, mean);
      part.store(second + c, square);
      const vf update = step * mean / (square_roots(square * factor2) + adam.epsilon);
      part.store(parameter + c, multiply_add(part.load(parameter + c), splat(decayed), -update));
    });
  });
  if (tile == 0) *row_of(call->out[ADAM_W_OUT_Y], 0) = 0;
}

int32_t lion_tiles(const Call* call) { return update_tiles(call->in[LION_IN_PARAMETER]); }

void lion_run(const Call* call, int32_t tile, char*) {
  const UpdateSettings lion(call->in[LION_IN_SETTINGS], call->floats[LION_FLOAT_RATE_FACTOR], call->floats[LION_FLOAT_DECAY_FACTOR]);
  const float decayed = 1.0f - lion.rate * lion.decay;
  each_piece(call->in[LION_IN_PARAMETER], tile, [&](int64_t row, int64_t from, int64_t columns) {
    float* parameter = row_of(call->in[LION_IN_PARAMETER], row) + from;
    float* gradient = row_of(call->in[LION_IN_GRADIENT], row) + from;
    float* first = row_of(call->in[LION_IN_FIRST], row) + from;
    each_vector(columns, [&](int64_t c, auto part) {
      const vf slope = part.load(gradient + c) * lion.scale, mean = part.load(first + c);
      part.store(gradient + c, vf{});
      if (!lion.is_on) return;
      const vf direction = multiply_add(mean, splat(lion.beta1), (1.0f - lion.beta1) * slope);
      const vf step = choose(direction != 0.0f, with_sign(splat(lion.rate), direction), vf{});
      part.store(parameter + c, multiply_add(part.load(parameter + c), splat(decayed), -step));
      part.store(first + c, multiply_add(mean, splat(lion.beta2), (1.0f - lion.beta2) * slope));
    });
  });
  if (tile == 0) *row_of(call->out[LION_OUT_Y], 0) = 0;
}

}  // namespace

extern const Kernel accumulate_kernel = {accumulate_tiles, accumulate_run, nullptr};
extern const Kernel average_kernel = {average_tiles, average_run, nullptr};
extern const Kernel adam_w_kernel = {adam_w_tiles, adam_w_run, nullptr};
extern const Kernel lion_kernel = {lion_tiles, lion_run, nullptr};

}  // namespace cloze::CLOZE_ISA
