#include "peak.h"

#include "host.h"

namespace cloze {

namespace {
struct PeakCall : Call {
  double (*peak)(int64_t rounds);
  int64_t rounds;
  double* operations;  // by tile
};

void run_tile(const Call* call, int32_t tile, char*) {
  const PeakCall* peak = static_cast<const PeakCall*>(call);
  peak->operations[tile] = peak->peak(peak->rounds);
}

// Few enough numbers that threads end together.
const size_t READ_BYTES = 1 << 20;

struct ReadCall : Call {
  const KernelSet* kernels;
  const char* memory;
};

void read_tile(const Call* call, int32_t tile, char*) {
  const ReadCall* reading = static_cast<const ReadCall*>(call);
  const float* from = reinterpret_cast<const float*>(reading->memory + static_cast<size_t>(tile) * READ_BYTES);
  reading->kernels->read(from, READ_BYTES / sizeof(float));
}
}  // namespace

double run_peak(const KernelSet* kernels, ThreadPool* pool, int32_t limit, int64_t rounds) {
  const int32_t tiles = 8 * pool->threads();
  PeakCall call = {};
  call.peak = limit == LIMIT_BF16 ? kernels->peak_bf16 : limit == LIMIT_INT8 ? kernels->peak_int8 : kernels->peak_f32;
  call.rounds = rounds;
  call.operations = static_cast<double*>(allocate(sizeof(double) * static_cast<size_t>(tiles)));
  if (call.operations == nullptr) return 0;
  const Kernel kernel = {nullptr, run_tile, nullptr};
  pool->run(&kernel, &call, tiles);
  double operations = 0;
  for (int32_t tile = 0; tile < tiles; tile++) operations += call.operations[tile];
  release(call.operations);
  return operations;
}

double run_reading(const KernelSet* kernels, ThreadPool* pool, const char* memory, size_t bytes, int64_t rounds) {
  ReadCall call = {};
  call.kernels = kernels;
  call.memory = memory;
  const int32_t tiles = static_cast<int32_t>(bytes / READ_BYTES);
  const Kernel kernel = {nullptr, read_tile, nullptr};
  for (int64_t round = 0; round < rounds; round++) pool->run(&kernel, &call, tiles);
  return static_cast<double>(READ_BYTES) * tiles * static_cast<double>(rounds);
}

}  // namespace cloze
