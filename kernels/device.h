// A native executor: a queue of requests, the thread that works through it, and the pool that it computes with.
#pragma once
#include <pthread.h>

#include "host.h"
#include "interpreter.h"

namespace cloze {

// One run of a program, or, without a program, one measurement of what the machine can do. Requests are recycled, and so is their
// memory: a run allocates nothing once its like has run before.
struct Request {
  Program* program;
  int32_t sizes[SIZE_COUNT];
  double arena_bytes;
  uint32_t id;        // the caller's name for it, to abort it by
  uint32_t aborted;   // looked at between steps
  double result;      // a Status, or of a measurement the operations or bytes a second
  int32_t limit;      // of a measurement: what, and how long
  int64_t rounds;
  void* owner;        // the caller's own
  double* times;      // null, or where to write when each step began and the last one ended, in ms since `submit`
  double submitted;   // in seconds of the device's clock

  // Copies, so that nothing the caller does to its arrays meanwhile reaches a kernel.
  double* offsets;
  void** inputs;
  void** outputs;  // not copied: where results go

  char* block;
  size_t block_bytes;
  Request* next;      // in the queue, or among the free
  Request* next_made;  // all that the device ever made
};

class Device {
 public:
  // `finished` is called on the device's own thread: for each request, and with null once no more will come.
  static Device* create(const KernelSet* kernels, int32_t threads, void (*finished)(void* context, Request*),
                        void* context);

  // A request with room for `bytes` of inputs besides its tables; null when there is no memory. `input_memory` then
  // holds the inputs one after another, each aligned.
  Request* prepare(Program* program, size_t bytes, char** input_memory);
  void submit(Request* request);
  void abort(uint32_t id);
  void recycle(Request* request);

  // Lets the running request stop after its step and ends all that wait with STATUS_CLOSED.
  void close();
  // After `close`: waits for the threads and frees everything, requests too.
  void destroy();

 private:
  Device(const KernelSet* kernels, int32_t threads) : pool_(threads), kernels_(kernels) {}
  bool start();
  static void* dispatcher_main(void* device);
  static void* helper_main(void* helper);
  void dispatch();
  Request* take();
  double execute(Request* request);
  double measure(int32_t limit, int64_t rounds);
  double measure_reading(int64_t rounds);
  Status grow_arena(double bytes);

  struct Helper {
    Device* device;
    int32_t index;
    pthread_t thread;
  };

  ThreadPool pool_;
  const KernelSet* kernels_;
  void (*finished_)(void* context, Request*) = nullptr;
  void* context_ = nullptr;
  Helper* helpers_ = nullptr;
  int32_t started_ = 0;  // helpers that run
  pthread_t dispatcher_;

  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;  // guards the lists
  Request* first_ = nullptr;
  Request* last_ = nullptr;
  Request* running_ = nullptr;
  Request* free_ = nullptr;
  Request* made_ = nullptr;
  alignas(64) uint32_t submitted_ = 0;  // counts; the dispatcher sleeps on it
  uint32_t sleeping_ = 0;
  uint32_t closing_ = 0;

  char* arena_ = nullptr;
  double arena_bytes_ = 0;
};

}  // namespace cloze
