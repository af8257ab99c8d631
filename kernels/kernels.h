// Every operation of the op table, one kernel each.
#pragma once
#include "kernel.h"
#include "opcodes.h"

namespace cloze::CLOZE_ISA {

extern const Kernel linear_kernel;
#if defined(__AVX2__)
extern const Kernel linear_vnni_kernel;  // where the processor has VNNI
extern const Kernel matmul_vnni_kernel;
#endif
#if defined(__AVX512F__)
extern const Kernel linear_vnni_bf16_kernel;  // and AVX512_BF16
extern const Kernel matmul_vnni_bf16_kernel;
extern const Kernel linear_amx_kernel;  // and AMX
extern const Kernel matmul_amx_kernel;
extern const Kernel attention_amx_kernel;
#endif
extern const Kernel matmul_kernel;
extern const Kernel embedding_kernel;
extern const Kernel embedding_sum_kernel;
extern const Kernel add_kernel;
extern const Kernel multiply_kernel;
extern const Kernel affine_kernel;
extern const Kernel activation_kernel;
extern const Kernel gated_unit_kernel;
extern const Kernel layer_norm_kernel;
extern const Kernel rms_norm_kernel;
extern const Kernel rotary_kernel;
extern const Kernel attention_kernel;
extern const Kernel attention_scores_kernel;
extern const Kernel attention_softmax_kernel;
extern const Kernel attention_mix_kernel;
extern const Kernel pool_kernel;
extern const Kernel normalize_kernel;
extern const Kernel gather_rows_kernel;
extern const Kernel softmax_kernel;
extern const Kernel log_softmax_kernel;
extern const Kernel concat_kernel;
extern const Kernel slice_kernel;
extern const Kernel shift_rows_kernel;
extern const Kernel fourier_kernel;
extern const Kernel scatter_rows_kernel;
extern const Kernel sum_rows_kernel;
extern const Kernel pad_columns_kernel;
extern const Kernel activation_gradient_kernel;
extern const Kernel layer_norm_gradient_kernel;
extern const Kernel rms_norm_gradient_kernel;
extern const Kernel normalize_gradient_kernel;
extern const Kernel softmax_gradient_kernel;
extern const Kernel log_softmax_gradient_kernel;
extern const Kernel pool_gradient_kernel;
extern const Kernel attention_softmax_gradient_kernel;
extern const Kernel relative_bias_gradient_kernel;
extern const Kernel disentangled_gradient_kernel;
extern const Kernel dropout_kernel;
extern const Kernel cross_entropy_kernel;
extern const Kernel cross_entropy_gradient_kernel;
extern const Kernel binary_cross_entropy_kernel;
extern const Kernel binary_cross_entropy_gradient_kernel;
extern const Kernel row_squares_kernel;
extern const Kernel accumulate_kernel;
extern const Kernel average_kernel;
extern const Kernel adam_w_kernel;
extern const Kernel stable_adam_w_kernel;
extern const Kernel lion_kernel;
extern const Kernel adafactor_kernel;

}  // namespace cloze::CLOZE_ISA
