// Every kernel of every instruction set this processor runs, against plain loops in double. Prints what differs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "step.h"

using namespace cloze;

namespace {

int failures = 0;
std::mt19937 generator(7);

int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(generator); }

void expect(const KernelSet* set, const char* what, const Matrix& y, const std::function<double(int64_t, int64_t)>& value, double tolerance = 1e-5) {
  double largest = 0, worst = 0;
  int64_t row = 0, column = 0;
  for (int64_t r = 0; r < y.tensor.rows; r++) {
    for (int64_t c = 0; c < y.tensor.columns; c++) {
      const double expected = value(r, c), got = y.at(r, c);
      largest = std::max(largest, std::fabs(expected));
      double difference = std::fabs(expected - got);
      if (std::isnan(expected) != std::isnan(got)) difference = INFINITY;
      if (std::isnan(expected) && std::isnan(got)) difference = 0;
      if (expected == got) difference = 0;
      if (!(difference <= worst)) worst = difference, row = r, column = c;
    }
  }
  if (worst <= tolerance * std::max(1.0, largest)) return;
  failures++;
  std::printf("%s %s: %g at (%ld, %ld), expected %g, got %g\n", set->name, what, worst, row, column, value(row, column), double(y.at(row, column)));
}

void expect_same(const KernelSet* set, const char* what, const Matrix& a, int64_t a_row, const Matrix& b, int64_t b_row, int64_t rows) {
  for (int64_t r = 0; r < rows; r++) {
    if (std::memcmp(&a.at(a_row + r, 0), &b.at(b_row + r, 0), a.tensor.columns * 4) == 0) continue;
    failures++;
    std::printf("%s %s: row %ld has other bits\n", set->name, what, r);
    return;
  }
}

Matrix random(int64_t rows, int columns, int margin = 0, float size = 1) { return Matrix::floats(rows, columns, margin).random(generator, size); }

double activate(int word, double x) {
  switch (word) {
    case ACTIVATION_GELU: return x / 2 * std::erfc(-x / std::sqrt(2.0));
    case ACTIVATION_GELU_NEW: return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case ACTIVATION_RELU: return x < 0 ? 0 : x;
    case ACTIVATION_SILU: return x / (1 + std::exp(-x));
    case ACTIVATION_TANH: return std::tanh(x);
    case ACTIVATION_SIGMOID: return 1 / (1 + std::exp(-x));
    case ACTIVATION_QUICK_GELU: return x / (1 + std::exp(-1.702 * x));
    case ACTIVATION_RELU_SQUARED: return x < 0 ? 0 : x * x;
    default: return x;
  }
}
constexpr int ACTIVATION_COUNT = ACTIVATION_RELU_SQUARED + 1;

void check_linear(const KernelSet* set) {
  const int sizes[] = {1, 2, 3, 7, 17, 48, 67, 128, 385};
  for (int n : sizes) for (int k : sizes) for (int m : {0, 1, 2, 5, 9, 17, 67, 130}) {
    if (static_cast<int64_t>(m) * n * k > 2000000) continue;
    const int activation = pick(0, ACTIVATION_COUNT - 1);
    const bool rows_layout = pick(0, 2) == 0, has_bias = pick(0, 1), has_residual = pick(0, 1);
    const Matrix x = random(m, k, pick(0, 1) * 3), weight = random(n, k, 0, 1 / std::sqrt(static_cast<float>(k))), bias = random(1, n), residual = random(m, n, 2);
    const Matrix used = rows_layout ? weight : packed(set, weight);
    Matrix y = Matrix::floats(m, n, pick(0, 1) * 5);
    StepCall step(set, OP_LINEAR);
    step.in(LINEAR_IN_X, x).in(LINEAR_IN_WEIGHT, used).out(LINEAR_OUT_Y, y).integer(LINEAR_INT_ACTIVATION, activation);
    if (has_bias) step.in(LINEAR_IN_BIAS, bias);
    if (has_residual) step.in(LINEAR_IN_RESIDUAL, residual);
    step.run();
    char what[100];
    std::snprintf(what, sizeof what, "linear %dx%dx%d activation %d bias %d residual %d rows %d", m, k, n, activation, has_bias, has_residual, rows_layout);
    expect(set, what, y, [&](int64_t r, int64_t c) {
      double sum = has_bias ? bias.at(0, c) : 0;
      for (int i = 0; i < k; i++) sum += static_cast<double>(x.at(r, i)) * weight.at(c, i);
      return activate(activation, sum) + (has_residual ? residual.at(r, c) : 0);
    });
    // A row alone gets the bits that it gets among others.
    if (m < 2) continue;
    const int row = pick(0, m - 1);
    Matrix alone = Matrix::floats(1, k), one = Matrix::floats(1, n), rest = Matrix::floats(1, n);
    for (int i = 0; i < k; i++) alone.at(0, i) = x.at(row, i);
    for (int i = 0; i < n; i++) rest.at(0, i) = residual.at(row, i);
    step.in(LINEAR_IN_X, alone).out(LINEAR_OUT_Y, one);
    if (has_residual) step.in(LINEAR_IN_RESIDUAL, rest);
    step.run();
    expect_same(set, what, y, row, one, 0, 1);
  }
}

void check_packing(const KernelSet* set) {
  for (int n : {1, 2, 3, 17, 48, 49, 67, 385}) for (int k : {1, 3, 17, 64, 385}) {
    const Matrix weight = random(n, k);
    const size_t bytes = set->packed_bytes(n, k);
    std::vector<float> whole(bytes / 4, 1), parts(bytes / 4, 2);
    const float* source = static_cast<const float*>(weight.tensor.data);
    set->pack(whole.data(), n, k, source, 0, n);
    for (int from = 0; from < n;) {
      const int to = std::min(n, from + pick(1, 40));
      set->pack(parts.data(), n, k, source + static_cast<size_t>(from) * k, from, to);
      from = to;
    }
    Matrix back = Matrix::floats(n, k);
    set->unpack(static_cast<float*>(back.tensor.data), n, k, whole.data());
    if (std::memcmp(whole.data(), parts.data(), bytes) != 0) failures++, std::printf("%s packing %dx%d in parts differs\n", set->name, n, k);
    expect_same(set, "unpack", weight, 0, back, 0, n);
  }
}

void check_matmul(const KernelSet* set) {
  for (int m : {0, 1, 3, 17, 67, 300}) for (int n : {1, 3, 17, 67, 128}) for (int k : {1, 3, 17, 385}) for (int flags = 0; flags < 4; flags++) {
    const bool ta = flags & 1, tb = flags & 2;
    const Matrix a = ta ? random(k, m, 1) : random(m, k, 2), b = tb ? random(n, k) : random(k, n, 3);
    Matrix y = Matrix::floats(m, n, 1);
    StepCall(set, OP_MATMUL).in(MATMUL_IN_A, a).in(MATMUL_IN_B, b).out(MATMUL_OUT_Y, y).integer(MATMUL_INT_TRANSPOSE_A, ta).integer(MATMUL_INT_TRANSPOSE_B, tb).run();
    expect(set, "matmul", y, [&](int64_t r, int64_t c) {
      double sum = 0;
      for (int i = 0; i < k; i++) sum += static_cast<double>(ta ? a.at(i, r) : a.at(r, i)) * (tb ? b.at(c, i) : b.at(i, c));
      return sum;
    });
  }
}

void check_activation(const KernelSet* set) {
  const int count = 200001;
  Matrix x = Matrix::floats(1, count), y = Matrix::floats(1, count);
  for (int i = 0; i < count; i++) x.at(0, i) = static_cast<float>((i - count / 2) * (i % 3 == 0 ? 1e-4 : 1.3e-4));
  const float special[] = {0, -0.0f, 30, -30, 88, -88, 100, -100, 1000, -1000, 1e18f, NAN, 1e-30f, -1e-30f, 1e-41f};
  for (size_t i = 0; i < sizeof special / 4; i++) x.at(0, static_cast<int64_t>(i) * 7 + 1) = special[i];
  for (int word = 0; word < ACTIVATION_COUNT; word++) {
    StepCall(set, OP_ACTIVATION).in(ACTIVATION_IN_X, x).out(ACTIVATION_OUT_Y, y).integer(ACTIVATION_INT_ACTIVATION, word).run();
    double worst = 0, at = 0;
    for (int i = 0; i < count; i++) {
      const double expected = activate(word, x.at(0, i));
      if (std::isnan(expected) && std::isnan(y.at(0, i))) continue;
      const double difference = expected == y.at(0, i) ? 0 : std::fabs(expected - y.at(0, i)) / std::max(1.0, std::fabs(expected));
      if (!(difference <= worst)) worst = difference, at = x.at(0, i);
    }
    if (std::getenv("SHOW") != nullptr) std::printf("%s activation %d: %.3g at %g\n", set->name, word, worst, at);
    if (!(worst <= 1e-6)) failures++, std::printf("%s activation %d: %g at %g\n", set->name, word, worst, at);
  }
  for (int columns : {1, 3, 17, 67, 385}) for (int activated : {0, 1}) for (int word = 0; word < ACTIVATION_COUNT; word++) {
    const Matrix wide = random(5, 2 * columns, 1, 3);
    Matrix gated = Matrix::floats(5, columns);
    StepCall(set, OP_GATED_UNIT).in(GATED_UNIT_IN_X, wide).out(GATED_UNIT_OUT_Y, gated).integer(GATED_UNIT_INT_ACTIVATION, word).integer(GATED_UNIT_INT_ACTIVATED, activated).run();
    expect(set, "gatedUnit", gated, [&](int64_t r, int64_t c) {
      return activate(word, wide.at(r, activated == 0 ? c : columns + c)) * wide.at(r, activated == 0 ? columns + c : c);
    });
  }
}

void check_rows(const KernelSet* set) {
  for (int rows : {0, 1, 3, 67, 400}) for (int d : {1, 2, 3, 8, 17, 64, 67, 385, 768}) {
    const Matrix x = random(rows, d, 2, 4), other = random(rows, d), row = random(1, d), column = random(rows, 1), bias = random(1, d);
    Matrix y = Matrix::floats(rows, d, 1);
    const auto combined = [&](int op, int a, int b, int out, const Matrix& right) {
      StepCall(set, op).in(a, x).in(b, right).out(out, y).run();
      expect(set, op == OP_ADD ? "add" : "multiply", y, [&](int64_t r, int64_t c) {
        const double number = right.at(right.tensor.rows == 1 ? 0 : r, right.tensor.columns == 1 ? 0 : c);
        return op == OP_ADD ? x.at(r, c) + number : x.at(r, c) * number;
      });
    };
    for (const Matrix* right : {&other, &row, &column}) {
      combined(OP_ADD, ADD_IN_A, ADD_IN_B, ADD_OUT_Y, *right);
      combined(OP_MULTIPLY, MULTIPLY_IN_A, MULTIPLY_IN_B, MULTIPLY_OUT_Y, *right);
    }
    StepCall(set, OP_AFFINE).in(AFFINE_IN_X, x).out(AFFINE_OUT_Y, y).number(AFFINE_FLOAT_FACTOR, 2.5f).number(AFFINE_FLOAT_TERM, -1).run();
    expect(set, "affine", y, [&](int64_t r, int64_t c) { return x.at(r, c) * 2.5 - 1; });
    std::vector<double> mean(rows), variance(rows), squares(rows), largest(rows), total(rows);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < d; c++) mean[r] += x.at(r, c) / static_cast<double>(d);
      for (int c = 0; c < d; c++) variance[r] += std::pow(x.at(r, c) - mean[r], 2) / d;
      largest[r] = -INFINITY;
      for (int c = 0; c < d; c++) squares[r] += std::pow(x.at(r, c), 2), largest[r] = std::max<double>(largest[r], x.at(r, c));
      for (int c = 0; c < d; c++) total[r] += std::exp(x.at(r, c) - largest[r]);
    }
    const bool has_bias = pick(0, 1), has_weight = pick(0, 1);
    StepCall norm(set, OP_LAYER_NORM);
    norm.in(LAYER_NORM_IN_X, x).out(LAYER_NORM_OUT_Y, y).number(LAYER_NORM_FLOAT_EPSILON, 1e-5f);
    if (has_weight) norm.in(LAYER_NORM_IN_WEIGHT, row);
    if (has_bias) norm.in(LAYER_NORM_IN_BIAS, bias);
    norm.run();
    expect(set, "layerNorm", y, [&](int64_t r, int64_t c) {
      return (x.at(r, c) - mean[r]) / std::sqrt(variance[r] + 1e-5f) * (has_weight ? row.at(0, c) : 1) + (has_bias ? bias.at(0, c) : 0);
    });
    StepCall(set, OP_RMS_NORM).in(RMS_NORM_IN_X, x).in(RMS_NORM_IN_WEIGHT, row).out(RMS_NORM_OUT_Y, y).number(RMS_NORM_FLOAT_EPSILON, 1e-5f).run();
    expect(set, "rmsNorm", y, [&](int64_t r, int64_t c) { return x.at(r, c) / std::sqrt(squares[r] / d + 1e-5f) * row.at(0, c); });
    StepCall(set, OP_NORMALIZE).in(NORMALIZE_IN_X, x).out(NORMALIZE_OUT_Y, y).number(NORMALIZE_FLOAT_EPSILON, 1e-12f).run();
    expect(set, "normalize", y, [&](int64_t r, int64_t c) { return x.at(r, c) / std::sqrt(squares[r]); });
    StepCall(set, OP_SOFTMAX).in(SOFTMAX_IN_X, x).out(SOFTMAX_OUT_Y, y).run();
    expect(set, "softmax", y, [&](int64_t r, int64_t c) { return std::exp(x.at(r, c) - largest[r]) / total[r]; });
    StepCall(set, OP_LOG_SOFTMAX).in(LOG_SOFTMAX_IN_X, x).out(LOG_SOFTMAX_OUT_Y, y).run();
    expect(set, "logSoftmax", y, [&](int64_t r, int64_t c) { return x.at(r, c) - largest[r] - std::log(total[r]); });
    const int start = pick(0, d - 1), count = pick(1, d - start);
    Matrix part = Matrix::floats(rows, count);
    StepCall(set, OP_SLICE).in(SLICE_IN_X, x).out(SLICE_OUT_Y, part).integer(SLICE_INT_START, start).integer(SLICE_INT_COUNT, count).run();
    expect(set, "slice", part, [&](int64_t r, int64_t c) { return x.at(r, start + c); }, 0);
    Matrix joined = Matrix::floats(rows, 2 * d + 1, 1);
    StepCall(set, OP_CONCAT).in(CONCAT_IN_A, x).in(CONCAT_IN_B, column).in(CONCAT_IN_C, other).out(CONCAT_OUT_Y, joined).run();
    expect(set, "concat", joined, [&](int64_t r, int64_t c) { return c < d ? x.at(r, c) : c == d ? column.at(r, 0) : other.at(r, c - d - 1); }, 0);
  }
}

void check_embedding(const KernelSet* set) {
  for (int rows : {0, 1, 67, 300}) for (int d : {1, 3, 17, 67, 384}) for (int tables = 1; tables <= 4; tables++) {
    std::vector<Matrix> table, ids;
    for (int i = 0; i < tables; i++) {
      std::vector<int> numbers(rows);
      for (int& number : numbers) number = pick(0, 9 + i);
      table.push_back(random(10 + i, d)), ids.push_back(Matrix::integers(numbers));
    }
    const Matrix weight = random(1, d), bias = random(1, d);
    Matrix y = Matrix::floats(rows, d);
    const auto sum = [&](int64_t r, int64_t c) {
      double total = 0;
      for (int i = 0; i < tables; i++) total += table[i].at(ids[i].integer(r), c);
      return total;
    };
    StepCall step(set, OP_EMBEDDING_SUM);
    for (int i = 0; i < tables; i++) step.in(EMBEDDING_SUM_IN_TABLE0 + 2 * i, table[i]).in(EMBEDDING_SUM_IN_IDS0 + 2 * i, ids[i]);
    step.out(EMBEDDING_SUM_OUT_Y, y).number(EMBEDDING_SUM_FLOAT_EPSILON, 1e-12f).run();
    expect(set, "embeddingSum", y, sum);
    step.in(EMBEDDING_SUM_IN_WEIGHT, weight).in(EMBEDDING_SUM_IN_BIAS, bias).number(EMBEDDING_SUM_FLOAT_EPSILON, 1e-3f).run();
    expect(set, "embeddingSum, normed", y, [&](int64_t r, int64_t c) {
      double mean = 0, variance = 0;
      for (int i = 0; i < d; i++) mean += sum(r, i) / d;
      for (int i = 0; i < d; i++) variance += std::pow(sum(r, i) - mean, 2) / d;
      return (sum(r, c) - mean) / std::sqrt(variance + 1e-3f) * weight.at(0, c) + bias.at(0, c);
    });
    StepCall(set, OP_EMBEDDING).in(EMBEDDING_IN_TABLE, table[0]).in(EMBEDDING_IN_IDS, ids[0]).out(EMBEDDING_OUT_Y, y).run();
    expect(set, "embedding", y, [&](int64_t r, int64_t c) { return table[0].at(ids[0].integer(r), c); }, 0);
    StepCall(set, OP_GATHER_ROWS).in(GATHER_ROWS_IN_X, table[0]).in(GATHER_ROWS_IN_INDEX, ids[0]).out(GATHER_ROWS_OUT_Y, y).run();
    expect(set, "gatherRows", y, [&](int64_t r, int64_t c) { return table[0].at(ids[0].integer(r), c); }, 0);
  }
}

void check_rotary(const KernelSet* set) {
  for (int rows : {0, 1, 40}) for (int heads : {1, 3}) for (int pairs : {1, 4, 12, 28, 32}) for (int extra : {0, 3}) for (int interleaved : {0, 1}) {
    const int size = 2 * pairs + extra;
    std::vector<int> numbers(rows);
    for (int& number : numbers) number = pick(0, 8191);
    const Matrix x = random(rows, heads * size, 1), positions = Matrix::integers(numbers);
    Matrix frequencies = Matrix::floats(1, pairs), y = Matrix::floats(rows, heads * size);
    for (int i = 0; i < pairs; i++) frequencies.at(0, i) = static_cast<float>(std::pow(10000.0, -i / double(pairs)));
    StepCall(set, OP_ROTARY).in(ROTARY_IN_X, x).in(ROTARY_IN_POSITIONS, positions).in(ROTARY_IN_FREQUENCIES, frequencies).out(ROTARY_OUT_Y, y)
        .integer(ROTARY_INT_HEADS, heads).integer(ROTARY_INT_INTERLEAVED, interleaved).number(ROTARY_FLOAT_SCALE, 1.25f).run();
    expect(set, "rotary", y, [&](int64_t r, int64_t c) -> double {
      const int within = static_cast<int>(c % size);
      if (within >= 2 * pairs) return x.at(r, c);
      const int pair = interleaved ? within / 2 : within % pairs, distance = interleaved ? 1 : pairs;
      const bool second = interleaved ? within % 2 == 1 : within >= pairs;
      const double angle = static_cast<double>(numbers[r]) * frequencies.at(0, pair);
      return 1.25 * (x.at(r, c) * std::cos(angle) + (second ? x.at(r, c - distance) : -x.at(r, c + distance)) * std::sin(angle));
    }, 2e-6);
  }
}

std::vector<int> offsets_of(const std::vector<int>& lengths) {
  std::vector<int> offsets = {0};
  for (int length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}
std::vector<int> pair_offsets_of(const std::vector<int>& lengths) {
  std::vector<int> offsets = {0};
  for (int length : lengths) offsets.push_back(offsets.back() + length * length);
  return offsets;
}

const std::vector<std::vector<int>> BATCHES = {{}, {0}, {1}, {2, 0, 3, 1}, {17}, {67, 5, 130}, {5, 8, 13, 1, 2, 29, 16, 48, 49, 3}, {385}};

void check_texts(const KernelSet* set) {
  for (const auto& lengths : BATCHES) for (int d : {1, 3, 17, 67, 384}) {
    const std::vector<int> from = offsets_of(lengths);
    const int tokens = from.back(), texts = static_cast<int>(lengths.size());
    const Matrix x = random(tokens, d, 1), offsets = Matrix::integers(from);
    std::vector<int> kept(tokens);
    for (int& number : kept) number = pick(0, 3) == 0 ? 0 : 1;
    const Matrix mask = Matrix::integers(kept);
    Matrix y = Matrix::floats(texts, d);
    for (int pooling = 0; pooling <= POOLING_MAX; pooling++) for (bool masked : {false, true}) {
      StepCall step(set, OP_POOL);
      step.in(POOL_IN_X, x).in(POOL_IN_OFFSETS, offsets).out(POOL_OUT_Y, y).integer(POOL_INT_POOLING, pooling);
      if (masked) step.in(POOL_IN_MASK, mask);
      step.run();
      expect(set, "pool", y, [&](int64_t r, int64_t c) {
        double sum = 0, weights = 0, first = 0, last = 0, most = -INFINITY;
        int count = 0;
        for (int t = from[r]; t < from[r + 1]; t++) {
          if (masked && kept[t] == 0) continue;
          const double weight = pooling == POOLING_WEIGHTED_MEAN ? t - from[r] + 1 : 1, number = x.at(t, c);
          if (count++ == 0) first = number;
          last = number, most = std::max(most, number), sum += weight * number, weights += weight;
        }
        if (count == 0) return 0.0;
        if (pooling == POOLING_CLS) return first;
        if (pooling == POOLING_LAST_TOKEN) return last;
        if (pooling == POOLING_MAX) return most;
        return sum / (pooling == POOLING_MEAN_SQRT ? std::sqrt(weights) : weights);
      });
    }
    Matrix shifted = Matrix::floats(tokens, d, 1);
    for (int by : {-2, -1, 0, 1, 3}) {
      StepCall(set, OP_SHIFT_ROWS).in(SHIFT_ROWS_IN_X, x).in(SHIFT_ROWS_IN_OFFSETS, offsets).out(SHIFT_ROWS_OUT_Y, shifted).integer(SHIFT_ROWS_INT_BY, by).run();
      expect(set, "shiftRows", shifted, [&](int64_t r, int64_t c) -> double {
        const size_t text = std::upper_bound(from.begin(), from.end(), r) - from.begin() - 1;
        const int64_t source = r + by;
        return source >= from[text] && source < from[text + 1] ? x.at(source, c) : 0;
      }, 0);
    }
    if (tokens > 70 || d > 70) continue;
    StepCall(set, OP_FOURIER).in(FOURIER_IN_X, x).in(FOURIER_IN_OFFSETS, offsets).out(FOURIER_OUT_Y, shifted).run();
    expect(set, "fourier", shifted, [&](int64_t r, int64_t c) {
      const size_t text = std::upper_bound(from.begin(), from.end(), r) - from.begin() - 1;
      const int length = from[text + 1] - from[text];
      double sum = 0;
      for (int t = 0; t < length; t++) for (int j = 0; j < d; j++) {
        sum += x.at(from[text] + t, j) * std::cos(2 * M_PI * (double((r - from[text]) * t) / length + double(c * j) / d));
      }
      return sum;
    }, 3e-6);
  }
}

struct AttentionCase {
  int heads, key_heads, size, window;
  bool slopes, relative, content, position;
};

void check_attention(const KernelSet* set) {
  std::vector<AttentionCase> cases = {
      {2, 2, 64, -1, false, false, false, false}, {3, 1, 8, -1, true, false, false, false}, {4, 2, 24, 5, false, true, false, false},
      {2, 2, 56, -1, false, false, true, true},   {1, 1, 3, 0, true, true, true, false},    {2, 1, 32, 70, false, false, false, true},
      {1, 1, 128, 64, false, false, false, false}, {5, 5, 1, -1, false, false, false, false},
  };
  for (const AttentionCase& a : cases) for (const auto& lengths : BATCHES) {
    const std::vector<int> from = offsets_of(lengths);
    const int tokens = from.back(), d = a.heads * a.size, dk = a.key_heads * a.size;
    Matrix joint = random(tokens, d + 2 * dk), q = joint, k = joint, v = joint;
    q.tensor.columns = d;
    k.tensor.columns = v.tensor.columns = dk;
    k.tensor.data = &joint.at(0, d), v.tensor.data = &joint.at(0, d + dk);
    const int most = 7, buckets = 9;
    const Matrix offsets = Matrix::integers(from), pair_offsets = Matrix::integers(pair_offsets_of(lengths));
    Matrix slopes = Matrix::floats(1, a.heads);
    for (int h = 0; h < a.heads; h++) slopes.at(0, h) = std::ldexp(1.0f, -h - 1);
    const Matrix relative = random(2 * most + 1, a.heads);
    const Matrix content = random(tokens, a.heads * buckets), position = random(tokens, a.heads * buckets);
    std::vector<int> columns(2 * most + 1);
    for (int& column : columns) column = pick(0, buckets - 1);
    const Matrix index = Matrix::integers(columns);
    const float scale = 1 / std::sqrt(static_cast<float>(a.size));
    const auto score = [&](int64_t i, int64_t j, int h) -> double {
      const int kh = h / (a.heads / a.key_heads);
      double sum = 0;
      for (int c = 0; c < a.size; c++) sum += static_cast<double>(q.at(i, h * a.size + c)) * k.at(j, kh * a.size + c);
      const int column = columns[std::clamp<int64_t>(i - j, -most, most) + most];
      if (a.content) sum += content.at(i, h * buckets + column);
      if (a.position) sum += position.at(j, h * buckets + column);
      sum *= scale;
      if (a.slopes) sum -= slopes.at(0, h) * std::abs(double(i - j));
      if (a.relative) sum += relative.at(std::clamp<int64_t>(j - i, -most, most) + most, h);
      return sum;
    };
    Matrix expected = Matrix::floats(tokens, d), y = Matrix::floats(tokens, d, 1);
    for (size_t text = 0; text < lengths.size(); text++) for (int h = 0; h < a.heads; h++) for (int i = from[text]; i < from[text + 1]; i++) {
      std::vector<double> p;
      double largest = -INFINITY, total = 0;
      for (int j = from[text]; j < from[text + 1]; j++) {
        p.push_back(a.window >= 0 && std::abs(i - j) > a.window ? -INFINITY : score(i, j, h));
        largest = std::max(largest, p.back());
      }
      for (double& number : p) total += number = std::exp(number - largest);
      for (int c = 0; c < a.size; c++) {
        double sum = 0;
        for (size_t j = 0; j < p.size(); j++) sum += p[j] / total * v.at(from[text] + j, h / (a.heads / a.key_heads) * a.size + c);
        expected.at(i, h * a.size + c) = static_cast<float>(sum);
      }
    }
    const auto biases = [&](StepCall& step, int slot) {
      if (a.slopes) step.in(slot, slopes);
      if (a.relative) step.in(slot + 1, relative);
      if (a.content) step.in(slot + 2, content);
      if (a.position) step.in(slot + 3, position);
      if (a.content || a.position) step.in(slot + 4, index);
    };
    char what[100];
    std::snprintf(what, sizeof what, "attention heads %d/%d of %d, window %d, %zu texts, %d tokens", a.heads, a.key_heads, a.size, a.window, lengths.size(), tokens);
    StepCall step(set, OP_ATTENTION);
    step.in(ATTENTION_IN_Q, q).in(ATTENTION_IN_K, k).in(ATTENTION_IN_V, v).in(ATTENTION_IN_OFFSETS, offsets).out(ATTENTION_OUT_Y, y)
        .integer(ATTENTION_INT_HEADS, a.heads).integer(ATTENTION_INT_KEY_HEADS, a.key_heads).integer(ATTENTION_INT_WINDOW, a.window).number(ATTENTION_FLOAT_SCALE, scale);
    biases(step, ATTENTION_IN_SLOPES);
    step.run();
    expect(set, what, y, [&](int64_t r, int64_t c) { return expected.at(r, c); });

    // The last text alone gets the same bits.
    if (lengths.size() > 1) {
      const int start = from[lengths.size() - 1], length = lengths.back();
      const auto tail = [&](Matrix m) { m.tensor.data = &m.at(start, 0); m.tensor.rows = length; return m; };
      Matrix q1 = tail(q), k1 = tail(k), v1 = tail(v), content1 = tail(content), position1 = tail(position);
      Matrix one = Matrix::floats(length, d), offsets1 = Matrix::integers({0, length});
      StepCall alone = step;
      alone.in(ATTENTION_IN_Q, q1).in(ATTENTION_IN_K, k1).in(ATTENTION_IN_V, v1).in(ATTENTION_IN_OFFSETS, offsets1).out(ATTENTION_OUT_Y, one);
      if (a.content) alone.in(ATTENTION_IN_CONTENT_TO_POSITION, content1);
      if (a.position) alone.in(ATTENTION_IN_POSITION_TO_CONTENT, position1);
      alone.run();
      expect_same(set, what, y, start, one, 0, length);
    }

    // The same in three steps.
    const int pairs = pair_offsets.integer(static_cast<int64_t>(lengths.size()));
    Matrix scores = Matrix::floats(pairs, a.heads), probabilities = Matrix::floats(pairs, a.heads), mixed = Matrix::floats(tokens, d, 1);
    StepCall plain(set, OP_ATTENTION_SCORES);
    plain.in(ATTENTION_SCORES_IN_Q, q).in(ATTENTION_SCORES_IN_K, k).in(ATTENTION_SCORES_IN_OFFSETS, offsets).in(ATTENTION_SCORES_IN_PAIR_OFFSETS, pair_offsets)
        .out(ATTENTION_SCORES_OUT_Y, scores).integer(ATTENTION_SCORES_INT_HEADS, a.heads).integer(ATTENTION_SCORES_INT_KEY_HEADS, a.key_heads)
        .integer(ATTENTION_SCORES_INT_WINDOW, a.window).number(ATTENTION_SCORES_FLOAT_SCALE, scale);
    biases(plain, ATTENTION_SCORES_IN_SLOPES);
    plain.run();
    size_t text = 0;
    expect(set, "attentionScores", scores, [&](int64_t r, int64_t c) {
      if (c == 0) for (text = 0; pair_offsets.integer(text + 1) <= r;) text++;
      const int64_t within = r - pair_offsets.integer(text), length = lengths[text];
      return score(from[text] + within / length, from[text] + within % length, static_cast<int>(c));
    });
    StepCall(set, OP_ATTENTION_SOFTMAX).in(ATTENTION_SOFTMAX_IN_SCORES, scores).in(ATTENTION_SOFTMAX_IN_OFFSETS, offsets).in(ATTENTION_SOFTMAX_IN_PAIR_OFFSETS, pair_offsets)
        .out(ATTENTION_SOFTMAX_OUT_Y, probabilities).integer(ATTENTION_SOFTMAX_INT_WINDOW, a.window).run();
    StepCall(set, OP_ATTENTION_MIX).in(ATTENTION_MIX_IN_PROBABILITIES, probabilities).in(ATTENTION_MIX_IN_V, v).in(ATTENTION_MIX_IN_OFFSETS, offsets)
        .in(ATTENTION_MIX_IN_PAIR_OFFSETS, pair_offsets).out(ATTENTION_MIX_OUT_Y, mixed).integer(ATTENTION_MIX_INT_HEADS, a.heads).integer(ATTENTION_MIX_INT_KEY_HEADS, a.key_heads).run();
    expect(set, "attention in three steps", mixed, [&](int64_t r, int64_t c) { return expected.at(r, c); });
  }
}

void check_widening(const KernelSet* set) {
  std::vector<uint16_t> bits(65536);
  for (int i = 0; i < 65536; i++) bits[i] = static_cast<uint16_t>(i);
  for (size_t count : {size_t(0), size_t(1), size_t(3), size_t(17), size_t(65536)}) {
    std::vector<float> f16(count), bf16(count);
    set->widen_f16(f16.data(), bits.data() + (65536 - count), count);
    set->widen_bf16(bf16.data(), bits.data() + (65536 - count), count);
    for (size_t i = 0; i < count; i++) {
      const uint16_t b = bits[65536 - count + i];
      const int exponent = b >> 10 & 31, mantissa = b & 1023;
      double expected = exponent == 31 ? (mantissa ? NAN : INFINITY) : exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
      if (b & 0x8000) expected = -expected;
      const uint32_t wide = static_cast<uint32_t>(b) << 16;
      const bool same = std::isnan(expected) ? std::isnan(f16[i]) : expected == f16[i] && std::signbit(expected) == std::signbit(f16[i]);
      if (!same || std::memcmp(&wide, &bf16[i], 4) != 0) failures++, std::printf("%s widening %04x: %g, %g\n", set->name, b, f16[i], bf16[i]);
    }
  }
}

}  // namespace

int main(int count, char** names) {
  for (const KernelSet* set : available_sets()) {
    if (count > 1 && std::strcmp(names[1], set->name) != 0) continue;
    generator.seed(7);
    const int before = failures;
    check_packing(set);
    check_linear(set);
    check_matmul(set);
    check_activation(set);
    check_rows(set);
    check_embedding(set);
    check_rotary(set);
    check_texts(set);
    check_attention(set);
    check_widening(set);
    std::printf("%s: %s\n", set->name, failures == before ? "all kernels agree" : "FAILED");
  }
  return failures == 0 ? 0 : 1;
}
