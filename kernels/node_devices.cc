// Devices, as JavaScript sees them. Context-aware: every environment (the main thread, each worker) has its own. All of
// this runs on the environment's thread except `on_finished`.
#include <string.h>

#include "dispatch.h"
#include "node_objects.h"

namespace cloze {

namespace {
struct PendingRun {
  DoorExecutable* executable;  // null for a measurement
  napi_deferred done;
  napi_ref held[MOST_HELD];  // null where there is nothing
};

void settle_run(napi_env env, DoorDevice* device, Request* request) {
  PendingRun* run = static_cast<PendingRun*>(request->owner);
  napi_resolve_deferred(env, run->done, number(env, request->result));
  for (napi_ref held : run->held) {
    if (held != nullptr) napi_delete_reference(env, held);
  }
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
}  // namespace

DoorDevice* open_device(napi_env env, napi_value external) {
  DoorDevice* device = object_of<DoorDevice>(env, external, KIND_DEVICE);
  if (device != nullptr && device->is_closing) return fail(env, "the device is closed"), nullptr;
  return device;
}

void begin_close(DoorDevice* device) {
  if (device->is_closing) return;
  device->is_closing = true;
  device->references++;  // until the device's thread says that it is done
  device->device->close();
}

napi_value enqueue(napi_env env, DoorDevice* device, Request* request, DoorExecutable* executable,
                   const napi_value (&held)[MOST_HELD]) {
  PendingRun* run = static_cast<PendingRun*>(allocate(sizeof(PendingRun)));
  if (run == nullptr) return device->device->recycle(request), fail(env, "out of memory");
  *run = {executable, nullptr, {}};
  napi_value promise = nullptr;
  if (napi_create_promise(env, &run->done, &promise) != napi_ok) {  // the environment is being ended
    release(run);
    return device->device->recycle(request), nullptr;
  }
  if (executable != nullptr) executable->references++;
  for (size_t i = 0; i < MOST_HELD; i++) {
    if (held[i] != nullptr) napi_create_reference(env, held[i], 1, &run->held[i]);
  }
  request->owner = run;
  if (device->pending++ == 0) napi_ref_threadsafe_function(env, device->finished);
  device->device->submit(request);
  return promise;
}

// createDevice(instructionSet | undefined, threads): the best instruction set when none is named. Null when the
// processor lacks the named one, or the addon has no kernels for it.
napi_value js_create_device(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  const int32_t threads = to_int32(env, args.at[1]);
  if (threads < 1) return fail(env, "createDevice: no threads");
  char wanted[16] = "";
  size_t length = 0;
  napi_get_value_string_utf8(env, args.at[0], wanted, sizeof wanted, &length);
  const KernelSet* const* set = kernel_sets();
  while (*set != nullptr && wanted[0] != 0 && strcmp((*set)->name, wanted) != 0) set++;
  if (*set == nullptr) return fail(env, "no such instruction set here");

  DoorDevice* device = make<DoorDevice>(KIND_DEVICE);
  if (device == nullptr) return fail(env, "out of memory");
  device->kernels = *set;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "cloze", NAPI_AUTO_LENGTH, &name);
  napi_threadsafe_function* finished = &device->finished;
  const napi_status made =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, device, settle, finished);
  if (made != napi_ok) return release(device), fail(env, "no way to call back into JavaScript");
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
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = object_of<DoorDevice>(env, args.at[0], KIND_DEVICE);
  if (device == nullptr) return nullptr;
  if (device->is_closing) return fail(env, "the device is being closed already");
  napi_value promise = nullptr;
  if (napi_create_promise(env, &device->closed, &promise) != napi_ok) return nullptr;  // the environment is being ended
  napi_ref_threadsafe_function(env, device->finished);
  begin_close(device);
  return promise;
}

// abort(device, id): the run ends before its next step.
napi_value js_abort(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = object_of<DoorDevice>(env, args.at[0], KIND_DEVICE);
  if (device == nullptr) return nullptr;
  uint32_t id = 0;
  napi_get_value_uint32(env, args.at[1], &id);
  if (!device->is_closing) device->device->abort(id);
  return undefined(env);
}

// peak(device, limit, rounds): a promise of operations or bytes a second, all threads.
napi_value js_peak(napi_env env, napi_callback_info info) {
  const Arguments args = arguments_of(env, info);
  DoorDevice* device = open_device(env, args.at[0]);
  if (device == nullptr) return nullptr;
  char* memory;
  Request* request = device->device->prepare(nullptr, 0, &memory);
  if (request == nullptr) return fail(env, "out of memory");
  request->limit = to_int32(env, args.at[1]);
  napi_get_value_int64(env, args.at[2], &request->rounds);
  return enqueue(env, device, request, nullptr, {});
}

}  // namespace cloze
