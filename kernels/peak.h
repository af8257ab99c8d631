// What this machine could reach at best: the measure that speeds are shares of.
#pragma once
#include "kernel.h"
#include "thread_pool.h"

namespace cloze {

// Runs register-only multiply-adds on all threads; the number of f32 operations, 0 when there is no memory. `rounds`:
// of the kernel set's loop, eight times on each thread, so that a thread that starts late still gets its share.
double run_peak(const KernelSet* kernels, ThreadPool* pool, int64_t rounds);

}  // namespace cloze
