#include "node_objects.h"

#include <string.h>

namespace cloze {

namespace {
const char* const KIND_NAMES[] = {"device", "tensor", "executable"};

struct Handle {
  Object* object;  // null once it was released
};

void drop_executable(napi_env env, DoorExecutable* executable) {
  for (uint32_t id = 0; executable->tensors != nullptr && id < executable->values; id++) {
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

// Gives up the reference of a handle. A device that no handle speaks for any more closes.
void let_go(napi_env env, Object* object) {
  if (object->kind == KIND_DEVICE) begin_close(static_cast<DoorDevice*>(object));
  drop(env, object);
}

void finalize_handle(napi_env env, void* data, void*) {
  Handle* handle = static_cast<Handle*>(data);
  if (handle->object != nullptr) let_go(env, handle->object);
  release(handle);
}
}  // namespace

napi_value undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value number(napi_env env, double from) {
  napi_value value = nullptr;
  napi_create_double(env, from, &value);
  return value;
}

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

Arguments arguments_of(napi_env env, napi_callback_info info) {
  Arguments arguments = {};
  size_t count = MOST_ARGUMENTS;
  napi_get_cb_info(env, info, &count, arguments.at, nullptr, nullptr);
  return arguments;
}

int32_t to_int32(napi_env env, napi_value value) {
  int32_t number = 0;
  napi_get_value_int32(env, value, &number);
  return number;
}

napi_value element_of(napi_env env, napi_value array, uint32_t index) {
  napi_value element = nullptr;
  napi_get_element(env, array, index, &element);
  return element;
}

Bytes bytes_of(napi_env env, napi_value array) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr) != napi_ok) return {nullptr, 0};
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // in the order of napi_typedarray_type
  static char nothing;
  return {data == nullptr ? &nothing : static_cast<char*>(data), length * sizes[type]};
}

Object* make_object(Kind kind, size_t bytes) {
  Object* object = static_cast<Object*>(allocate(bytes));
  if (object == nullptr) return nullptr;
  memset(object, 0, bytes);
  object->kind = kind;
  object->references = 1;
  return object;
}

void drop(napi_env env, Object* object) {
  if (--object->references > 0) return;
  if (object->kind == KIND_EXECUTABLE) drop_executable(env, static_cast<DoorExecutable*>(object));
  if (object->kind == KIND_TENSOR) drop_tensor(env, static_cast<DoorTensor*>(object));
  release(object);
}

napi_value handle_of(napi_env env, Object* object) {
  Handle* handle = static_cast<Handle*>(allocate(sizeof(Handle)));
  napi_value external = nullptr;
  if (handle == nullptr || napi_create_external(env, handle, finalize_handle, nullptr, &external) != napi_ok) {
    if (handle != nullptr) release(handle);
    let_go(env, object);
    return fail(env, "out of memory");
  }
  handle->object = object;
  return external;
}

Object* object_behind(napi_env env, napi_value external, Kind kind) {
  void* data = nullptr;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, external, &type);
  if (type == napi_external) napi_get_value_external(env, external, &data);
  Handle* handle = static_cast<Handle*>(data);
  if (handle != nullptr && handle->object != nullptr && handle->object->kind == kind) return handle->object;
  char message[64] = "not an open ";
  fail(env, strcat(message, KIND_NAMES[kind]));
  return nullptr;
}

// release(handle): frees at once what is not needed any more, without waiting for the garbage collector.
napi_value js_release(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  void* data = nullptr;
  if (napi_get_value_external(env, args.at[0], &data) != napi_ok) return fail(env, "release: not a handle");
  Handle* handle = static_cast<Handle*>(data);
  if (handle->object != nullptr) let_go(env, handle->object);
  handle->object = nullptr;
  return undefined(env);
}

}  // namespace cloze
