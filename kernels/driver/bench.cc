// How far each kernel is from what the machine can do: medians of many runs, beside the multiply-add peak measured in
// turns with it. Arguments: an instruction set (default: the widest), a number of threads (default 1).
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>

#include <sys/mman.h>
#include <time.h>

#include "step.h"

using namespace cloze;

namespace {

// Of the clock; with one thread of that thread's processor time, which other processes disturb less.
bool processor_time = false;
double seconds() {
  timespec now;
  clock_gettime(processor_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Threads that stay, so that what is measured is the kernels.
class Crew {
 public:
  explicit Crew(int threads) : threads_(threads) {
    for (int i = 1; i < threads; i++) helpers_.emplace_back([this] { help(); });
  }
  ~Crew() {
    stopped_ = true;
    job_++;
    for (std::thread& helper : helpers_) helper.join();
  }
  int threads() const { return threads_; }

  void run(int tiles, const std::function<void(int, int)>& work) {
    work_ = &work;
    tiles_ = tiles;
    next_ = 0;
    ready_ = 0;
    job_++;
    take(0);
    while (ready_ != threads_ - 1) {
    }
  }

 private:
  void take(int thread) {
    for (int tile = next_++; tile < tiles_; tile = next_++) (*work_)(tile, thread);
  }
  void help() {
    int seen = 0;
    const int thread = ++started_;
    for (;;) {
      while (job_ == seen) {
      }
      seen = job_;
      if (stopped_) return;
      take(thread);
      ready_++;
    }
  }

  int threads_;
  std::vector<std::thread> helpers_;
  const std::function<void(int, int)>* work_ = nullptr;
  int tiles_ = 0;
  std::atomic<int> next_{0}, ready_{0}, job_{0}, started_{0};
  std::atomic<bool> stopped_{false};
};

struct Bench {
  const KernelSet* set;
  int type;  // of the weights of linear: TYPE_F32, TYPE_BF16, TYPE_INT8
  Crew crew;
  std::mt19937 generator{1};

  Bench(const KernelSet* set, int threads, int type) : set(set), type(type), crew(threads) {}

  double measure_peak() {
    const auto peak = type == TYPE_BF16 ? set->peak_bf16 : type == TYPE_INT8 ? set->peak_int8 : set->peak_f32;
    std::vector<double> operations(crew.threads());
    const double start = seconds();
    crew.run(crew.threads(), [&](int, int thread) { operations[thread] += peak(30000); });
    double total = 0;
    for (double count : operations) total += count;
    return total / (seconds() - start);
  }

  // On huge pages where it is large, as in the addon.
  Matrix random(int64_t rows, int columns, float size = 1) { return on_huge_pages(Matrix::floats(rows, columns)).random(generator, size); }

  static Matrix on_huge_pages(Matrix m) {
    const size_t huge = 2 << 20, bytes = m.bytes();
    if (bytes < 2 * huge) return m;
    float* memory = static_cast<float*>(aligned_alloc(huge, (bytes + huge - 1) / huge * huge));
    madvise(memory, bytes, MADV_HUGEPAGE);
    std::memcpy(memory, m.memory.get(), bytes);
    m.memory = std::shared_ptr<float[]>(memory, free);
    m.tensor.data = memory;
    return m;
  }

  // Medians of a step's time and of the peak's rate, taken in turns: a processor changes its clock all the time.
  struct Measured {
    double time;
    double peak;
  };
  Measured measure(StepCall& step) {
    Scratch shared(step.shared_bytes());
    step.call.shared = shared.memory;
    const Kernel* before = step.kernel->preparation;
    std::vector<std::unique_ptr<Scratch>> scratch;
    for (int i = 0; i < crew.threads(); i++) scratch.push_back(std::make_unique<Scratch>(step.scratch_bytes()));
    std::vector<double> times, peaks;
    double spent = 0;
    for (int i = 0; i < 400 && (spent < 0.3 || i < 7); i++) {
      const double start = seconds();
      if (before != nullptr) crew.run(before->tiles(&step.call), [&](int tile, int) { before->run(&step.call, tile, nullptr); });
      crew.run(step.tiles(), [&](int tile, int thread) { step.kernel->run(&step.call, tile, scratch[thread]->memory); });
      times.push_back(seconds() - start);
      spent += times.back();
      peaks.push_back(measure_peak());
    }
    std::sort(times.begin(), times.end());
    std::sort(peaks.begin(), peaks.end());
    return {times[times.size() / 2], peaks[peaks.size() / 2]};
  }

  void report(const char* what, StepCall& step, double operations, double numbers) {
    const auto [time, peak] = measure(step);
    std::printf("%-40s %5d tiles %10.1f us %7.1f GF/s of %5.1f: %5.1f %% %7.3f ns/number\n", what, step.tiles(), time * 1e6,
                operations / time / 1e9, peak / 1e9, 100 * operations / time / peak, time * 1e9 / numbers);
  }

  void linear(int m, int k, int n, int activation = ACTIVATION_NONE, bool residual = false, bool rows_layout = false) {
    const Matrix x = random(m, k), weight = random(n, k, 0.05f), bias = random(1, n), r = random(m, n);
    const Matrix used = type != TYPE_F32 ? on_huge_pages(narrowed(set, weight, type)) : rows_layout ? weight : on_huge_pages(packed(set, weight));
    Matrix y = random(m, n);
    StepCall step(set, OP_LINEAR);
    step.in(LINEAR_IN_X, x).in(LINEAR_IN_WEIGHT, used).in(LINEAR_IN_BIAS, bias).out(LINEAR_OUT_Y, y).integer(LINEAR_INT_ACTIVATION, activation);
    if (residual) step.in(LINEAR_IN_RESIDUAL, r);
    char what[80];
    std::snprintf(what, sizeof what, "linear %d x %d x %d%s%s%s", m, k, n, activation == ACTIVATION_GELU ? ", gelu" : "", residual ? ", residual" : "", rows_layout ? ", rows" : "");
    report(what, step, 2.0 * m * k * n, static_cast<double>(n) * k);
  }

  void attention(int texts, int length, int heads, int size, int window = -1) {
    const int d = heads * size, tokens = texts * length;
    Matrix joint = random(tokens, 3 * d), q = joint, k = joint, v = joint, y = random(tokens, d);
    q.tensor.columns = k.tensor.columns = v.tensor.columns = d;
    k.tensor.data = &joint.at(0, d), v.tensor.data = &joint.at(0, 2 * d);
    std::vector<int> starts;
    for (int i = 0; i <= texts; i++) starts.push_back(i * length);
    const Matrix offsets = Matrix::integers(starts);
    StepCall step(set, OP_ATTENTION);
    step.in(ATTENTION_IN_Q, q).in(ATTENTION_IN_K, k).in(ATTENTION_IN_V, v).in(ATTENTION_IN_OFFSETS, offsets).out(ATTENTION_OUT_Y, y)
        .integer(ATTENTION_INT_HEADS, heads).integer(ATTENTION_INT_KEY_HEADS, heads).integer(ATTENTION_INT_WINDOW, window).number(ATTENTION_FLOAT_SCALE, 0.125f);
    char what[80];
    std::snprintf(what, sizeof what, "attention %d x %d, %d heads of %d%s", texts, length, heads, size, window >= 0 ? ", window" : "");
    const double seen = window >= 0 && 2 * window + 1 < length ? 2 * window + 1 : length;
    report(what, step, 4.0 * tokens * seen * d, static_cast<double>(tokens) * d);
  }

  void rows(const char* name, int op, int in, int out, int rows, int columns, int attribute = -1, int value = 0) {
    const Matrix x = random(rows, columns), weight = random(1, columns), bias = random(1, columns);
    Matrix y = random(rows, columns);
    StepCall step(set, op);
    step.in(in, x).out(out, y);
    if (attribute >= 0) step.integer(attribute, value);
    if (op == OP_LAYER_NORM) step.in(LAYER_NORM_IN_WEIGHT, weight).in(LAYER_NORM_IN_BIAS, bias).number(0, 1e-12f);
    char what[80];
    std::snprintf(what, sizeof what, "%s %d x %d", name, rows, columns);
    report(what, step, 0, static_cast<double>(rows) * columns);
  }

  void matmul(int m, int k, int n, bool ta, bool tb) {
    const Matrix a = ta ? random(k, m) : random(m, k), b = tb ? random(n, k) : random(k, n);
    Matrix y = random(m, n);
    StepCall step(set, OP_MATMUL);
    step.in(MATMUL_IN_A, a).in(MATMUL_IN_B, b).out(MATMUL_OUT_Y, y).integer(MATMUL_INT_TRANSPOSE_A, ta).integer(MATMUL_INT_TRANSPOSE_B, tb);
    char what[80];
    std::snprintf(what, sizeof what, "matmul %d x %d x %d, %c%c", m, k, n, ta ? 'T' : 'N', tb ? 'T' : 'N');
    report(what, step, 2.0 * m * k * n, static_cast<double>(n) * k);
  }
};

}  // namespace

int main(int count, char** words) {
  const auto sets = available_sets();
  const KernelSet* set = sets.back();
  for (const KernelSet* other : sets) if (count > 1 && std::strcmp(words[1], other->name) == 0) set = other;
  processor_time = count <= 2 || std::atoi(words[2]) == 1;
  const auto named = [&](const char* dtype) { return count > 4 && std::strcmp(words[4], dtype) == 0; };
  Bench bench(set, count > 2 ? std::atoi(words[2]) : 1, named("bf16") ? TYPE_BF16 : named("int8") ? TYPE_INT8 : TYPE_F32);
  const bool all = count <= 3;
  const auto wanted = [&](const char* group) { return all || std::strcmp(words[3], group) == 0; };
  std::printf("%s, %d thread(s)\n", set->name, bench.crew.threads());
  if (wanted("linear")) {
    bench.linear(512, 768, 3072);
    bench.linear(512, 768, 3072, ACTIVATION_GELU);
    bench.linear(512, 3072, 768, ACTIVATION_NONE, true);
    bench.linear(1024, 768, 2304);
    bench.linear(1024, 768, 768, ACTIVATION_NONE, true);
    bench.linear(1024, 384, 1536, ACTIVATION_GELU);
    bench.linear(1024, 1536, 384, ACTIVATION_NONE, true);
    bench.linear(67, 385, 385);
  }
  if (wanted("small")) {
    for (int m : {1, 2, 4, 8, 10, 16, 32}) bench.linear(m, 384, 1536);
    for (int m : {1, 4, 16}) bench.linear(m, 768, 3072);
    for (int m : {1, 4, 16}) bench.linear(m, 3072, 768);
    for (int n : {2, 3, 67}) bench.linear(64, 768, n);
    bench.linear(1, 768, 30522, ACTIVATION_NONE, false, true);
    bench.linear(8, 768, 30522, ACTIVATION_NONE, false, true);
    bench.linear(64, 768, 30522, ACTIVATION_NONE, false, true);
  }
  if (wanted("attention")) {
    bench.attention(1, 512, 12, 64);
    bench.attention(8, 128, 12, 64);
    bench.attention(8, 128, 12, 32);
    bench.attention(64, 30, 12, 32);
    bench.attention(64, 17, 12, 32);
    bench.attention(256, 10, 12, 32);
    bench.attention(256, 5, 12, 32);
    bench.attention(1, 512, 8, 24);
    bench.attention(1, 512, 8, 56);
    bench.attention(1, 2048, 12, 64);
    bench.attention(1, 8192, 12, 64, 64);
  }
  if (wanted("matmul")) {
    bench.matmul(512, 768, 3072, false, false);
    bench.matmul(512, 3072, 768, false, true);
    bench.matmul(768, 512, 3072, true, false);
    bench.matmul(768, 4096, 768, true, false);
  }
  if (wanted("rows")) {
    bench.rows("layerNorm", OP_LAYER_NORM, LAYER_NORM_IN_X, LAYER_NORM_OUT_Y, 512, 768);
    bench.rows("layerNorm", OP_LAYER_NORM, LAYER_NORM_IN_X, LAYER_NORM_OUT_Y, 512, 384);
    bench.rows("gelu", OP_ACTIVATION, ACTIVATION_IN_X, ACTIVATION_OUT_Y, 64, 3072, ACTIVATION_INT_ACTIVATION, ACTIVATION_GELU);
    bench.rows("silu", OP_ACTIVATION, ACTIVATION_IN_X, ACTIVATION_OUT_Y, 64, 3072, ACTIVATION_INT_ACTIVATION, ACTIVATION_SILU);
    bench.rows("softmax", OP_SOFTMAX, SOFTMAX_IN_X, SOFTMAX_OUT_Y, 512, 512);
  }
}
