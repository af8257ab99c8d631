#include "interpreter.h"

#include "host.h"

namespace cloze {

namespace {
const int32_t FIRST_INPUT = 1;
const int32_t FIRST_OUTPUT = FIRST_INPUT + MAX_INPUTS;
const int32_t FIRST_ATTRIBUTE = FIRST_OUTPUT + MAX_OUTPUTS;
static_assert(FIRST_ATTRIBUTE + MAX_ATTRIBUTES == STEP_WORDS, "kernel.h and encoding.ts differ");
const size_t ELEMENT_BYTES = 4;  // of f32 and i32 alike

size_t align(size_t bytes) { return (bytes + 63) & ~static_cast<size_t>(63); }

float float_of(int32_t bits) {
  float number;
  __builtin_memcpy(&number, &bits, sizeof number);
  return number;
}
}  // namespace

Program* Program::create(const KernelSet* kernels, const int32_t* words, size_t count, void* const* memory) {
  if (count < HEADER_WORDS || words[HEADER_VALUES] < 0 || words[HEADER_STEPS] < 0) return nullptr;
  const size_t values = static_cast<size_t>(words[HEADER_VALUES]);
  const size_t steps = static_cast<size_t>(words[HEADER_STEPS]);
  if (count != HEADER_WORDS + values * VALUE_WORDS + steps * STEP_WORDS) return nullptr;

  const size_t own = align(sizeof(Program));
  const size_t tensors = align(values * sizeof(Tensor));
  const size_t calls = align(steps * sizeof(Call));
  char* block = static_cast<char*>(allocate(own + tensors + calls + count * sizeof(int32_t)));
  if (block == nullptr) return nullptr;
  Program* program = reinterpret_cast<Program*>(block);
  program->kernels_ = kernels;
  program->tensors_ = reinterpret_cast<Tensor*>(block + own);
  program->calls_ = reinterpret_cast<Call*>(block + own + tensors);
  program->words_ = reinterpret_cast<int32_t*>(block + own + tensors + calls);
  for (size_t i = 0; i < count; i++) program->words_[i] = words[i];
  if (!program->is_well_formed(memory)) return destroy(program), nullptr;
  program->resolve_tensors(memory);
  program->resolve_calls();
  return program;
}

void Program::destroy(Program* program) { release(program); }

bool Program::is_well_formed(void* const* memory) const {
  if (header(HEADER_FINGERPRINT) != FINGERPRINT) return false;
  for (int32_t id = 0; id < values(); id++) {
    const int32_t place = value(id)[VALUE_PLACE];
    const int32_t of = value(id)[VALUE_OF];
    if ((place == PLACE_CONSTANT || place == PLACE_PARAMETER) && memory[id] == nullptr) return false;
    if (place != PLACE_VIEW && of != -1) return false;
    if (place == PLACE_VIEW && (of < 0 || of >= values() || value(of)[VALUE_PLACE] == PLACE_VIEW)) return false;
  }
  for (int32_t i = 0; i < steps(); i++) {
    const int32_t* record = step(i);
    if (record[0] < 0 || record[0] >= OP_COUNT) return false;
    for (int32_t slot = FIRST_INPUT; slot < FIRST_ATTRIBUTE; slot++) {
      if (record[slot] < -1 || record[slot] >= values()) return false;
    }
  }
  return true;
}

void Program::resolve_tensors(void* const* memory) {
  for (int32_t id = 0; id < values(); id++) {
    const int32_t* record = value(id);
    const int32_t* base = record[VALUE_OF] < 0 ? record : value(record[VALUE_OF]);
    Tensor& tensor = tensors_[id];
    tensor.data = memory[id];
    tensor.rows = record[VALUE_SIZE] < 0 ? record[VALUE_ROWS] : 0;
    tensor.columns = record[VALUE_COLUMNS];
    tensor.stride = base[VALUE_COLUMNS];
    tensor.layout = record[VALUE_LAYOUT];
    tensor.type = record[VALUE_TYPE];
  }
}

void Program::resolve_calls() {
  for (int32_t i = 0; i < steps(); i++) {
    const int32_t* record = step(i);
    Call& call = calls_[i];
    for (int32_t slot = 0; slot < MAX_INPUTS; slot++) {
      const int32_t id = record[FIRST_INPUT + slot];
      call.in[slot] = id < 0 ? nullptr : &tensors_[id];
    }
    for (int32_t slot = 0; slot < MAX_OUTPUTS; slot++) {
      const int32_t id = record[FIRST_OUTPUT + slot];
      call.out[slot] = id < 0 ? nullptr : &tensors_[id];
    }
    for (int32_t slot = 0; slot < MAX_ATTRIBUTES; slot++) {
      call.integers[slot] = record[FIRST_ATTRIBUTE + slot];
      call.floats[slot] = float_of(record[FIRST_ATTRIBUTE + slot]);
    }
  }
}

int64_t Program::rows(int32_t id, const int32_t* sizes) const {
  const int32_t* record = value(id);
  if (record[VALUE_SIZE] < 0) return record[VALUE_ROWS];
  const int32_t size = sizes[record[VALUE_SIZE]];
  return size < 0 ? -1 : static_cast<int64_t>(size) + record[VALUE_ROWS];
}

int64_t Program::bytes(int32_t id, const int32_t* sizes) const {
  const int64_t count = rows(id, sizes);
  return count < 0 ? -1 : count * value(id)[VALUE_COLUMNS] * static_cast<int64_t>(ELEMENT_BYTES);
}

int32_t Program::value_in(int32_t place, int32_t slot) const {
  for (int32_t id = 0; id < values(); id++) {
    if (value(id)[VALUE_PLACE] == place && value(id)[VALUE_SLOT] == slot) return id;
  }
  return -1;
}

bool Program::fits(const int32_t* sizes, const double* offsets, double arena_bytes) const {
  for (int32_t id = 0; id < values(); id++) {
    if (value(id)[VALUE_PLACE] != PLACE_ARENA) continue;
    const int64_t size = bytes(id, sizes);
    if (size < 0) return false;
    if (size > 0 && (!(offsets[id] >= 0) || offsets[id] + static_cast<double>(size) > arena_bytes)) return false;
  }
  return true;
}

Status Program::bind(const Binding* binding, ThreadPool* pool) {
  for (int32_t id = 0; id < values(); id++) {
    const int32_t* record = value(id);
    tensors_[id].rows = rows(id, binding->sizes);
    void*& data = tensors_[id].data;
    if (record[VALUE_PLACE] == PLACE_ARENA) data = binding->arena + static_cast<size_t>(binding->offsets[id]);
    if (record[VALUE_PLACE] == PLACE_INPUT) data = binding->inputs[record[VALUE_SLOT]];
    if (record[VALUE_PLACE] == PLACE_OUTPUT) data = binding->outputs[record[VALUE_SLOT]];
  }
  for (int32_t id = 0; id < values(); id++) {
    const int32_t* record = value(id);
    if (record[VALUE_PLACE] != PLACE_VIEW) continue;
    char* base = static_cast<char*>(tensors_[record[VALUE_OF]].data);
    tensors_[id].data = base + static_cast<size_t>(record[VALUE_COLUMN]) * ELEMENT_BYTES;
  }
  size_t scratch = 0, shared = 0;
  for (int32_t i = 0; i < steps(); i++) {
    const Kernel& kernel = *kernels_->kernels[step(i)[0]];
    const size_t own = kernel.scratch == nullptr ? 0 : kernel.scratch(&calls_[i]);
    const size_t common = kernel.shared == nullptr ? 0 : kernel.shared(&calls_[i]);
    if (own > scratch) scratch = own;
    if (common > shared) shared = common;
  }
  if (!pool->reserve_scratch(scratch) || !pool->reserve_shared(shared)) return STATUS_NO_MEMORY;
  for (int32_t i = 0; i < steps(); i++) calls_[i].shared = pool->shared();
  return STATUS_DONE;
}

void Program::execute(int32_t from, int32_t to, ThreadPool* pool) {
  for (int32_t i = from; i < to; i++) {
    const Kernel& kernel = *kernels_->kernels[step(i)[0]];
    if (kernel.preparation != nullptr) pool->run(kernel.preparation, &calls_[i], kernel.preparation->tiles(&calls_[i]));
    pool->run(&kernel, &calls_[i], kernel.tiles(&calls_[i]));
  }
}

}  // namespace cloze
