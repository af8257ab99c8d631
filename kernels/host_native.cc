// The surroundings of a native process.
#include "host.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace cloze {

namespace {
const size_t ALIGNMENT = 64;
const uint64_t SPIN_NANOSECONDS = 50000;
const uint32_t ROUNDS_PER_LOOK = 32;  // reading the clock takes about as long as a few pauses

uint64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
}  // namespace

void* allocate(size_t bytes) {
  if (bytes == 0) bytes = ALIGNMENT;
#if defined(_WIN32)
  return _aligned_malloc(bytes, ALIGNMENT);
#else
  // Large blocks on huge pages: a matmul walks megabytes of weights, and 4 kB pages outrun the TLB.
  const size_t huge = 2 << 20;
  const bool large = bytes >= huge;
  void* memory = nullptr;
  if (posix_memalign(&memory, large ? huge : ALIGNMENT, bytes) != 0) return nullptr;
#if defined(MADV_HUGEPAGE)
  if (large) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
#endif
}

void release(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  free(memory);
#endif
}

#if defined(__linux__)
void wait_while(uint32_t* word, uint32_t seen) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

void wake(uint32_t* word, int32_t sleepers) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, sleepers, nullptr, nullptr, 0);
}
#else
// No futex in reach: one condition for all words. Sleepers of other words wake too, look, and sleep again.
static pthread_mutex_t words = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void wait_while(uint32_t* word, uint32_t seen) {
  pthread_mutex_lock(&words);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == seen) pthread_cond_wait(&changed, &words);
  pthread_mutex_unlock(&words);
}

void wake(uint32_t*, int32_t) {
  pthread_mutex_lock(&words);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&words);
}
#endif

bool Spin::more() {
  if (rounds_++ % ROUNDS_PER_LOOK == 0) {
    const uint64_t now = nanoseconds();
    if (started_ == 0) started_ = now;
    if (now - started_ > SPIN_NANOSECONDS) return false;
  }
  pause();
  return true;
}

}  // namespace cloze
