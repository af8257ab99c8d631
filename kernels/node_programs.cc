// Tensors, programs and their runs, as JavaScript sees them.
#include <string.h>

#include "node_objects.h"

namespace cloze {

namespace {
// The tensors of an array by value number, each held; null where there is none. Null when there is no memory.
DoorTensor** hold_tensors(napi_env env, napi_value array, uint32_t values) {
  DoorTensor** tensors = static_cast<DoorTensor**>(allocate(values * sizeof(DoorTensor*)));
  for (uint32_t id = 0; tensors != nullptr && id < values; id++) {
    const napi_value element = element_of(env, array, id);
    napi_valuetype type = napi_undefined;
    napi_typeof(env, element, &type);
    tensors[id] = type == napi_external ? object_of<DoorTensor>(env, element, KIND_TENSOR) : nullptr;
    if (tensors[id] != nullptr) tensors[id]->references++;
  }
  return tensors;
}

// A message when it could not be made.
const char* create_program(DoorExecutable* executable, Bytes words) {
  const int32_t* program = reinterpret_cast<const int32_t*>(words.data);
  const bool is_counted = words.length >= HEADER_WORDS * sizeof(int32_t) &&
                          program[HEADER_VALUES] == static_cast<int32_t>(executable->values);
  if (!is_counted) return "compile: not a program";
  if (program[HEADER_FINGERPRINT] != FINGERPRINT) return "compile: the addon was built for other operations. Run npm run build";
  void** memory = static_cast<void**>(allocate(executable->values * sizeof(void*)));
  if (memory == nullptr || executable->tensors == nullptr) return "out of memory";
  for (uint32_t id = 0; id < executable->values; id++) {
    memory[id] = executable->tensors[id] == nullptr ? nullptr : executable->tensors[id]->stored.data;
  }
  executable->program = Program::create(executable->device->kernels, program, words.length / sizeof(int32_t), memory);
  release(memory);
  return executable->program == nullptr ? "compile: not a program of this addon" : nullptr;
}

// Whether these are the bytes of the value in that slot.
bool fits(const Program* program, const Request* request, int32_t place, int32_t slot, Bytes bytes) {
  const int64_t expected = program->bytes(program->value_in(place, slot), request->sizes);
  return bytes.data != nullptr && static_cast<int64_t>(bytes.length) == expected;
}

// Copies the inputs and notes where the outputs go. A message when a length is not the program's.
const char* bind_arrays(napi_env env, Request* request, napi_value inputs, napi_value outputs, char* memory) {
  const Program* program = request->program;
  for (int32_t slot = 0; slot < program->inputs(); slot++) {
    const Bytes bytes = bytes_of(env, element_of(env, inputs, static_cast<uint32_t>(slot)));
    if (!fits(program, request, PLACE_INPUT, slot, bytes)) return "run: an input is not of the program's length";
    memcpy(memory, bytes.data, bytes.length);
    request->inputs[slot] = memory;
    memory += (bytes.length + 63) & ~static_cast<size_t>(63);
  }
  for (int32_t slot = 0; slot < program->outputs(); slot++) {
    const Bytes bytes = bytes_of(env, element_of(env, outputs, static_cast<uint32_t>(slot)));
    if (!fits(program, request, PLACE_OUTPUT, slot, bytes)) return "run: an output is not of the program's length";
    request->outputs[slot] = bytes.data;
  }
  return nullptr;
}

// Bytes that copies of all inputs take, each aligned; -1 when the sizes do not say.
int64_t input_bytes(const Program* program, const int32_t* sizes) {
  int64_t total = 0;
  for (int32_t slot = 0; slot < program->inputs(); slot++) {
    const int64_t bytes = program->bytes(program->value_in(PLACE_INPUT, slot), sizes);
    if (bytes < 0) return -1;
    total += (bytes + 63) & ~int64_t{63};
  }
  return total;
}
}  // namespace

// createTensor(device, rows, columns, type, layout): memory for a parameter or a constant.
napi_value js_create_tensor(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = open_device(env, args.at[0]);
  if (device == nullptr) return nullptr;
  DoorTensor* tensor = make<DoorTensor>(KIND_TENSOR);
  if (tensor == nullptr) return fail(env, "out of memory");
  StoredTensor& stored = tensor->stored;
  stored.rows = to_int32(env, args.at[1]);
  stored.columns = to_int32(env, args.at[2]);
  stored.type = to_int32(env, args.at[3]);
  stored.layout = to_int32(env, args.at[4]);
  const bool is_shaped = stored.rows >= 0 && stored.columns >= 0;
  const size_t bytes = is_shaped ? tensor_bytes(device->kernels, &stored) : 0;
  if (!is_shaped) return release(tensor), fail(env, "createTensor: a size is negative");
  stored.data = allocate(bytes);
  if (stored.data == nullptr) {
    release(tensor);
    return fail(env, "out of memory");
  }
  tensor->bytes = static_cast<int64_t>(bytes);
  int64_t total;
  napi_adjust_external_memory(env, tensor->bytes, &total);
  return handle_of(env, tensor);
}

// tensorBytes(tensor)
napi_value js_tensor_bytes(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorTensor* tensor = object_of<DoorTensor>(env, args.at[0], KIND_TENSOR);
  return tensor == nullptr ? nullptr : number(env, static_cast<double>(tensor->bytes));
}

// fillTensor(device, tensor, from, to, storedType, bytes, scales | undefined): rows [from, to) from their stored form.
napi_value js_fill_tensor(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = open_device(env, args.at[0]);
  if (device == nullptr) return nullptr;
  DoorTensor* tensor = object_of<DoorTensor>(env, args.at[1], KIND_TENSOR);
  if (tensor == nullptr) return nullptr;
  const int32_t from = to_int32(env, args.at[2]);
  const int32_t to = to_int32(env, args.at[3]);
  const int32_t type = to_int32(env, args.at[4]);
  const Bytes source = bytes_of(env, args.at[5]);
  const StoredTensor& stored = tensor->stored;
  const size_t row = static_cast<size_t>(stored.columns) * stored_bytes(type);
  const bool is_inside = from >= 0 && from <= to && to <= stored.rows;
  const bool is_whole = source.data != nullptr && row * static_cast<size_t>(to - from) == source.length;
  if (!is_inside || !is_whole) return fail(env, "fillTensor: the bytes do not fit the rows");
  const Bytes scales = bytes_of(env, args.at[6]);
  if (scales.data != nullptr && scales.length != static_cast<size_t>(to - from) * sizeof(float)) {
    return fail(env, "fillTensor: the scales do not fit the rows");
  }
  const float* row_scales = reinterpret_cast<const float*>(scales.data);
  if (!fill_rows(device->kernels, &stored, from, to, type, source.data, row_scales)) return fail(env, "out of memory");
  return undefined(env);
}

// compile(device, words, tensors): `tensors` is an array by value number, undefined where a value is no tensor.
napi_value js_compile(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = open_device(env, args.at[0]);
  if (device == nullptr) return nullptr;
  uint32_t values = 0;
  napi_get_array_length(env, args.at[2], &values);
  DoorExecutable* executable = make<DoorExecutable>(KIND_EXECUTABLE);
  if (executable == nullptr) return fail(env, "out of memory");
  device->references++;
  executable->device = device;
  executable->tensors = hold_tensors(env, args.at[2], values);
  executable->values = values;
  const char* problem = create_program(executable, bytes_of(env, args.at[1]));
  if (problem == nullptr) return handle_of(env, executable);
  drop(env, executable);
  return fail(env, problem);
}

// run(executable, id, sizes, offsets, arenaBytes, inputs, outputs, times | undefined): a promise of the status. `times`:
// one number a step and one more, when each began and the last one ended, in milliseconds since the call.
napi_value js_run(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorExecutable* executable = object_of<DoorExecutable>(env, args.at[0], KIND_EXECUTABLE);
  if (executable == nullptr) return nullptr;
  DoorDevice* device = executable->device;
  if (device->is_closing) return fail(env, "the device is closed");
  Program* program = executable->program;
  const Bytes sizes = bytes_of(env, args.at[2]);
  const Bytes offsets = bytes_of(env, args.at[3]);
  const size_t offset_bytes = static_cast<size_t>(program->values()) * sizeof(double);
  if (sizes.length != sizeof(Request::sizes) || offsets.length != offset_bytes) {
    return fail(env, "run: sizes or offsets are not this program's");
  }
  int32_t size_words[SIZE_COUNT];
  memcpy(size_words, sizes.data, sizeof size_words);
  const int64_t bytes = input_bytes(program, size_words);
  if (bytes < 0) return fail(env, "run: a size is missing");
  char* memory;
  Request* request = device->device->prepare(program, static_cast<size_t>(bytes), &memory);
  if (request == nullptr) return fail(env, "out of memory");
  memcpy(request->sizes, size_words, sizeof size_words);
  memcpy(request->offsets, offsets.data, offsets.length);
  napi_get_value_uint32(env, args.at[1], &request->id);
  napi_get_value_double(env, args.at[4], &request->arena_bytes);
  const char* problem = bind_arrays(env, request, args.at[5], args.at[6], memory);
  const Bytes times = bytes_of(env, args.at[7]);
  const size_t time_bytes = (static_cast<size_t>(program->steps()) + 1) * sizeof(double);
  if (times.data != nullptr && times.length != time_bytes) problem = "run: the times are not one a step and one more";
  request->times = reinterpret_cast<double*>(times.data);
  const bool is_planned = program->fits(size_words, request->offsets, request->arena_bytes);
  if (problem == nullptr && !is_planned) problem = "run: the plan leaves the arena";
  if (problem != nullptr) return device->device->recycle(request), fail(env, problem);
  if (request->arena_bytes > device->arena_bytes) {
    int64_t total;
    napi_adjust_external_memory(env, static_cast<int64_t>(request->arena_bytes - device->arena_bytes), &total);
    device->arena_bytes = request->arena_bytes;
  }
  return enqueue(env, device, request, executable, {args.at[6], times.data == nullptr ? nullptr : args.at[7]});
}

}  // namespace cloze
