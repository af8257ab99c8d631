// What the parts of the addon share: values from and to JavaScript, and objects behind handles. Objects live as long as
// something needs them: a handle in JavaScript, an executable that reads a tensor, a run under way. They are counted on
// the environment's own thread only.
#pragma once
#include <node_api.h>

#include "device.h"
#include "stored_types.h"

namespace cloze {

napi_value undefined(napi_env env);
napi_value number(napi_env env, double from);
// Throws in JavaScript; null, for the caller to return.
napi_value fail(napi_env env, const char* message);

const size_t MOST_ARGUMENTS = 8;
struct Arguments {
  napi_value at[MOST_ARGUMENTS];  // undefined where the caller gave fewer
};
Arguments arguments_of(napi_env env, napi_callback_info info);
int32_t to_int32(napi_env env, napi_value value);
// Null, which every N-API call refuses, when the environment is being ended (a worker that is terminated in the middle
// of a call): from then on N-API writes no results.
napi_value element_of(napi_env env, napi_value array, uint32_t index);

struct Bytes {
  char* data;
  size_t length;  // in bytes
};
// The bytes of a typed array; null data for anything else.
Bytes bytes_of(napi_env env, napi_value array);

// What a handle stands for. A handle of the wrong kind, or one already freed, is refused.
enum Kind { KIND_DEVICE, KIND_TENSOR, KIND_EXECUTABLE };

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
  DoorTensor** tensors;  // by value number, null where a value is none
  uint32_t values;
};

// Zeroed, with one reference; null when there is no memory.
Object* make_object(Kind kind, size_t bytes);
template <typename T>
T* make(Kind kind) {
  return static_cast<T*>(make_object(kind, sizeof(T)));
}
// Gives a reference back; the last one frees.
void drop(napi_env env, Object* object);

// A handle for JavaScript, which takes over the caller's reference. Null after throwing.
napi_value handle_of(napi_env env, Object* object);
// Null after throwing when it is no handle of that kind, or was released.
Object* object_behind(napi_env env, napi_value handle, Kind kind);
template <typename T>
T* object_of(napi_env env, napi_value handle, Kind kind) {
  return static_cast<T*>(object_behind(env, handle, kind));
}

// node_devices.cc: the device behind a handle unless it is closed, null after throwing.
DoorDevice* open_device(napi_env env, napi_value handle);
// Asks the device's threads to stop; the object lives until they have.
void begin_close(DoorDevice* device);
// Hands the request to the device; a promise of its result. `held`, what the run writes to, is kept alive until then.
// Without an executable the request is a measurement.
const size_t MOST_HELD = 2;
napi_value enqueue(napi_env env, DoorDevice* device, Request* request, DoorExecutable* executable,
                   const napi_value (&held)[MOST_HELD]);

// The functions of the addon, each described where it is defined.
napi_value js_release(napi_env env, napi_callback_info info);
napi_value js_create_device(napi_env env, napi_callback_info info);
napi_value js_close_device(napi_env env, napi_callback_info info);
napi_value js_abort(napi_env env, napi_callback_info info);
napi_value js_peak(napi_env env, napi_callback_info info);
napi_value js_create_tensor(napi_env env, napi_callback_info info);
napi_value js_tensor_bytes(napi_env env, napi_callback_info info);
napi_value js_fill_tensor(napi_env env, napi_callback_info info);
napi_value js_compile(napi_env env, napi_callback_info info);
napi_value js_run(napi_env env, napi_callback_info info);

}  // namespace cloze
