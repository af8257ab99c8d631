// The real part of the discrete Fourier transform along columns and along the tokens of each text (FNet,
// arXiv 2105.03824), by its definition: two matrix products with tables of sines and cosines.
#include "columns.h"
#include "kernels.h"
#include "panels.h"

namespace cloze::CLOZE_ISA {

namespace {

constexpr double TURN = 6.28318530717958647693;

// cos and sin of turn * step / count for every step, exact to double: within an eighth of a turn by their series.
struct Circle {
  float* cosines;
  float* sines;
  int64_t count;

  static double series(double square, double first, int next) {
    double term = first, sum = first;
    for (int n = next; n < next + 16; n += 2) {
      term *= -square / (n * (n + 1));
      sum += term;
    }
    return sum;
  }

  void fill() const {
    for (int64_t step = 0; step < count; step++) {
      const int64_t quarter = (4 * step + count / 2) / count;  // the nearest multiple of a quarter turn
      const double angle = TURN * static_cast<double>(4 * step - quarter * count) / static_cast<double>(4 * count);
      const double sine = series(angle * angle, angle, 2), cosine = series(angle * angle, 1, 1);
      const double turned[4][2] = {{cosine, sine}, {-sine, cosine}, {-cosine, -sine}, {sine, -cosine}};
      cosines[step] = static_cast<float>(turned[quarter & 3][0]);
      sines[step] = static_cast<float>(turned[quarter & 3][1]);
    }
  }
};

struct Workspace {
  Circle columns;
  Circle tokens;
  float* cosines;  // [D][width]: columns of the transform's matrix
  float* sines;
  float* real;  // [length][width]: the transform along columns
  float* imaginary;
  float* rows;  // [2][TILE_ROWS][length]: rows of the other matrix
  float* sums;  // [TILE_ROWS][width]

  Workspace(char* scratch, int64_t tokens_count, int64_t columns_count) {
    float* next = reinterpret_cast<float*>(scratch);
    const auto take = [&](int64_t numbers) {
      float* taken = next;
      next += (numbers + 15) / 16 * 16;
      return taken;
    };
    columns = {take(columns_count), take(columns_count), columns_count};
    tokens = {take(tokens_count), take(tokens_count), 0};
    cosines = take(columns_count * PANEL_COLUMNS);
    sines = take(columns_count * PANEL_COLUMNS);
    real = take(tokens_count * PANEL_COLUMNS);
    imaginary = take(tokens_count * PANEL_COLUMNS);
    rows = take(2 * TILE_ROWS * tokens_count);
    sums = take(TILE_ROWS * PANEL_COLUMNS);
    bytes = static_cast<size_t>(reinterpret_cast<char*>(next) - scratch);
  }
  size_t bytes;
};

// The transform's matrix for the columns of one panel.
void fill_panel(const Workspace& w, const Panel& panel) {
  const int64_t count = w.columns.count;
  for (int64_t step = 0; step < count; step++) {
    for (int column = 0; column < panel.width(); column++) {
      const int64_t at = step * panel.width() + column;
      const int64_t turn = (panel.first + column) * step % count;
      w.cosines[at] = column < panel.outputs ? w.columns.cosines[turn] : 0;
      w.sines[at] = column < panel.outputs ? w.columns.sines[turn] : 0;
    }
  }
}

// real - imaginary parts along the tokens: sum of cos * real - sin * imaginary, for rows [from, from + count).
void transform_rows(const Workspace& w, const Panel& panel, int64_t from, int count) {
  const ptrdiff_t length = static_cast<ptrdiff_t>(w.tokens.count);
  for (int row = 0; row < count; row++) {
    for (int64_t t = 0; t < length; t++) {
      const int64_t turn = (from + row) * t % length;
      w.rows[row * length + t] = w.tokens.cosines[turn];
      w.rows[(TILE_ROWS + row) * length + t] = -w.tokens.sines[turn];
    }
  }
  multiply_rows(count, panel.vectors, length, {w.rows, length, 1}, w.real, w.sums, false);
  const LeftOperand sines = {w.rows + TILE_ROWS * length, length, 1};
  multiply_rows(count, panel.vectors, length, sines, w.imaginary, w.sums, true);
}

void transform_text(Workspace& w, const Panel& panel, const Tensor* x, const Tensor* y, int64_t from, int64_t length) {
  w.tokens.count = length;
  w.tokens.fill();
  const LeftOperand left = {row_of(x, from), x->stride, 1};
  const int rows = static_cast<int>(length);
  multiply_rows(rows, panel.vectors, x->columns, left, w.cosines, w.real, false);
  // e^(-i angle): the imaginary part is minus the sum with sines; twice minus gives the sign in transform_rows.
  multiply_rows(rows, panel.vectors, x->columns, left, w.sines, w.imaginary, false);
  for (int64_t row = 0; row < length; row += TILE_ROWS) {
    const int count = static_cast<int>(length - row < TILE_ROWS ? length - row : TILE_ROWS);
    transform_rows(w, panel, row, count);
    for (int i = 0; i < count; i++) {
      float* to = row_of(y, from + row + i) + panel.first;
      each_vector(panel.outputs, [&](int64_t c, auto part) { part.store(to + c, load(w.sums + i * panel.width() + c)); });
    }
  }
}

int32_t tiles(const Call* call) {
  const Tensor* y = call->out[FOURIER_OUT_Y];
  return y->rows == 0 ? 0 : static_cast<int32_t>(panels_of(y->columns));
}

size_t scratch(const Call* call) {
  const Tensor* x = call->in[FOURIER_IN_X];
  return Workspace(nullptr, x->rows, x->columns).bytes;
}

void run(const Call* call, int32_t tile, char* scratch) {
  const Tensor* x = call->in[FOURIER_IN_X];
  const Tensor* y = call->out[FOURIER_OUT_Y];
  const Tensor* offsets = call->in[FOURIER_IN_OFFSETS];
  Workspace workspace(scratch, x->rows, x->columns);
  workspace.columns.fill();
  const Panel panel(y->columns, tile);
  fill_panel(workspace, panel);
  for (int64_t text = 0; text + 1 < count_of(offsets); text++) {
    const int64_t from = integers_of(offsets)[text], to = integers_of(offsets)[text + 1];
    if (to > from) transform_text(workspace, panel, x, y, from, to - from);
  }
}

}  // namespace

extern const Kernel fourier_kernel = {tiles, run, scratch};

}  // namespace cloze::CLOZE_ISA
