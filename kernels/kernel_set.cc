#include "kernels.h"
#include "measure.h"
#include "multiply_words.h"
#include "narrow.h"
#include "packing.h"
#include "widen.h"

#define CLOZE_TEXT_OF(name) #name
#define CLOZE_NAME_OF(isa) CLOZE_TEXT_OF(isa)

namespace cloze::CLOZE_ISA {

namespace {

struct Table {
  const Kernel* at[OP_COUNT];
};

// By opcode, whatever order the op table has.
constexpr Table by_opcode(const Kernel* linear, const Kernel* matmul, const Kernel* attention = &attention_kernel) {
  Table table = {};
  table.at[OP_LINEAR] = linear;
  table.at[OP_MATMUL] = matmul;
  table.at[OP_EMBEDDING] = &embedding_kernel;
  table.at[OP_EMBEDDING_SUM] = &embedding_sum_kernel;
  table.at[OP_ADD] = &add_kernel;
  table.at[OP_MULTIPLY] = &multiply_kernel;
  table.at[OP_AFFINE] = &affine_kernel;
  table.at[OP_ACTIVATION] = &activation_kernel;
  table.at[OP_GATED_UNIT] = &gated_unit_kernel;
  table.at[OP_LAYER_NORM] = &layer_norm_kernel;
  table.at[OP_RMS_NORM] = &rms_norm_kernel;
  table.at[OP_ROTARY] = &rotary_kernel;
  table.at[OP_ATTENTION] = attention;
  table.at[OP_ATTENTION_SCORES] = &attention_scores_kernel;
  table.at[OP_ATTENTION_SOFTMAX] = &attention_softmax_kernel;
  table.at[OP_ATTENTION_MIX] = &attention_mix_kernel;
  table.at[OP_POOL] = &pool_kernel;
  table.at[OP_NORMALIZE] = &normalize_kernel;
  table.at[OP_GATHER_ROWS] = &gather_rows_kernel;
  table.at[OP_SOFTMAX] = &softmax_kernel;
  table.at[OP_LOG_SOFTMAX] = &log_softmax_kernel;
  table.at[OP_CONCAT] = &concat_kernel;
  table.at[OP_SLICE] = &slice_kernel;
  table.at[OP_SHIFT_ROWS] = &shift_rows_kernel;
  table.at[OP_FOURIER] = &fourier_kernel;
  table.at[OP_SCATTER_ROWS] = &scatter_rows_kernel;
  table.at[OP_SUM_ROWS] = &sum_rows_kernel;
  table.at[OP_PAD_COLUMNS] = &pad_columns_kernel;
  table.at[OP_ACTIVATION_GRADIENT] = &activation_gradient_kernel;
  table.at[OP_LAYER_NORM_GRADIENT] = &layer_norm_gradient_kernel;
  table.at[OP_RMS_NORM_GRADIENT] = &rms_norm_gradient_kernel;
  table.at[OP_NORMALIZE_GRADIENT] = &normalize_gradient_kernel;
  table.at[OP_SOFTMAX_GRADIENT] = &softmax_gradient_kernel;
  table.at[OP_LOG_SOFTMAX_GRADIENT] = &log_softmax_gradient_kernel;
  table.at[OP_POOL_GRADIENT] = &pool_gradient_kernel;
  table.at[OP_ATTENTION_SOFTMAX_GRADIENT] = &attention_softmax_gradient_kernel;
  table.at[OP_RELATIVE_BIAS_GRADIENT] = &relative_bias_gradient_kernel;
  table.at[OP_DISENTANGLED_GRADIENT] = &disentangled_gradient_kernel;
  table.at[OP_DROPOUT] = &dropout_kernel;
  table.at[OP_CROSS_ENTROPY] = &cross_entropy_kernel;
  table.at[OP_CROSS_ENTROPY_GRADIENT] = &cross_entropy_gradient_kernel;
  table.at[OP_BINARY_CROSS_ENTROPY] = &binary_cross_entropy_kernel;
  table.at[OP_BINARY_CROSS_ENTROPY_GRADIENT] = &binary_cross_entropy_gradient_kernel;
  table.at[OP_ROW_SQUARES] = &row_squares_kernel;
  table.at[OP_ACCUMULATE] = &accumulate_kernel;
  table.at[OP_AVERAGE] = &average_kernel;
  table.at[OP_ADAM_W] = &adam_w_kernel;
  table.at[OP_STABLE_ADAM_W] = &stable_adam_w_kernel;
  table.at[OP_LION] = &lion_kernel;
  table.at[OP_ADAFACTOR] = &adafactor_kernel;
  return table;
}

constexpr bool complete(const Table& table) {
  for (const Kernel* kernel : table.at) {
    if (kernel == nullptr) return false;
  }
  return true;
}

constexpr Table table = by_opcode(&linear_kernel, &matmul_kernel);
static_assert(complete(table), "an operation of the op table has no kernel");

template <const WordMultipliers& MULTIPLIERS>
double peak_bf16(int64_t rounds) {
  return MULTIPLIERS.bf16->peak(rounds);
}

template <const WordMultipliers& MULTIPLIERS>
double peak_int8(int64_t rounds) {
  return MULTIPLIERS.int8->peak(rounds);
}

template <const WordMultipliers& MULTIPLIERS>
constexpr KernelSet set_of(const char* name, const Table& kernels) {
  return {name,         kernels.at, packed_bytes,          pack, unpack, widen_f16, widen_bf16, narrow_bf16,
          narrow_int8, peak_f32,   peak_bf16<MULTIPLIERS>, peak_int8<MULTIPLIERS>, read_memory};
}

}  // namespace

extern const KernelSet kernel_set = set_of<plain_multipliers>(CLOZE_NAME_OF(CLOZE_ISA), table);

// The same set on processors that multiply narrower numbers too: products differ.
#if defined(__AVX2__)
namespace {
constexpr Table vnni_table = by_opcode(&linear_vnni_kernel, &matmul_vnni_kernel);
}
extern const KernelSet vnni_kernel_set = set_of<vnni_multipliers>(CLOZE_NAME_OF(CLOZE_ISA) "_vnni", vnni_table);
#endif
#if defined(__AVX512F__)
namespace {
constexpr Table vnni_bf16_table = by_opcode(&linear_vnni_bf16_kernel, &matmul_vnni_bf16_kernel);
}
extern const KernelSet vnni_bf16_kernel_set = set_of<vnni_bf16_multipliers>(CLOZE_NAME_OF(CLOZE_ISA) "_bf16", vnni_bf16_table);

namespace {
constexpr Table amx_table = by_opcode(&linear_amx_kernel, &matmul_amx_kernel, &attention_amx_kernel);
}
extern const KernelSet amx_kernel_set = set_of<amx_multipliers>(CLOZE_NAME_OF(CLOZE_ISA) "_amx", amx_table);
#endif

}  // namespace cloze::CLOZE_ISA
