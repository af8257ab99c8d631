// Walks a program: the words that src/backends/encoding.ts writes. The same source runs natively and in WebAssembly.
#pragma once
#include "kernel.h"
#include "opcodes.h"
#include "thread_pool.h"

namespace cloze {

enum Status { STATUS_DONE = 0, STATUS_ABORTED = 1, STATUS_CLOSED = 2, STATUS_NO_MEMORY = 3 };

// What differs from run to run.
struct Binding {
  int32_t sizes[SIZE_COUNT];  // -1 where a size is not given
  const double* offsets;      // of each value in the arena, by value number
  char* arena;
  void* const* inputs;  // by slot
  void* const* outputs;
};

class Program {
 public:
  // `memory`: by value number, where each constant and parameter lies. Null when the words are no program, or when
  // there is no memory. The words are copied, the memory is not.
  static Program* create(const KernelSet* kernels, const int32_t* words, size_t count, void* const* memory);
  static void destroy(Program* program);

  int32_t values() const { return header(HEADER_VALUES); }
  int32_t inputs() const { return header(HEADER_INPUTS); }
  int32_t outputs() const { return header(HEADER_OUTPUTS); }
  int32_t steps() const { return header(HEADER_STEPS); }

  // Bytes of a value at these sizes; -1 when they do not say how many rows it has.
  int64_t bytes(int32_t value, const int32_t* sizes) const;
  // The value in that slot; `place` is PLACE_INPUT or PLACE_OUTPUT.
  int32_t value_in(int32_t place, int32_t slot) const;
  // Whether all arena values, where the plan puts them, lie within `arena_bytes`.
  bool fits(const int32_t* sizes, const double* offsets, double arena_bytes) const;

  // Points every value at its memory and makes room for scratch. To be called before `execute`.
  Status bind(const Binding* binding, ThreadPool* pool);
  // Computes steps from `from` until before `to`.
  void execute(int32_t from, int32_t to, ThreadPool* pool);

 private:
  int32_t header(int32_t field) const { return words_[field]; }
  const int32_t* value(int32_t id) const { return words_ + HEADER_WORDS + static_cast<size_t>(id) * VALUE_WORDS; }
  const int32_t* step(int32_t i) const { return value(values()) + static_cast<size_t>(i) * STEP_WORDS; }
  int64_t rows(int32_t id, const int32_t* sizes) const;
  bool is_well_formed(void* const* memory) const;
  void resolve_tensors(void* const* memory);
  void resolve_calls();

  const KernelSet* kernels_;
  int32_t* words_;
  Tensor* tensors_;  // by value
  Call* calls_;      // by step
};

}  // namespace cloze
