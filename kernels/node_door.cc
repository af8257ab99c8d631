// The addon's N-API surface; src/backends/native/addon.ts declares it.
#include "dispatch.h"
#include "node_objects.h"

namespace cloze {
namespace {

// instructionSets(): names, best first.
napi_value js_instruction_sets(napi_env env, napi_callback_info) {
  napi_value names = nullptr;
  napi_create_array(env, &names);
  const KernelSet* const* sets = kernel_sets();
  for (uint32_t i = 0; sets[i] != nullptr; i++) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, sets[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, i, name);
  }
  return names;
}

// processorFeatures(): space-separated.
napi_value js_processor_features(napi_env env, napi_callback_info) {
  napi_value features = nullptr;
  napi_create_string_utf8(env, processor_features(), NAPI_AUTO_LENGTH, &features);
  return features;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
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
