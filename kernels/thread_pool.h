// The threads that compute. One job at a time: the tiles of one kernel call, claimed one by one by whoever is free, so
// that a core taken by something else delays its own tile and nothing more.
#pragma once
#include "kernel.h"

namespace cloze {

class ThreadPool {
 public:
  // For `threads` threads: the one that calls `run`, and helpers, each of which the owner starts on `help`.
  explicit ThreadPool(int32_t threads) : threads_(threads) {}

  int32_t threads() const { return threads_; }

  // Makes sure that every thread has that much scratch. Not while a job runs. False when there is no memory.
  bool reserve_scratch(size_t bytes);

  // The same for memory that all threads see.
  bool reserve_shared(size_t bytes);
  char* shared() const { return shared_; }

  // Computes all tiles of the call and returns when the last one is done. Only one thread may call this.
  void run(const Kernel* kernel, const Call* call, int32_t tiles);

  // The life of helper 1 <= thread < threads(): returns after `stop`.
  void help(int32_t thread);
  void stop();
  // After all helpers have returned.
  void release_memory();

 private:
  bool work(int32_t thread);
  void wait_for_helpers(int32_t tiles);
  void release_scratch();
  void release_shared();

  // The number of the job in the upper half, its tiles not yet claimed in the lower: a claim that succeeds proves that
  // the job read before it is still the current one.
  alignas(64) uint64_t claim_ = 0;
  alignas(64) uint32_t done_ = 0;      // tiles finished
  alignas(64) uint32_t published_ = 0;  // number of the latest job; helpers sleep on it
  uint32_t sleepers_ = 0;
  uint32_t awaited_ = 0;  // 1 while the caller sleeps on done_
  uint32_t stopped_ = 0;
  // The job; stable as long as tiles are left to claim.
  alignas(64) const Kernel* kernel_ = nullptr;
  const Call* call_ = nullptr;
  int32_t tiles_ = 0;

  const int32_t threads_;
  char* scratch_ = nullptr;
  size_t scratch_bytes_ = 0;  // of one thread
  char* shared_ = nullptr;
  size_t shared_bytes_ = 0;
};

}  // namespace cloze
