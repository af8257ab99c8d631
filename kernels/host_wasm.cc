// The surroundings of a WebAssembly module: one linear memory, no clock, and no C library. Only the thread that leads
// allocates, so the allocator needs no lock.
#include "host.h"

namespace cloze {

namespace {
const size_t ALIGNMENT = 64;
const size_t PAGE = 65536;
const uint32_t SPIN_ROUNDS = 10000;  // about 50 us of looking at one word

// A block of memory, free or not, starts with this; what it holds follows after ALIGNMENT bytes.
struct Block {
  size_t bytes;  // with the header
  Block* next;   // of a free block: the next free one, by address
};

Block* free_blocks = nullptr;
uintptr_t heap_end = 0;
extern "C" char __heap_base;  // set by the linker

size_t align(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

uintptr_t end_of(const Block* block) { return reinterpret_cast<uintptr_t>(block) + block->bytes; }

// Puts a block among the free ones and joins it with its neighbours.
void give_back(Block* block) {
  Block** link = &free_blocks;
  Block* before = nullptr;
  while (*link != nullptr && *link < block) {
    before = *link;
    link = &before->next;
  }
  block->next = *link;
  *link = block;
  if (block->next != nullptr && end_of(block) == reinterpret_cast<uintptr_t>(block->next)) {
    block->bytes += block->next->bytes;
    block->next = block->next->next;
  }
  if (before != nullptr && end_of(before) == reinterpret_cast<uintptr_t>(block)) {
    before->bytes += block->bytes;
    before->next = block->next;
  }
}

// Makes the memory larger, by as much as the free block at its end lacks to hold `bytes`.
bool grow(size_t bytes) {
  if (heap_end == 0) heap_end = align(reinterpret_cast<uintptr_t>(&__heap_base), ALIGNMENT);
  Block* last = free_blocks;
  while (last != nullptr && last->next != nullptr) last = last->next;
  const size_t there = last != nullptr && end_of(last) == heap_end ? last->bytes : 0;
  const size_t reserved = static_cast<size_t>(__builtin_wasm_memory_size(0)) * PAGE - heap_end;
  const size_t missing = bytes - there;
  size_t added = reserved;
  if (missing > reserved) {
    const size_t pages = (missing - reserved + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == static_cast<size_t>(-1)) return false;
    added += pages * PAGE;
  }
  Block* block = reinterpret_cast<Block*>(heap_end);
  block->bytes = added;
  heap_end += added;
  give_back(block);
  return true;
}
}  // namespace

void* allocate(size_t bytes) {
  if (bytes > SIZE_MAX - 2 * PAGE) return nullptr;
  const size_t needed = align(bytes == 0 ? 1 : bytes, ALIGNMENT) + ALIGNMENT;
  for (;;) {
    for (Block** link = &free_blocks; *link != nullptr; link = &(*link)->next) {
      Block* block = *link;
      if (block->bytes < needed) continue;
      *link = block->next;
      if (block->bytes - needed >= 2 * ALIGNMENT) {
        Block* rest = reinterpret_cast<Block*>(reinterpret_cast<uintptr_t>(block) + needed);
        rest->bytes = block->bytes - needed;
        rest->next = block->next;
        *link = rest;
        block->bytes = needed;
      }
      return reinterpret_cast<char*>(block) + ALIGNMENT;
    }
    if (!grow(needed)) return nullptr;
  }
}

void release(void* memory) { give_back(reinterpret_cast<Block*>(static_cast<char*>(memory) - ALIGNMENT)); }

#if defined(__wasm_atomics__)
void wait_while(uint32_t* word, uint32_t seen) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(word), static_cast<int>(seen), -1);
}

void wake(uint32_t* word, int32_t sleepers) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(word), static_cast<unsigned>(sleepers));
}
#else
// One thread: there is no one to wait for.
void wait_while(uint32_t*, uint32_t) {}
void wake(uint32_t*, int32_t) {}
#endif

bool Spin::more() { return rounds_++ < SPIN_ROUNDS; }

}  // namespace cloze

// What the compiler calls where it does not copy or fill in line; each is one instruction here.
extern "C" void* memcpy(void* destination, const void* source, size_t bytes) {
  return __builtin_memcpy(destination, source, bytes);
}
extern "C" void* memmove(void* destination, const void* source, size_t bytes) {
  return __builtin_memmove(destination, source, bytes);
}
extern "C" void* memset(void* destination, int byte, size_t bytes) {
  return __builtin_memset(destination, byte, bytes);
}
