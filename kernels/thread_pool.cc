#include "thread_pool.h"

#include "host.h"

namespace cloze {

bool ThreadPool::reserve_scratch(size_t bytes) {
  if (bytes <= scratch_bytes_) return true;
  release_scratch();
  bytes = (bytes + 4095) & ~static_cast<size_t>(4095);  // whole pages: no line, and no page, is shared by two threads
  scratch_ = static_cast<char*>(allocate(bytes * static_cast<size_t>(threads_)));
  if (scratch_ == nullptr) return false;
  scratch_bytes_ = bytes;
  return true;
}

bool ThreadPool::reserve_shared(size_t bytes) {
  if (bytes <= shared_bytes_) return true;
  release_shared();
  shared_ = static_cast<char*>(allocate(bytes));
  if (shared_ == nullptr) return false;
  shared_bytes_ = bytes;
  return true;
}

void ThreadPool::release_memory() {
  release_scratch();
  release_shared();
}

void ThreadPool::release_scratch() {
  if (scratch_ != nullptr) release(scratch_);
  scratch_ = nullptr;
  scratch_bytes_ = 0;
}

void ThreadPool::release_shared() {
  if (shared_ != nullptr) release(shared_);
  shared_ = nullptr;
  shared_bytes_ = 0;
}

void ThreadPool::run(const Kernel* kernel, const Call* call, int32_t tiles) {
  if (tiles <= 1 || threads_ == 1) {
    for (int32_t tile = 0; tile < tiles; tile++) kernel->run(call, tile, scratch_);
    return;
  }
  __atomic_store_n(&kernel_, kernel, __ATOMIC_RELAXED);
  __atomic_store_n(&call_, call, __ATOMIC_RELAXED);
  __atomic_store_n(&tiles_, tiles, __ATOMIC_RELAXED);
  __atomic_store_n(&done_, 0u, __ATOMIC_RELAXED);
  const uint32_t job = published_ + 1;
  __atomic_store_n(&claim_, static_cast<uint64_t>(job) << 32 | static_cast<uint32_t>(tiles), __ATOMIC_SEQ_CST);
  __atomic_store_n(&published_, job, __ATOMIC_SEQ_CST);
  // A helper counts itself a sleeper before it looks for a job for the last time: one of the two sees the other.
  if (__atomic_load_n(&sleepers_, __ATOMIC_SEQ_CST) > 0) wake(&published_, tiles - 1);
  while (work(0)) {
  }
  wait_for_helpers(tiles);
}

bool ThreadPool::work(int32_t thread) {
  uint64_t seen = __atomic_load_n(&claim_, __ATOMIC_ACQUIRE);
  for (;;) {
    const int32_t left = static_cast<int32_t>(seen & 0xffffffffu);
    if (left == 0) return false;
    const Kernel* kernel = __atomic_load_n(&kernel_, __ATOMIC_RELAXED);
    const Call* call = __atomic_load_n(&call_, __ATOMIC_RELAXED);
    const int32_t tiles = __atomic_load_n(&tiles_, __ATOMIC_RELAXED);
    if (!__atomic_compare_exchange_n(&claim_, &seen, seen - 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    kernel->run(call, tiles - left, scratch_ + static_cast<size_t>(thread) * scratch_bytes_);
    const uint32_t done = __atomic_add_fetch(&done_, 1u, __ATOMIC_SEQ_CST);
    if (done == static_cast<uint32_t>(tiles) && __atomic_load_n(&awaited_, __ATOMIC_SEQ_CST) != 0) wake(&done_, 1);
    return true;
  }
}

void ThreadPool::wait_for_helpers(int32_t tiles) {
  const uint32_t all = static_cast<uint32_t>(tiles);
  Spin spin;
  while (__atomic_load_n(&done_, __ATOMIC_ACQUIRE) != all) {
    if (spin.more()) continue;
    __atomic_store_n(&awaited_, 1u, __ATOMIC_SEQ_CST);
    const uint32_t done = __atomic_load_n(&done_, __ATOMIC_SEQ_CST);
    if (done != all) wait_while(&done_, done);
    __atomic_store_n(&awaited_, 0u, __ATOMIC_SEQ_CST);
  }
}

void ThreadPool::help(int32_t thread) {
  while (__atomic_load_n(&stopped_, __ATOMIC_ACQUIRE) == 0) {
    Spin spin;
    while (spin.more()) {
      if (work(thread)) spin = Spin();
    }
    __atomic_add_fetch(&sleepers_, 1u, __ATOMIC_SEQ_CST);
    const uint32_t published = __atomic_load_n(&published_, __ATOMIC_SEQ_CST);
    const bool idle = (__atomic_load_n(&claim_, __ATOMIC_SEQ_CST) & 0xffffffffu) == 0;
    if (idle && __atomic_load_n(&stopped_, __ATOMIC_SEQ_CST) == 0) wait_while(&published_, published);
    __atomic_sub_fetch(&sleepers_, 1u, __ATOMIC_SEQ_CST);
  }
}

void ThreadPool::stop() {
  __atomic_store_n(&stopped_, 1u, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&published_, 1u, __ATOMIC_SEQ_CST);
  wake(&published_, threads_);
}

}  // namespace cloze
