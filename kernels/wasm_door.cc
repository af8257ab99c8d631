// What the WebAssembly module exports; src/backends/wasm/module.ts declares it. All is called by the worker that leads,
// except `help`. Pointers are offsets in the memory, 0 for none.
#include "host.h"
#include "interpreter.h"
#include "peak.h"
#include "stored_types.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace cloze {

extern const KernelSet* const kernels;  // wasm_kernels.cc

namespace {
struct Room {
  void* memory;
};
alignas(ThreadPool) char pool_room[sizeof(ThreadPool)];
ThreadPool* const pool = reinterpret_cast<ThreadPool*>(pool_room);
}  // namespace
}  // namespace cloze

// There is no <new> without a C++ library.
inline void* operator new(size_t, cloze::Room room) noexcept { return room.memory; }

namespace cloze {

// To be called once, before anything else.
EXPORT(start) void start(int32_t threads) { new (Room{pool_room}) ThreadPool(threads); }

// The life of helper `thread`, in a worker with a stack of its own.
EXPORT(help) void help(int32_t thread) { pool->help(thread); }

EXPORT(allocate) void* door_allocate(size_t bytes) { return allocate(bytes); }
EXPORT(release) void door_release(void* memory) { release(memory); }

EXPORT(createTensor) StoredTensor* create_tensor(int32_t rows, int32_t columns, int32_t type, int32_t layout) {
  StoredTensor* tensor = static_cast<StoredTensor*>(allocate(sizeof(StoredTensor)));
  if (tensor == nullptr) return nullptr;
  *tensor = {nullptr, rows, columns, layout, type};
  tensor->data = allocate(tensor_bytes(kernels, tensor));
  if (tensor->data != nullptr) return tensor;
  release(tensor);
  return nullptr;
}

EXPORT(fillTensor)
int32_t fill_tensor(StoredTensor* tensor, int32_t from, int32_t to, int32_t type, const char* source, const float* scales) {
  return fill_rows(kernels, tensor, from, to, type, source, scales);
}

EXPORT(releaseTensor) void release_tensor(StoredTensor* tensor) {
  release(tensor->data);
  release(tensor);
}

// `tensors`: by value number, 0 where a value is none.
EXPORT(compile) Program* compile(const int32_t* words, size_t count, StoredTensor** tensors) {
  const size_t values = static_cast<size_t>(words[HEADER_VALUES]);
  void** memory = static_cast<void**>(allocate(values * sizeof(void*)));
  if (memory == nullptr) return nullptr;
  for (size_t id = 0; id < values; id++) memory[id] = tensors[id] == nullptr ? nullptr : tensors[id]->data;
  Program* program = Program::create(kernels, words, count, memory);
  release(memory);
  return program;
}

EXPORT(releaseProgram) void release_program(Program* program) { Program::destroy(program); }

EXPORT(steps) int32_t steps(const Program* program) { return program->steps(); }

// A Status. `sizes` has SIZE_COUNT numbers, `offsets` one a value, `inputs` and `outputs` one a slot.
EXPORT(bind)
int32_t bind(Program* program, const int32_t* sizes, const double* offsets, char* arena, double arena_bytes, void** inputs,
             void** outputs) {
  if (!program->fits(sizes, offsets, arena_bytes)) return STATUS_NO_MEMORY;
  Binding binding = {};
  for (int32_t i = 0; i < SIZE_COUNT; i++) binding.sizes[i] = sizes[i];
  binding.offsets = offsets;
  binding.arena = arena;
  binding.inputs = inputs;
  binding.outputs = outputs;
  return program->bind(&binding, pool);
}

EXPORT(execute) void execute(Program* program, int32_t from, int32_t to) { program->execute(from, to, pool); }

EXPORT(peak) double peak(int32_t limit, double rounds) {
  return run_peak(kernels, pool, limit, static_cast<int64_t>(rounds));
}

}  // namespace cloze
