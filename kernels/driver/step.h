// One step, as the interpreter would hand it to a kernel: for the check and the bench.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

#include "../kernel.h"
#include "../narrow_weight.h"
#include "opcodes.h"

namespace cloze {

#if defined(__x86_64__)
namespace sse2 { extern const KernelSet kernel_set; }
namespace avx2 { extern const KernelSet kernel_set, vnni_kernel_set; }
namespace avx512 { extern const KernelSet kernel_set, vnni_kernel_set, vnni_bf16_kernel_set, amx_kernel_set; }

inline std::vector<const KernelSet*> available_sets() {
  std::vector<const KernelSet*> sets = {&sse2::kernel_set};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&avx2::kernel_set);
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) sets.push_back(&avx512::kernel_set);
  if (__builtin_cpu_supports("avx512vnni")) sets.push_back(&avx512::vnni_kernel_set);
  if (__builtin_cpu_supports("avx512bf16")) sets.push_back(&avx512::vnni_bf16_kernel_set);
  // ARCH_REQ_XCOMP_PERM for the tile registers, as dispatch.cc
  if (syscall(SYS_arch_prctl, 0x1023, 18) == 0) sets.push_back(&avx512::amx_kernel_set);
  return sets;
}
#else
namespace neon { extern const KernelSet kernel_set; }

inline std::vector<const KernelSet*> available_sets() { return {&neon::kernel_set}; }
#endif

// A matrix with memory of its own, of exactly its size, so that a sanitizer sees a step beyond it. `margin` columns
// stand on both sides of a view.
struct Matrix {
  Tensor tensor;
  std::shared_ptr<float[]> memory;
  size_t count;

  static Matrix floats(int64_t rows, int columns, int margin = 0) {
    const int stride = columns + 2 * margin;
    Matrix m;
    m.count = static_cast<size_t>(rows) * stride - (rows > 0 ? margin : 0);
    // Aligned where that costs nothing; else exactly as long as the matrix, as overruns are likelier than misalignment.
    if (m.count % 16 == 0) m.memory = std::shared_ptr<float[]>(static_cast<float*>(aligned_alloc(64, m.count * 4)), free);
    else m.memory = std::shared_ptr<float[]>(new float[m.count]);
    std::memset(m.memory.get(), 0, m.bytes());
    m.tensor = {m.memory.get() + margin, rows, columns, stride, LAYOUT_ROWS, TYPE_F32};
    return m;
  }
  size_t bytes() const { return count * sizeof(float); }
  static Matrix integers(const std::vector<int>& numbers) {
    Matrix m = floats(static_cast<int64_t>(numbers.size()), 1);
    if (!numbers.empty()) std::memcpy(m.memory.get(), numbers.data(), numbers.size() * 4);
    m.tensor.type = TYPE_I32;
    return m;
  }
  float& at(int64_t row, int64_t column) const { return static_cast<float*>(tensor.data)[row * tensor.stride + column]; }
  int integer(int64_t i) const { return static_cast<const int32_t*>(tensor.data)[i]; }

  Matrix& random(std::mt19937& generator, float size = 1) {
    std::normal_distribution<float> normal(0, size);
    for (int64_t r = 0; r < tensor.rows; r++) for (int c = 0; c < tensor.columns; c++) at(r, c) = normal(generator);
    return *this;
  }
};

struct Scratch {
  char* memory = nullptr;
  explicit Scratch(size_t bytes) : memory(static_cast<char*>(aligned_alloc(64, (bytes + 127) / 64 * 64))) { std::memset(memory, 0xff, bytes); }
  ~Scratch() { free(memory); }
};

struct StepCall {
  Call call = {};
  const Kernel* kernel;

  StepCall(const KernelSet* set, int op) : kernel(set->kernels[op]) {}
  StepCall& in(int slot, const Matrix& m) { call.in[slot] = &m.tensor; return *this; }
  StepCall& out(int slot, Matrix& m) { call.out[slot] = &m.tensor; return *this; }
  StepCall& integer(int slot, int value) { call.integers[slot] = value; return *this; }
  StepCall& number(int slot, float value) { call.floats[slot] = value; return *this; }

  size_t scratch_bytes() const { return kernel->scratch == nullptr ? 0 : kernel->scratch(&call); }
  int tiles() const { return kernel->tiles(&call); }
  size_t shared_bytes() const { return kernel->shared == nullptr ? 0 : kernel->shared(&call); }
  void run() {
    Scratch scratch(scratch_bytes()), shared(shared_bytes());
    call.shared = shared.memory;
    if (kernel->preparation != nullptr) {
      for (int tile = kernel->preparation->tiles(&call) - 1; tile >= 0; tile--) kernel->preparation->run(&call, tile, nullptr);
    }
    for (int tile = tiles() - 1; tile >= 0; tile--) kernel->run(&call, tile, scratch.memory);
  }
};

// In the memory of narrow_weight.h, packed.
inline Matrix narrowed(const KernelSet* set, const Matrix& weight, int type) {
  const Tensor& t = weight.tensor;
  const int rows = static_cast<int>(t.rows), words = words_of_row(type, t.columns);
  Matrix m = weight;
  const size_t scales = scale_bytes(type, rows);
  m.count = (scales + set->packed_bytes(rows, words)) / sizeof(float);
  m.memory = std::shared_ptr<float[]>(static_cast<float*>(aligned_alloc(64, (m.bytes() + 63) / 64 * 64)), free);
  m.tensor.data = m.memory.get();
  m.tensor.layout = LAYOUT_PACKED;
  m.tensor.type = type;
  std::vector<uint32_t> row(static_cast<size_t>(words));
  for (int r = 0; r < rows; r++) {
    const float* from = static_cast<const float*>(t.data) + static_cast<ptrdiff_t>(r) * t.stride;
    if (type == TYPE_BF16) set->narrow_bf16(row.data(), from, t.columns);
    if (type == TYPE_INT8) {
      const RowScale scale = set->narrow_int8(row.data(), from, t.columns);
      scales_of(m.tensor.data)[r] = scale.scale;
      sums_of(m.tensor.data, rows)[r] = scale.sum;
    }
    float* data = reinterpret_cast<float*>(words_of(m.tensor.data, type, rows));
    set->pack(data, rows, words, reinterpret_cast<const float*>(row.data()), r, r + 1);
  }
  return m;
}

inline Matrix packed(const KernelSet* set, const Matrix& weight) {
  const Tensor& t = weight.tensor;
  Matrix m = weight;
  m.count = set->packed_bytes(static_cast<int>(t.rows), t.columns) / sizeof(float);
  m.memory = std::shared_ptr<float[]>(static_cast<float*>(aligned_alloc(64, (m.bytes() + 63) / 64 * 64)), free);
  m.tensor.data = m.memory.get();
  m.tensor.stride = t.columns;
  m.tensor.layout = LAYOUT_PACKED;
  set->pack(m.memory.get(), static_cast<int>(t.rows), t.columns, static_cast<const float*>(t.data), 0, static_cast<int>(t.rows));
  return m;
}

}  // namespace cloze
