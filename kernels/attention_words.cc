// Attention whose products AMX makes, of numbers rounded to bf16: queries with their scale, keys, values, and the
// probabilities relative to the largest score so far. Scores, exponentials and sums are f32.
//
// Keys and values are brought into words once for all queries, by blocks of keys; a block has room for all its keys,
// zeros where the text has none. Texts too short for that to pay, and heads whose size is no multiple of AMX's steps, are
// done in f32: which form a text gets depends on the text alone.
#include "attention_online.h"
#include "kernels.h"
#include "multiply_tiles.h"
#include "narrow.h"

namespace cloze::CLOZE_ISA {

#if defined(__AVX512F__)

namespace {

constexpr int64_t LEAST_TOKENS = 96;
constexpr int64_t BLOCK_WORDS = KEY_BLOCK / 2;
// Columns of values that are turned at a time.
constexpr int64_t TURNED_COLUMNS = 64, TURNED_STRIDE = TURNED_COLUMNS + LANES;

// What the preparation writes.
struct KeyWords {
  int64_t columns;  // of k and of v
  uint32_t* keys;   // [block][KEY_BLOCK][columns / 2]: two numbers of a key in a word
  uint32_t* values; // [block][columns][BLOCK_WORDS]: two keys' numbers in a word

  KeyWords(const Call* call, const AttentionOperands& o)
      : columns(o.k->columns), keys(reinterpret_cast<uint32_t*>(call->shared)), values(keys + blocks(o.k->rows) * block_words()) {}

  int64_t block_words() const { return columns * BLOCK_WORDS; }
  // The block that a text's first key begins: further than all blocks of the texts before it, each of LEAST_TOKENS or more.
  static int64_t first_block(int64_t from) { return from / KEY_BLOCK + from / LEAST_TOKENS; }
  static int64_t blocks(int64_t tokens) { return first_block(tokens) + 1; }
  static size_t bytes(int64_t tokens, int64_t columns) {
    return static_cast<size_t>(2 * blocks(tokens) * columns * BLOCK_WORDS) * sizeof(uint32_t);
  }

  const float* key(int64_t block, int64_t row, int64_t column) const {
    return reinterpret_cast<const float*>(keys + block * block_words() + (row * columns + column) / 2);
  }
  const float* value(int64_t block, int64_t column) const {
    return reinterpret_cast<const float*>(values + block * block_words() + column * BLOCK_WORDS);
  }
};

bool uses_words(const Call* call) {
  return call->integers[ATTENTION_INT_PRECISION] == PRECISION_BF16 && attention_operands(call).size() % (2 * AMX_STEPS) == 0;
}

void pair_rows(float* words, const float* rows, ptrdiff_t stride, int count, int width) {
  for (int i = 0; i < count; i++) {
    pair_bf16(reinterpret_cast<uint32_t*>(words + i * width), rows + 2 * i * stride, rows + (2 * i + 1) * stride, width);
  }
}

// `count` words, whole vectors of them.
void clear_words(uint32_t* words, int64_t count) {
  for (int64_t i = 0; i < count; i += LANES) store(reinterpret_cast<float*>(words + i), vf{});
}

struct WordWorkspace {
  AttentionWorkspace plain;
  float* queries;        // [size / 2][width]: the panel in words
  float* probabilities;  // [BLOCK_WORDS][width]

  WordWorkspace(char* scratch, int64_t size) : plain(scratch, size) {
    queries = reinterpret_cast<float*>(scratch + room(size));
    probabilities = queries + size / 2 * QUERY_BLOCK;
  }
  static size_t room(int64_t size) { return (AttentionWorkspace::bytes(size) + 63) / 64 * 64; }
  static size_t bytes(int64_t size) {
    return room(size) + static_cast<size_t>((size / 2 + BLOCK_WORDS) * QUERY_BLOCK) * sizeof(float);
  }
};

void attend_words(const AttentionOperands& o, const QueryBlock& block, const KeyWords& words, const Tensor* y, const WordWorkspace& workspace) {
  const AttentionWorkspace& w = workspace.plain;
  const int size = o.size(), width = block.width(), vectors = block.vectors();
  const int64_t column = o.key_column(block.head);
  pack_queries(o, block, w.panel);
  pair_rows(workspace.queries, w.panel, width, size / 2, width);
  begin_sums(w, width);
  const KeyRange range(o, block);
  bool begun = false;
  for (int64_t key = range.first; key < range.end; key += KEY_BLOCK) {
    const int keys = static_cast<int>(smaller_of(range.end - key, KEY_BLOCK));
    const int64_t at = KeyWords::first_block(block.from) + (key - block.from) / KEY_BLOCK;
    for (int row = 0; row < keys; row += AMX_ROWS) {
      multiply_block_bf16(vectors, size / 2, words.key(at, row, column), words.columns / 2, workspace.queries, w.scores + row * width, false, {});
    }
    add_biases(o, block, key, keys, w.line, w.scores);
    const bool scaled = take_exponentials(w, vectors, keys);
    if (begun && scaled) scale_sums(w, vectors, size);
    const int steps = (keys + 2 * AMX_STEPS - 1) / (2 * AMX_STEPS) * AMX_STEPS;
    clear_words(reinterpret_cast<uint32_t*>(w.scores + keys * width), (2 * steps - keys) * width);
    pair_rows(workspace.probabilities, w.scores, width, steps, width);
    for (int row = 0; row < size; row += AMX_ROWS) {
      multiply_block_bf16(vectors, steps, words.value(at, column + row), BLOCK_WORDS, workspace.probabilities, w.mixed + row * width, begun, {});
    }
    begun = true;
  }
  write_block(w, block, size, y);
}

// Keys and values of keys [first, end) of a text, one block.
void ready_block(const AttentionOperands& o, const Tensor* v, const KeyWords& words, int64_t block, int64_t first, int64_t end, float* turned) {
  const int64_t columns = words.columns;
  uint32_t* keys = words.keys + block * words.block_words();
  for (int64_t row = 0; row < KEY_BLOCK; row++, keys += columns / 2) {
    if (first + row < end) narrow_bf16(keys, row_of(o.k, first + row), static_cast<int32_t>(columns));
    else clear_words(keys, columns / 2);
  }
  for (int64_t column = 0; column < columns; column += TURNED_COLUMNS) {
    const int32_t width = static_cast<int32_t>(smaller_of(columns - column, TURNED_COLUMNS));
    for (int64_t word = 0; word < BLOCK_WORDS; word++) {
      const int64_t key = first + 2 * word;
      uint32_t* line = reinterpret_cast<uint32_t*>(turned + word * TURNED_STRIDE);
      if (key < end) pair_bf16(line, row_of(v, key) + column, key + 1 < end ? row_of(v, key + 1) + column : nullptr, width);
      else clear_words(line, width);
    }
    float* values = reinterpret_cast<float*>(words.values + block * words.block_words() + column * BLOCK_WORDS);
    transpose(values, BLOCK_WORDS, turned, TURNED_STRIDE, BLOCK_WORDS, width);
  }
}

// Blocks of keys are handed out by the batch's rows in which they begin.
int32_t prepare_tiles(const Call* call) {
  if (!uses_words(call)) return 0;
  return static_cast<int32_t>((call->in[ATTENTION_IN_K]->rows + KEY_BLOCK - 1) / KEY_BLOCK);
}

size_t prepare_scratch(const Call*) { return static_cast<size_t>(BLOCK_WORDS * TURNED_STRIDE) * sizeof(float); }

void prepare(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = attention_operands(call);
  const KeyWords words(call, o);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  const int32_t* starts = integers_of(offsets);
  const int64_t texts = count_of(offsets) - 1, start = tile * int64_t{KEY_BLOCK};
  for (int64_t text = text_at(starts, texts, start); text < texts && starts[text] < start + KEY_BLOCK; text++) {
    const int64_t from = starts[text], to = starts[text + 1];
    if (to - from < LEAST_TOKENS) continue;
    const int64_t index = start > from ? (start - from + KEY_BLOCK - 1) / KEY_BLOCK : 0;
    const int64_t first = from + index * KEY_BLOCK;
    if (first >= start + KEY_BLOCK || first >= to) continue;
    ready_block(o, call->in[ATTENTION_IN_V], words, KeyWords::first_block(from) + index, first, smaller_of(to, first + KEY_BLOCK),
                reinterpret_cast<float*>(scratch));
  }
}

size_t scratch(const Call* call) {
  const int64_t size = attention_operands(call).size();
  return uses_words(call) ? WordWorkspace::bytes(size) : AttentionWorkspace::bytes(size);
}

size_t shared(const Call* call) {
  const Tensor* k = call->in[ATTENTION_IN_K];
  return uses_words(call) ? KeyWords::bytes(k->rows, k->columns) : 0;
}

void run(const Call* call, int32_t tile, char* scratch) {
  const AttentionOperands o = attention_operands(call);
  const Tensor* offsets = call->in[ATTENTION_IN_OFFSETS];
  const bool in_words = uses_words(call);
  const KeyWords words(call, o);
  if (in_words) begin_blocks(AMX_ROWS);
  each_query_block(attention_division(call), tile, integers_of(offsets), count_of(offsets) - 1, o.heads, [&](const QueryBlock& block) {
    const Tensor* y = call->out[ATTENTION_OUT_Y];
    if (in_words && block.to - block.from >= LEAST_TOKENS) return attend_words(o, block, words, y, WordWorkspace(scratch, o.size()));
    attend_block(o, block, call->in[ATTENTION_IN_V], y, AttentionWorkspace(scratch, o.size()));
  });
  if (in_words) end_blocks();
}

constexpr Kernel preparation = {prepare_tiles, prepare, prepare_scratch};

}  // namespace

extern const Kernel attention_amx_kernel = {attention_tiles, run, scratch, &preparation, shared};

#endif

}  // namespace cloze::CLOZE_ISA
