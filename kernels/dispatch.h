// Which instruction sets this processor runs.
#pragma once
#include "kernel.h"

namespace cloze {

// Those that the addon has kernels for and the processor runs, best first; null after the last.
const KernelSet* const* kernel_sets();

// Features of the processor that matter here, space-separated, whether or not there are kernels for them yet.
const char* processor_features();

}  // namespace cloze
