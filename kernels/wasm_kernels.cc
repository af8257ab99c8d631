// The kernels of this module. In a file of its own, so that all else is compiled once for simd and relaxed.
#include "kernel.h"

namespace cloze {

namespace CLOZE_ISA { extern const KernelSet kernel_set; }

extern const KernelSet* const kernels;
const KernelSet* const kernels = &CLOZE_ISA::kernel_set;

}  // namespace cloze
