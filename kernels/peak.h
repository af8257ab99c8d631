// What this machine could reach at best: the measure that speeds are shares of.
#pragma once
#include "kernel.h"
#include "thread_pool.h"

namespace cloze {

// Operations in registers on numbers of one kind, or bytes read. The words are `limits` of src/backends/native/addon.ts.
enum { LIMIT_F32 = 0, LIMIT_BF16 = 1, LIMIT_INT8 = 2, LIMIT_MEMORY = 3 };

// Runs register-only multiply-adds on all threads; the number of operations, 0 when there is no memory. `rounds`: of the
// kernel set's loop, eight times on each thread, so that a thread that starts late still gets its share.
double run_peak(const KernelSet* kernels, ThreadPool* pool, int32_t limit, int64_t rounds);

// Reads `bytes` on all threads, `rounds` times over; how many bytes that were.
double run_reading(const KernelSet* kernels, ThreadPool* pool, const char* memory, size_t bytes, int64_t rounds);

}  // namespace cloze
