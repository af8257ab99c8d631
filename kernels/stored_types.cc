#include "stored_types.h"

#include "host.h"
#include "narrow_weight.h"
#include "opcodes.h"

namespace cloze {

namespace {
const size_t CHUNK = 1 << 16;  // numbers converted at a time before they are packed: 256 kB, which stays in the cache

const size_t BYTES[] = {8, 4, 2, 2, 8, 4, 2, 1, 1, 1};  // in the order of STORED_TYPES
static_assert(STORED_F64 == 0 && STORED_BF16 == 3 && STORED_I64 == 4 && STORED_BOOL == 9, "BYTES is in another order");

bool is_aligned(const void* pointer, size_t to) { return reinterpret_cast<uintptr_t>(pointer) % to == 0; }

int32_t clamp_to_i32(double number) {
  if (!(number > -2147483648.0)) return INT32_MIN;
  return number < 2147483647.0 ? static_cast<int32_t>(number) : INT32_MAX;
}

int32_t clamp_to_i32(int64_t number) {
  if (number < INT32_MIN) return INT32_MIN;
  return number > INT32_MAX ? INT32_MAX : static_cast<int32_t>(number);
}

// Reads numbers of type S, wherever they lie, and hands each to `convert`.
template <typename S, typename D, typename Convert>
void convert_each(const void* source, size_t count, D* destination, Convert convert) {
  const char* bytes = static_cast<const char*>(source);
  for (size_t i = 0; i < count; i++) {
    S number;
    __builtin_memcpy(&number, bytes + i * sizeof(S), sizeof(S));
    destination[i] = convert(number);
  }
}

// Halves go through the instruction set's own conversion, which wants them aligned.
void widen(void (*kernel)(float*, const uint16_t*, size_t), const void* source, size_t count, float* destination) {
  if (is_aligned(source, 2)) return kernel(destination, static_cast<const uint16_t*>(source), count);
  uint16_t aligned[256];
  const char* bytes = static_cast<const char*>(source);
  for (size_t i = 0; i < count; i += 256) {
    const size_t n = count - i < 256 ? count - i : 256;
    __builtin_memcpy(aligned, bytes + 2 * i, 2 * n);
    kernel(destination + i, aligned, n);
  }
}
}  // namespace

size_t stored_bytes(int32_t type) { return type < 0 || type > STORED_BOOL ? 0 : BYTES[type]; }

void convert_to_f32(const KernelSet* kernels, int32_t type, const void* source, size_t count, float* destination) {
  const auto to_float = [](auto number) { return static_cast<float>(number); };
  switch (type) {
    case STORED_F64: return convert_each<double>(source, count, destination, to_float);
    case STORED_F32: __builtin_memcpy(destination, source, count * sizeof(float)); return;
    case STORED_F16: return widen(kernels->widen_f16, source, count, destination);
    case STORED_BF16: return widen(kernels->widen_bf16, source, count, destination);
    case STORED_I64: return convert_each<int64_t>(source, count, destination, to_float);
    case STORED_I32: return convert_each<int32_t>(source, count, destination, to_float);
    case STORED_I16: return convert_each<int16_t>(source, count, destination, to_float);
    case STORED_I8: return convert_each<int8_t>(source, count, destination, to_float);
    default: return convert_each<uint8_t>(source, count, destination, to_float);
  }
}

void convert_to_i32(int32_t type, const void* source, size_t count, int32_t* destination) {
  const auto from_integer = [](auto number) { return clamp_to_i32(static_cast<int64_t>(number)); };
  const auto from_float = [](auto number) { return clamp_to_i32(static_cast<double>(number)); };
  switch (type) {
    case STORED_F64: return convert_each<double>(source, count, destination, from_float);
    case STORED_F32: return convert_each<float>(source, count, destination, from_float);
    case STORED_I64: return convert_each<int64_t>(source, count, destination, from_integer);
    case STORED_I16: return convert_each<int16_t>(source, count, destination, from_integer);
    case STORED_I8: return convert_each<int8_t>(source, count, destination, from_integer);
    case STORED_U8:
    case STORED_BOOL: return convert_each<uint8_t>(source, count, destination, from_integer);
    default: __builtin_memcpy(destination, source, count * sizeof(int32_t)); return;
  }
}

size_t tensor_bytes(const KernelSet* kernels, const StoredTensor* tensor) {
  const int32_t words = words_of_row(tensor->type, tensor->columns);
  const size_t scales = scale_bytes(tensor->type, tensor->rows);
  if (tensor->layout == LAYOUT_PACKED) return scales + kernels->packed_bytes(tensor->rows, words);
  return scales + static_cast<size_t>(tensor->rows) * static_cast<size_t>(words) * sizeof(float);
}

namespace {
// Rows [from, to) of a tensor, `numbers` their words, to where they belong.
void place_rows(const KernelSet* kernels, const StoredTensor* tensor, int32_t from, int32_t to, const float* numbers) {
  const int32_t words = words_of_row(tensor->type, tensor->columns);
  float* data = reinterpret_cast<float*>(words_of(tensor->data, tensor->type, tensor->rows));
  if (tensor->layout == LAYOUT_PACKED) return kernels->pack(data, tensor->rows, words, numbers, from, to);
  const size_t row = static_cast<size_t>(words) * sizeof(float);
  __builtin_memcpy(data + static_cast<size_t>(from) * static_cast<size_t>(words), numbers, static_cast<size_t>(to - from) * row);
}

// Rows [from, to) of f32 to words of bf16 or int8, in place: they need less room.
void narrow_rows(const KernelSet* kernels, const StoredTensor* tensor, int32_t from, int32_t to, float* numbers) {
  const int32_t columns = tensor->columns, words = words_of_row(tensor->type, columns);
  for (int32_t row = from; row < to; row++) {
    const float* source = numbers + static_cast<size_t>(row - from) * static_cast<size_t>(columns);
    uint32_t* narrow = reinterpret_cast<uint32_t*>(numbers) + static_cast<size_t>(row - from) * static_cast<size_t>(words);
    if (tensor->type == TYPE_BF16) {
      kernels->narrow_bf16(narrow, source, columns);
      continue;
    }
    const RowScale scale = kernels->narrow_int8(narrow, source, columns);
    scales_of(tensor->data)[row] = scale.scale;
    sums_of(tensor->data, tensor->rows)[row] = scale.sum;
  }
}
// Rows that were quantized before: integers as they are, and their scales.
void adopt_rows(const StoredTensor* tensor, int32_t from, int32_t to, const char* source, const float* scales, uint32_t* words) {
  const size_t columns = static_cast<size_t>(tensor->columns), row_words = static_cast<size_t>(words_of_row(TYPE_INT8, tensor->columns));
  for (int32_t row = from; row < to; row++, source += columns, words += row_words) {
    if (row_words > 0) words[row_words - 1] = 0;
    __builtin_memcpy(words, source, columns);
    int32_t sum = 0;
    for (size_t i = 0; i < columns; i++) sum += static_cast<int8_t>(source[i]);
    scales_of(tensor->data)[row] = scales[row - from];
    sums_of(tensor->data, tensor->rows)[row] = sum;
  }
}

void scale_rows(float* numbers, int32_t rows, size_t columns, const float* scales) {
  for (int32_t row = 0; row < rows; row++, numbers += columns) {
    for (size_t i = 0; i < columns; i++) numbers[i] *= scales[row];
  }
}
}  // namespace

bool fill_rows(const KernelSet* kernels, const StoredTensor* tensor, int32_t from, int32_t to, int32_t type,
               const char* source, const float* scales) {
  const size_t columns = static_cast<size_t>(tensor->columns);
  if (tensor->type == TYPE_I32) {
    const size_t start = static_cast<size_t>(from) * columns;
    convert_to_i32(type, source, static_cast<size_t>(to - from) * columns, static_cast<int32_t*>(tensor->data) + start);
    return true;
  }
  const bool narrow = is_narrow(tensor->type);
  if (type == STORED_F32 && is_aligned(source, sizeof(float)) && !narrow) {
    place_rows(kernels, tensor, from, to, reinterpret_cast<const float*>(source));
    return true;
  }
  const int32_t chunk = columns >= CHUNK ? 1 : static_cast<int32_t>(CHUNK / (columns == 0 ? 1 : columns));
  float* converted = static_cast<float*>(allocate(static_cast<size_t>(chunk) * columns * sizeof(float)));
  if (converted == nullptr) return false;
  for (int32_t row = from; row < to; row += chunk) {
    const int32_t end = to - row < chunk ? to : row + chunk;
    const char* rows = source + static_cast<size_t>(row - from) * columns * stored_bytes(type);
    const float* row_scales = scales == nullptr ? nullptr : scales + (row - from);
    if (type == STORED_I8 && scales != nullptr && tensor->type == TYPE_INT8) {
      adopt_rows(tensor, row, end, rows, row_scales, reinterpret_cast<uint32_t*>(converted));
    } else {
      convert_to_f32(kernels, type, rows, static_cast<size_t>(end - row) * columns, converted);
      if (scales != nullptr) scale_rows(converted, end - row, columns, row_scales);
      if (narrow) narrow_rows(kernels, tensor, row, end, converted);
    }
    place_rows(kernels, tensor, row, end, converted);
  }
  release(converted);
  return true;
}

}  // namespace cloze
