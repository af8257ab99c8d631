// Numbers as checkpoints store them, to numbers as kernels read them.
#pragma once
#include "kernel.h"

namespace cloze {

// Bytes of one number of a STORED_* type; 0 for no such type.
size_t stored_bytes(int32_t stored_type);

// Converts `count` numbers; `source` need not be aligned. Integers beyond i32 become its largest or smallest.
void convert_to_f32(const KernelSet* kernels, int32_t type, const void* source, size_t count, float* destination);
void convert_to_i32(int32_t type, const void* source, size_t count, int32_t* destination);

// A tensor of `rows` x `columns` that is filled part by part, in its layout, never held a second time.
struct StoredTensor {
  void* data;
  int32_t rows;
  int32_t columns;
  int32_t layout;
  int32_t type;
};
size_t tensor_bytes(const KernelSet* kernels, const StoredTensor* tensor);
// Rows [from, to) from their stored form, which `scales`, of each row, multiply where they are given. False when there is
// no memory for the conversion.
bool fill_rows(const KernelSet* kernels, const StoredTensor* tensor, int32_t from, int32_t to, int32_t type,
               const char* source, const float* scales);

}  // namespace cloze
