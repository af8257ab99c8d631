#include "stored_types.h"

#include "host.h"
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
  if (tensor->layout == LAYOUT_PACKED) return kernels->packed_bytes(tensor->rows, tensor->columns);
  return static_cast<size_t>(tensor->rows) * static_cast<size_t>(tensor->columns) * sizeof(float);
}

bool fill_rows(const KernelSet* kernels, const StoredTensor* tensor, int32_t from, int32_t to, int32_t type,
               const char* source) {
  const size_t columns = static_cast<size_t>(tensor->columns);
  if (tensor->layout == LAYOUT_ROWS) {
    const size_t start = static_cast<size_t>(from) * columns;
    const size_t count = static_cast<size_t>(to - from) * columns;
    if (tensor->type == TYPE_I32) convert_to_i32(type, source, count, static_cast<int32_t*>(tensor->data) + start);
    else convert_to_f32(kernels, type, source, count, static_cast<float*>(tensor->data) + start);
    return true;
  }
  float* packed = static_cast<float*>(tensor->data);
  if (type == STORED_F32 && is_aligned(source, sizeof(float))) {
    kernels->pack(packed, tensor->rows, tensor->columns, reinterpret_cast<const float*>(source), from, to);
    return true;
  }
  const int32_t chunk = columns >= CHUNK ? 1 : static_cast<int32_t>(CHUNK / (columns == 0 ? 1 : columns));
  float* converted = static_cast<float*>(allocate(static_cast<size_t>(chunk) * columns * sizeof(float)));
  if (converted == nullptr) return false;
  for (int32_t row = from; row < to; row += chunk) {
    const int32_t end = to - row < chunk ? to : row + chunk;
    const char* rows = source + static_cast<size_t>(row - from) * columns * stored_bytes(type);
    convert_to_f32(kernels, type, rows, static_cast<size_t>(end - row) * columns, converted);
    kernels->pack(packed, tensor->rows, tensor->columns, converted, row, end);
  }
  release(converted);
  return true;
}

}  // namespace cloze
