#include "device.h"

#include <string.h>
#include <time.h>

#include <new>  // placement only: operator new proper would tie the addon to libstdc++

#include "peak.h"

namespace cloze {

namespace {
size_t align(size_t bytes) { return (bytes + 63) & ~static_cast<size_t>(63); }

// Of the weights of a model, more than the caches of a core hold.
const size_t READING_BYTES = 256 << 20;

double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
}  // namespace

Device* Device::create(const KernelSet* kernels, int32_t threads, void (*finished)(void*, Request*), void* context) {
  void* memory = allocate(sizeof(Device));
  if (memory == nullptr) return nullptr;
  Device* device = new (memory) Device(kernels, threads);
  device->finished_ = finished;
  device->context_ = context;
  if (device->start()) return device;
  device->pool_.stop();
  for (int32_t i = 0; i < device->started_; i++) pthread_join(device->helpers_[i].thread, nullptr);
  if (device->helpers_ != nullptr) release(device->helpers_);
  release(device);
  return nullptr;
}

bool Device::start() {
  const int32_t helpers = pool_.threads() - 1;
  helpers_ = static_cast<Helper*>(allocate(sizeof(Helper) * static_cast<size_t>(helpers)));
  if (helpers_ == nullptr) return false;
  for (int32_t i = 0; i < helpers; i++, started_++) {
    helpers_[i] = {this, i + 1, {}};
    if (pthread_create(&helpers_[i].thread, nullptr, helper_main, &helpers_[i]) != 0) return false;
  }
  return pthread_create(&dispatcher_, nullptr, dispatcher_main, this) == 0;
}

void* Device::helper_main(void* data) {
  Helper* helper = static_cast<Helper*>(data);
  helper->device->pool_.help(helper->index);
  return nullptr;
}

void* Device::dispatcher_main(void* data) {
  static_cast<Device*>(data)->dispatch();
  return nullptr;
}

Request* Device::prepare(Program* program, size_t bytes, char** input_memory) {
  pthread_mutex_lock(&lock_);
  Request* request = free_;
  if (request != nullptr) free_ = request->next;
  pthread_mutex_unlock(&lock_);
  if (request == nullptr) {
    request = static_cast<Request*>(allocate(sizeof(Request)));
    if (request == nullptr) return nullptr;
    *request = Request();
    request->next_made = made_;
    made_ = request;
  }
  const size_t offsets = align(program == nullptr ? 0 : static_cast<size_t>(program->values()) * sizeof(double));
  const size_t inputs = align(program == nullptr ? 0 : static_cast<size_t>(program->inputs()) * sizeof(void*));
  const size_t outputs = align(program == nullptr ? 0 : static_cast<size_t>(program->outputs()) * sizeof(void*));
  const size_t needed = offsets + inputs + outputs + bytes;
  if (needed > request->block_bytes) {
    if (request->block != nullptr) release(request->block);
    request->block = static_cast<char*>(allocate(needed));
    request->block_bytes = request->block == nullptr ? 0 : needed;
    if (request->block == nullptr) return recycle(request), nullptr;
  }
  request->program = program;
  request->aborted = 0;
  request->times = nullptr;
  request->offsets = reinterpret_cast<double*>(request->block);
  request->inputs = reinterpret_cast<void**>(request->block + offsets);
  request->outputs = reinterpret_cast<void**>(request->block + offsets + inputs);
  *input_memory = request->block + offsets + inputs + outputs;
  return request;
}

void Device::submit(Request* request) {
  if (request->times != nullptr) request->submitted = seconds();
  pthread_mutex_lock(&lock_);
  request->next = nullptr;
  if (last_ == nullptr) first_ = request;
  else last_->next = request;
  last_ = request;
  pthread_mutex_unlock(&lock_);
  __atomic_add_fetch(&submitted_, 1u, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&sleeping_, __ATOMIC_SEQ_CST) != 0) wake(&submitted_, 1);
}

void Device::abort(uint32_t id) {
  pthread_mutex_lock(&lock_);
  if (running_ != nullptr && running_->id == id) __atomic_store_n(&running_->aborted, 1u, __ATOMIC_RELAXED);
  for (Request* request = first_; request != nullptr; request = request->next) {
    if (request->id == id) __atomic_store_n(&request->aborted, 1u, __ATOMIC_RELAXED);
  }
  pthread_mutex_unlock(&lock_);
}

void Device::recycle(Request* request) {
  pthread_mutex_lock(&lock_);
  request->next = free_;
  free_ = request;
  pthread_mutex_unlock(&lock_);
}

void Device::close() {
  __atomic_store_n(&closing_, 1u, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&submitted_, 1u, __ATOMIC_SEQ_CST);
  wake(&submitted_, 1);
}

void Device::destroy() {
  pthread_join(dispatcher_, nullptr);
  for (Request* request = made_; request != nullptr;) {
    Request* next = request->next_made;
    if (request->block != nullptr) release(request->block);
    release(request);
    request = next;
  }
  if (arena_ != nullptr) release(arena_);
  release(helpers_);
  release(this);
}

Request* Device::take() {
  pthread_mutex_lock(&lock_);
  Request* request = first_;
  if (request != nullptr) {
    first_ = request->next;
    if (first_ == nullptr) last_ = nullptr;
  }
  running_ = request;
  pthread_mutex_unlock(&lock_);
  return request;
}

void Device::dispatch() {
  for (Spin spin;;) {
    const uint32_t seen = __atomic_load_n(&submitted_, __ATOMIC_SEQ_CST);
    if (Request* request = take()) {
      request->result = execute(request);
      pthread_mutex_lock(&lock_);
      running_ = nullptr;
      pthread_mutex_unlock(&lock_);
      finished_(context_, request);
      spin = Spin();
      continue;
    }
    if (__atomic_load_n(&closing_, __ATOMIC_SEQ_CST) != 0) break;
    // Callers often come back at once: batch after batch, or a server under load.
    while (__atomic_load_n(&submitted_, __ATOMIC_ACQUIRE) == seen && spin.more()) {
    }
    if (__atomic_load_n(&submitted_, __ATOMIC_ACQUIRE) != seen) continue;
    __atomic_store_n(&sleeping_, 1u, __ATOMIC_SEQ_CST);
    wait_while(&submitted_, seen);
    __atomic_store_n(&sleeping_, 0u, __ATOMIC_SEQ_CST);
    spin = Spin();
  }
  pool_.stop();
  for (int32_t i = 0; i < started_; i++) pthread_join(helpers_[i].thread, nullptr);
  pool_.release_memory();
  finished_(context_, nullptr);
}

double Device::execute(Request* request) {
  if (request->program == nullptr) return measure(request->limit, request->rounds);
  if (grow_arena(request->arena_bytes) != STATUS_DONE) return STATUS_NO_MEMORY;
  Binding binding = {};
  for (int32_t i = 0; i < SIZE_COUNT; i++) binding.sizes[i] = request->sizes[i];
  binding.offsets = request->offsets;
  binding.arena = arena_;
  binding.inputs = request->inputs;
  binding.outputs = request->outputs;
  const Status status = request->program->bind(&binding, &pool_);
  if (status != STATUS_DONE) return status;
  const int32_t steps = request->program->steps();
  double* times = request->times;
  for (int32_t step = 0; step < steps; step++) {
    if (__atomic_load_n(&closing_, __ATOMIC_RELAXED) != 0) return STATUS_CLOSED;
    if (__atomic_load_n(&request->aborted, __ATOMIC_RELAXED) != 0) return STATUS_ABORTED;
    if (times != nullptr) times[step] = 1000 * (seconds() - request->submitted);
    request->program->execute(step, step + 1, &pool_);
  }
  if (times != nullptr) times[steps] = 1000 * (seconds() - request->submitted);
  return STATUS_DONE;
}

Status Device::grow_arena(double bytes) {
  if (bytes <= arena_bytes_) return STATUS_DONE;
  if (arena_ != nullptr) release(arena_);
  arena_ = static_cast<char*>(allocate(static_cast<size_t>(bytes)));
  arena_bytes_ = arena_ == nullptr ? 0 : bytes;
  return arena_ == nullptr ? STATUS_NO_MEMORY : STATUS_DONE;
}

double Device::measure(int32_t limit, int64_t rounds) {
  if (limit == LIMIT_MEMORY) return measure_reading(rounds);
  run_peak(kernels_, &pool_, limit, rounds / 16 + 1);  // so that every thread is awake
  const double start = seconds();
  const double operations = run_peak(kernels_, &pool_, limit, rounds);
  return operations / (seconds() - start);
}

double Device::measure_reading(int64_t rounds) {
  char* memory = static_cast<char*>(allocate(READING_BYTES));
  if (memory == nullptr) return 0;
  memset(memory, 0, READING_BYTES);
  run_reading(kernels_, &pool_, memory, READING_BYTES, 1);
  const double start = seconds();
  const double bytes = run_reading(kernels_, &pool_, memory, READING_BYTES, rounds);
  const double rate = bytes / (seconds() - start);
  release(memory);
  return rate;
}

}  // namespace cloze
