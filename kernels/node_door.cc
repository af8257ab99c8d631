// The addon's N-API surface; src/backends/native/addon.ts declares it. Context-aware: every environment (the main
// thread, each worker) has its own devices. Objects live as long as something needs them: a handle in JavaScript, an
// executable that reads a tensor, a run under way. All of this file runs on the environment's own thread except
// `on_finished`.
#include <node_api.h>
#include <string.h>

#include "device.h"
#include "dispatch.h"
#include "stored_types.h"

namespace cloze {
namespace {

// What a handle stands for. A handle of the wrong kind, or one already freed, is refused.
enum Kind { KIND_DEVICE, KIND_TENSOR, KIND_EXECUTABLE };
const char* const KIND_NAMES[] = {"device", "tensor", "executable"};

struct Object {
  Kind kind;
  int32_t references;
};

struct DoorDevice : Object {
  const KernelSet* kernels;
  Device* device;  // gone once it is closed
  napi_threadsafe_function finished;
  napi_deferred closed;  // once `close` was called
  bool is_closing;
  int32_t pending;
  double arena_bytes;  // as reported to V8
};

struct DoorTensor : Object {
  StoredTensor stored;
  int64_t bytes;
};

struct DoorExecutable : Object {
  DoorDevice* device;
  Program* program;
  DoorTensor** tensors;  // by value, null where it is none
};

struct PendingRun {
  DoorExecutable* executable;  // null for a measurement
  napi_deferred done;
  napi_ref outputs;
};

struct Handle {
  Object* object;
};

napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value number(napi_env env, double from) {
  napi_value value;
  napi_create_double(env, from, &value);
  return value;
}

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

int32_t to_int32(napi_env env, napi_value value) {
  int32_t number = 0;
  napi_get_value_int32(env, value, &number);
  return number;
}

struct Bytes {
  char* data;
  size_t length;  // in bytes
};

// The bytes of a typed array; null data for anything else.
Bytes bytes_of(napi_env env, napi_value array) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr) != napi_ok) return {nullptr, 0};
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // in the order of napi_typedarray_type
  static char nothing;
  return {data == nullptr ? &nothing : static_cast<char*>(data), length * sizes[type]};
}

// --- Objects and handles

template <typename T>
T* make(Kind kind) {
  T* object = static_cast<T*>(allocate(sizeof(T)));
  if (object == nullptr) return nullptr;
  memset(object, 0, sizeof(T));
  object->kind = kind;
  object->references = 1;
  return object;
}

void drop(napi_env env, Object* object);

void drop_executable(napi_env env, DoorExecutable* executable) {
  for (int32_t id = 0; executable->tensors != nullptr && id < executable->program->values(); id++) {
    if (executable->tensors[id] != nullptr) drop(env, executable->tensors[id]);
  }
  if (executable->tensors != nullptr) release(executable->tensors);
  if (executable->program != nullptr) Program::destroy(executable->program);
  drop(env, executable->device);
}

void drop_tensor(napi_env env, DoorTensor* tensor) {
  release(tensor->stored.data);
  int64_t total;
  napi_adjust_external_memory(env, -tensor->bytes, &total);
}

void drop(napi_env env, Object* object) {
  if (--object->references > 0) return;
  if (object->kind == KIND_EXECUTABLE) drop_executable(env, static_cast<DoorExecutable*>(object));
  if (object->kind == KIND_TENSOR) drop_tensor(env, static_cast<DoorTensor*>(object));
  release(object);
}

void begin_close(DoorDevice* device) {
  if (device->is_closing) return;
  device->is_closing = true;
  device->references++;  // until the device's thread says that it is done
  device->device->close();
}

void finalize_handle(napi_env env, void* data, void*) {
  Handle* handle = static_cast<Handle*>(data);
  if (handle->object != nullptr) {
    if (handle->object->kind == KIND_DEVICE) begin_close(static_cast<DoorDevice*>(handle->object));
    drop(env, handle->object);
  }
  release(handle);
}

napi_value handle_of(napi_env env, Object* object) {
  Handle* handle = static_cast<Handle*>(allocate(sizeof(Handle)));
  napi_value external;
  if (handle == nullptr || napi_create_external(env, handle, finalize_handle, nullptr, &external) != napi_ok) {
    if (handle != nullptr) release(handle);
    drop(env, object);
    return fail(env, "out of memory");
  }
  handle->object = object;
  return external;
}

template <typename T>
T* object_of(napi_env env, napi_value external, Kind kind) {
  void* data = nullptr;
  napi_valuetype type;
  napi_typeof(env, external, &type);
  if (type == napi_external) napi_get_value_external(env, external, &data);
  Handle* handle = static_cast<Handle*>(data);
  if (handle != nullptr && handle->object != nullptr && handle->object->kind == kind) return static_cast<T*>(handle->object);
  char message[64] = "not an open ";
  fail(env, strcat(message, KIND_NAMES[kind]));
  return nullptr;
}

// release(handle): frees at once what is not needed any more, without waiting for the garbage collector.
napi_value js_release(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  void* data = nullptr;
  if (napi_get_value_external(env, args[0], &data) != napi_ok) return fail(env, "release: not a handle");
  Handle* handle = static_cast<Handle*>(data);
  if (handle->object != nullptr) drop(env, handle->object);
  handle->object = nullptr;
  return undefined(env);
}

// --- Devices

void settle_run(napi_env env, DoorDevice* device, Request* request) {
  PendingRun* run = static_cast<PendingRun*>(request->owner);
  napi_resolve_deferred(env, run->done, number(env, request->result));
  if (run->outputs != nullptr) napi_delete_reference(env, run->outputs);
  if (run->executable != nullptr) drop(env, run->executable);
  device->device->recycle(request);
  release(run);
  if (--device->pending == 0 && !device->is_closing) napi_unref_threadsafe_function(env, device->finished);
}

// The environment ends (exit, or a worker that stops): join the threads, so that none of them runs code or touches
// memory that is about to go.
void on_environment_end(void* data) {
  DoorDevice* device = static_cast<DoorDevice*>(data);
  if (!device->is_closing) device->device->close();
  device->is_closing = true;
  device->device->destroy();
  napi_release_threadsafe_function(device->finished, napi_tsfn_abort);
}

// The device's thread is done: nothing of it is needed any more.
void finish_close(napi_env env, DoorDevice* device) {
  napi_remove_env_cleanup_hook(env, on_environment_end, device);
  device->device->destroy();
  int64_t total;
  napi_adjust_external_memory(env, -static_cast<int64_t>(device->arena_bytes), &total);
  if (device->closed != nullptr) napi_resolve_deferred(env, device->closed, undefined(env));
  napi_release_threadsafe_function(device->finished, napi_tsfn_abort);
  drop(env, device);
}

// On the environment's thread, for each `on_finished`. Without an environment everything is being torn down.
void settle(napi_env env, napi_value, void* context, void* data) {
  if (env == nullptr) return;
  DoorDevice* device = static_cast<DoorDevice*>(context);
  if (data != nullptr) settle_run(env, device, static_cast<Request*>(data));
  else finish_close(env, device);
}

// On the device's thread.
void on_finished(void* context, Request* request) {
  DoorDevice* device = static_cast<DoorDevice*>(context);
  napi_call_threadsafe_function(device->finished, request, napi_tsfn_nonblocking);
}

// createDevice(instructionSet | undefined, threads): the best instruction set when none is named. Null when the
// processor lacks the named one, or the addon has no kernels for it.
napi_value js_create_device(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  const int32_t threads = to_int32(env, args[1]);
  if (threads < 1) return fail(env, "createDevice: no threads");
  char wanted[16] = "";
  size_t length;
  napi_get_value_string_utf8(env, args[0], wanted, sizeof wanted, &length);
  const KernelSet* const* set = kernel_sets();
  while (*set != nullptr && wanted[0] != 0 && strcmp((*set)->name, wanted) != 0) set++;
  if (*set == nullptr) return fail(env, "no such instruction set here");

  DoorDevice* device = make<DoorDevice>(KIND_DEVICE);
  if (device == nullptr) return fail(env, "out of memory");
  device->kernels = *set;
  napi_value name;
  napi_create_string_utf8(env, "cloze", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, device, settle, &device->finished);
  device->device = Device::create(*set, threads, on_finished, device);
  if (device->device == nullptr) {
    napi_release_threadsafe_function(device->finished, napi_tsfn_abort);
    release(device);
    return fail(env, "the system refused to start the threads");
  }
  napi_unref_threadsafe_function(env, device->finished);  // an idle device keeps no process alive
  napi_add_env_cleanup_hook(env, on_environment_end, device);
  return handle_of(env, device);
}

// closeDevice(device): a promise that resolves when the threads are gone. Runs that wait or go on end as closed.
napi_value js_close_device(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = object_of<DoorDevice>(env, args[0], KIND_DEVICE);
  if (device == nullptr) return nullptr;
  if (device->is_closing) return fail(env, "the device is being closed already");
  napi_value promise;
  napi_create_promise(env, &device->closed, &promise);
  napi_ref_threadsafe_function(env, device->finished);
  begin_close(device);
  return promise;
}

// The device behind a handle, unless it is closed.
DoorDevice* open_device(napi_env env, napi_value external) {
  DoorDevice* device = object_of<DoorDevice>(env, external, KIND_DEVICE);
  if (device != nullptr && device->is_closing) return fail(env, "the device is closed"), nullptr;
  return device;
}

// --- Tensors

// createTensor(device, rows, columns, type, layout): memory for a parameter or a constant.
napi_value js_create_tensor(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value args[5];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = open_device(env, args[0]);
  if (device == nullptr) return nullptr;
  DoorTensor* tensor = make<DoorTensor>(KIND_TENSOR);
  if (tensor == nullptr) return fail(env, "out of memory");
  StoredTensor& stored = tensor->stored;
  stored = {nullptr, to_int32(env, args[1]), to_int32(env, args[2]), to_int32(env, args[4]), to_int32(env, args[3])};
  const size_t bytes = tensor_bytes(device->kernels, &stored);
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
  size_t count = 1;
  napi_value args[1];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorTensor* tensor = object_of<DoorTensor>(env, args[0], KIND_TENSOR);
  return tensor == nullptr ? nullptr : number(env, static_cast<double>(tensor->bytes));
}

// fillTensor(device, tensor, from, to, storedType, bytes): rows [from, to) from their stored form.
napi_value js_fill_tensor(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value args[6];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = open_device(env, args[0]);
  if (device == nullptr) return nullptr;
  DoorTensor* tensor = object_of<DoorTensor>(env, args[1], KIND_TENSOR);
  if (tensor == nullptr) return nullptr;
  const int32_t from = to_int32(env, args[2]);
  const int32_t to = to_int32(env, args[3]);
  const int32_t type = to_int32(env, args[4]);
  const Bytes source = bytes_of(env, args[5]);
  const StoredTensor& stored = tensor->stored;
  const size_t row = static_cast<size_t>(stored.columns) * stored_bytes(type);
  const bool fits = from >= 0 && from <= to && to <= stored.rows && row * static_cast<size_t>(to - from) == source.length;
  if (!fits || source.data == nullptr) return fail(env, "fillTensor: the bytes do not fit the rows");
  if (!fill_rows(device->kernels, &stored, from, to, type, source.data)) return fail(env, "out of memory");
  return undefined(env);
}

// --- Executables

// compile(device, words, tensors): `tensors` is an array by value number, undefined where a value is no tensor.
napi_value js_compile(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value args[3];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = open_device(env, args[0]);
  if (device == nullptr) return nullptr;
  const Bytes words = bytes_of(env, args[1]);
  uint32_t values = 0;
  napi_get_array_length(env, args[2], &values);
  DoorExecutable* executable = make<DoorExecutable>(KIND_EXECUTABLE);
  DoorTensor** tensors = static_cast<DoorTensor**>(allocate(values * sizeof(DoorTensor*)));
  void** memory = static_cast<void**>(allocate(values * sizeof(void*)));
  if (executable == nullptr || tensors == nullptr || memory == nullptr) return fail(env, "out of memory");
  for (uint32_t id = 0; id < values; id++) {
    napi_value element;
    napi_get_element(env, args[2], id, &element);
    napi_valuetype type;
    napi_typeof(env, element, &type);
    tensors[id] = type == napi_external ? object_of<DoorTensor>(env, element, KIND_TENSOR) : nullptr;
    memory[id] = tensors[id] == nullptr ? nullptr : tensors[id]->stored.data;
    if (tensors[id] != nullptr) tensors[id]->references++;
  }
  device->references++;
  executable->device = device;
  const int32_t* program = reinterpret_cast<const int32_t*>(words.data);
  const bool is_counted = words.length >= HEADER_WORDS * sizeof(int32_t) && program[HEADER_VALUES] == static_cast<int32_t>(values);
  if (is_counted) executable->program = Program::create(device->kernels, program, words.length / sizeof(int32_t), memory);
  release(memory);
  executable->tensors = tensors;
  if (executable->program == nullptr) {
    for (uint32_t id = 0; id < values; id++) if (tensors[id] != nullptr) drop(env, tensors[id]);
    release(tensors);
    executable->tensors = nullptr;
    drop(env, executable);
    return fail(env, "compile: not a program of this addon");
  }
  return handle_of(env, executable);
}

// Copies the inputs and notes where the outputs go. A message when a length is not the program's.
const char* bind_arrays(napi_env env, Program* program, Request* request, napi_value inputs, napi_value outputs, char* memory) {
  napi_value array;
  for (int32_t slot = 0; slot < program->inputs(); slot++) {
    napi_get_element(env, inputs, static_cast<uint32_t>(slot), &array);
    const Bytes bytes = bytes_of(env, array);
    if (bytes.data == nullptr || static_cast<int64_t>(bytes.length) != program->bytes(program->value_in(PLACE_INPUT, slot), request->sizes)) {
      return "run: an input has another length than the program says";
    }
    memcpy(memory, bytes.data, bytes.length);
    request->inputs[slot] = memory;
    memory += (bytes.length + 63) & ~static_cast<size_t>(63);
  }
  for (int32_t slot = 0; slot < program->outputs(); slot++) {
    napi_get_element(env, outputs, static_cast<uint32_t>(slot), &array);
    const Bytes bytes = bytes_of(env, array);
    if (bytes.data == nullptr || static_cast<int64_t>(bytes.length) != program->bytes(program->value_in(PLACE_OUTPUT, slot), request->sizes)) {
      return "run: an output has another length than the program says";
    }
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

napi_value enqueue(napi_env env, DoorDevice* device, Request* request, DoorExecutable* executable, napi_value outputs) {
  PendingRun* run = static_cast<PendingRun*>(allocate(sizeof(PendingRun)));
  if (run == nullptr) return device->device->recycle(request), fail(env, "out of memory");
  *run = {executable, nullptr, nullptr};
  if (executable != nullptr) executable->references++;
  if (outputs != nullptr) napi_create_reference(env, outputs, 1, &run->outputs);
  napi_value promise;
  napi_create_promise(env, &run->done, &promise);
  request->owner = run;
  if (device->pending++ == 0) napi_ref_threadsafe_function(env, device->finished);
  device->device->submit(request);
  return promise;
}

// run(executable, id, sizes, offsets, arenaBytes, inputs, outputs): a promise of the status.
napi_value js_run(napi_env env, napi_callback_info info) {
  size_t count = 7;
  napi_value args[7];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorExecutable* executable = object_of<DoorExecutable>(env, args[0], KIND_EXECUTABLE);
  if (executable == nullptr) return nullptr;
  DoorDevice* device = executable->device;
  if (device->is_closing) return fail(env, "the device is closed");
  Program* program = executable->program;
  const Bytes sizes = bytes_of(env, args[2]);
  const Bytes offsets = bytes_of(env, args[3]);
  if (sizes.length != sizeof(Request::sizes) || offsets.length != static_cast<size_t>(program->values()) * sizeof(double)) {
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
  napi_get_value_uint32(env, args[1], &request->id);
  napi_get_value_double(env, args[4], &request->arena_bytes);
  const char* problem = bind_arrays(env, program, request, args[5], args[6], memory);
  if (problem == nullptr && !program->fits(size_words, request->offsets, request->arena_bytes)) problem = "run: the plan leaves the arena";
  if (problem != nullptr) return device->device->recycle(request), fail(env, problem);
  if (request->arena_bytes > device->arena_bytes) {
    int64_t total;
    napi_adjust_external_memory(env, static_cast<int64_t>(request->arena_bytes - device->arena_bytes), &total);
    device->arena_bytes = request->arena_bytes;
  }
  return enqueue(env, device, request, executable, args[6]);
}

// abort(device, id): the run ends before its next step.
napi_value js_abort(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = object_of<DoorDevice>(env, args[0], KIND_DEVICE);
  if (device == nullptr) return nullptr;
  uint32_t id = 0;
  napi_get_value_uint32(env, args[1], &id);
  if (!device->is_closing) device->device->abort(id);
  return undefined(env);
}

// peak(device, rounds): a promise of f32 operations a second, all threads.
napi_value js_peak(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  DoorDevice* device = open_device(env, args[0]);
  if (device == nullptr) return nullptr;
  char* memory;
  Request* request = device->device->prepare(nullptr, 0, &memory);
  if (request == nullptr) return fail(env, "out of memory");
  napi_get_value_int64(env, args[1], &request->rounds);
  return enqueue(env, device, request, nullptr, nullptr);
}

// --- The module

// instructionSets(): names, best first.
napi_value js_instruction_sets(napi_env env, napi_callback_info) {
  napi_value names;
  napi_create_array(env, &names);
  const KernelSet* const* sets = kernel_sets();
  for (uint32_t i = 0; sets[i] != nullptr; i++) {
    napi_value name;
    napi_create_string_utf8(env, sets[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

// processorFeatures(): space-separated.
napi_value js_processor_features(napi_env env, napi_callback_info) {
  napi_value features;
  napi_create_string_utf8(env, processor_features(), NAPI_AUTO_LENGTH, &features);
  return features;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace
}  // namespace cloze

NAPI_MODULE_INIT() {
  using namespace cloze;
  define(env, exports, "instructionSets", js_instruction_sets);
  define(env, exports, "processorFeatures", js_processor_features);
  define(env, exports, "createDevice", js_create_device);
  define(env, exports, "closeDevice", js_close_device);
  define(env, exports, "createTensor", js_create_tensor);
  define(env, exports, "tensorBytes", js_tensor_bytes);
  define(env, exports, "fillTensor", js_fill_tensor);
  define(env, exports, "compile", js_compile);
  define(env, exports, "run", js_run);
  define(env, exports, "abort", js_abort);
  define(env, exports, "peak", js_peak);
  define(env, exports, "release", js_release);
  return exports;
}
