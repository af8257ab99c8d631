// What the machine around the kernels (pool, interpreter, doors) asks of the place it runs in. host_native.cc answers
// with pthreads and futexes, host_wasm.cc with WebAssembly's own atomics and memory.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace cloze {

// Memory aligned to 64 bytes, its content undefined; null when there is none.
void* allocate(size_t bytes);
void release(void* memory);

// Sleeps until `word` is woken, or returns at once when it is not `seen` any more. May return early: check again.
void wait_while(uint32_t* word, uint32_t seen);
void wake(uint32_t* word, int32_t sleepers);

// Busy waiting, for the time in which a sleep would cost more than it saves: `while (spin.more()) { look }`.
// Sleeping and waking cost up to 50 us on a virtual machine, so that is how long it is worth to look.
class Spin {
 public:
  bool more();

 private:
  [[maybe_unused]] uint64_t started_ = 0;  // where there is a clock
  uint32_t rounds_ = 0;
};

}  // namespace cloze
