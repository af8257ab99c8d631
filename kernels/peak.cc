#include "peak.h"

#include "host.h"

namespace cloze {

namespace {
struct PeakCall : Call {
  const KernelSet* kernels;
  int64_t rounds;
  double* operations;  // by tile
};

void run_tile(const Call* call, int32_t tile, char*) {
  const PeakCall* peak = static_cast<const PeakCall*>(call);
  peak->operations[tile] = peak->kernels->peak_f32(peak->rounds);
}
}  // namespace

double run_peak(const KernelSet* kernels, ThreadPool* pool, int64_t rounds) {
  const int32_t tiles = 8 * pool->threads();
  PeakCall call = {};
  call.kernels = kernels;
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

}  // namespace cloze
