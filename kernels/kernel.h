// What every kernel looks like, whatever the instruction set.
//
// A kernel computes one step of a program. It says into how many tiles the step divides, and computes one tile at a
// time; tiles are independent, so the pool hands them out to whichever thread is free. The division must not change a
// single bit of the result: each output element is computed wholly inside one tile, in an order that depends only on
// the weight's shape, the instruction set and the text's own length, never on how many texts or threads there are.
//
// Kernel files are freestanding: no libc, no libstdc++, no templates from std, so that nothing compiled for AVX-512 can
// be linked into code that runs elsewhere. kernels/build.ts compiles every kernels/*.cc that is not part of the machine
// around the kernels (its list HOST_FILES) once per instruction set, with CLOZE_ISA defined as sse2, avx2, avx512, neon,
// simd or relaxed. All of a kernel file lives in `namespace cloze::CLOZE_ISA`; kernel_set.cc defines there
// `extern const KernelSet kernel_set`, whose kernels stand in the order of OP_* in opcodes.h (generated, on the include path).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace cloze {

// A row-major matrix. A vector of D numbers is one row of D columns; T ids are T rows of one column.
struct Tensor {
  void* data;
  int64_t rows;
  int32_t columns;
  int32_t stride;  // elements from one row to the next; more than `columns` in a view
  int32_t layout;  // LAYOUT_ROWS, or LAYOUT_PACKED for a matmul weight in this instruction set's own order
  int32_t type;    // TYPE_F32, TYPE_I32, and of parameters alone TYPE_BF16, TYPE_INT8 (narrow_weight.h)
};
enum { LAYOUT_ROWS = 0, LAYOUT_PACKED = 1 };
enum { TYPE_F32 = 0, TYPE_I32 = 1, TYPE_BF16 = 2, TYPE_INT8 = 3 };

enum { MAX_INPUTS = 12, MAX_OUTPUTS = 4, MAX_ATTRIBUTES = 8 };

// One step, its operands resolved. Slot numbers are generated from src/backends/op-table.ts (opcodes.h).
struct Call {
  const Tensor* in[MAX_INPUTS];  // null where an optional input is absent
  Tensor* out[MAX_OUTPUTS];
  int32_t integers[MAX_ATTRIBUTES];  // integers, flags, and the index of a word in its list
  float floats[MAX_ATTRIBUTES];      // an attribute's number stands in the array of its kind, at its own slot
  char* shared;                      // what the kernel's preparation wrote, aligned to 64; the same for all threads
};

struct Kernel {
  // Into how many tiles this call divides; 1 for work too small to share. 0 when there is nothing to do. Asked right before
  // the step, as it may look at offsets.
  int32_t (*tiles)(const Call* call);
  // Computes tile 0 <= tile < tiles(call). `scratch` is this thread's own, of at least `scratch(call)` bytes, aligned to 64.
  void (*run)(const Call* call, int32_t tile, char* scratch);
  // Scratch bytes that one thread needs for this call, from shapes and attributes alone; null means none.
  size_t (*scratch)(const Call* call);
  // What must be ready before the first tile, such as an operand in another form; null for most. Its tiles divide among
  // threads as well, and write to `call->shared`, of at least `shared(call)` bytes.
  const Kernel* preparation = nullptr;
  size_t (*shared)(const Call* call) = nullptr;
};

// Of a row in int8: a number is its int8 times `scale`, and `sum` is what the int8 add up to.
struct RowScale {
  float scale;
  int32_t sum;
};

// Everything one instruction set offers. One table an instruction set; picked once, when the addon starts.
struct KernelSet {
  const char* name;  // "sse2", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "neon", "simd", "relaxed"
  const Kernel* const* kernels;  // by opcode
  // Bytes of a weight[n, k] in packed layout, and the packing itself: rows [from, to) of the packed matrix are written
  // from `source`, which holds (to - from) x k numbers of float. Packing in parts must equal packing at once.
  size_t (*packed_bytes)(int32_t n, int32_t k);
  void (*pack)(float* packed, int32_t n, int32_t k, const float* source, int32_t from, int32_t to);
  void (*unpack)(float* destination, int32_t n, int32_t k, const float* packed);
  // Conversions to f32 on the way in: f16 and bf16 bits.
  void (*widen_f16)(float* destination, const uint16_t* source, size_t count);
  void (*widen_bf16)(float* destination, const uint16_t* source, size_t count);
  // A row of numbers as words of two bf16 or four int8, the last one filled up with zeros.
  void (*narrow_bf16)(uint32_t* words, const float* row, int32_t columns);
  RowScale (*narrow_int8)(uint32_t* words, const float* row, int32_t columns);
  // Register-only multiply-adds, for the share-of-peak figure: runs `rounds` and returns the number of f32 operations.
  double (*peak_f32)(int64_t rounds);
  double (*peak_bf16)(int64_t rounds);
  double (*peak_int8)(int64_t rounds);
  // Adds numbers up as they lie in memory, which takes as long as reading them.
  float (*read)(const float* from, int64_t count);
};

}  // namespace cloze
