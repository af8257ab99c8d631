// Scores of a block of queries for a block of keys, for both forms of attention.
//
// Queries stand in the lanes: scores[key][query]. The queries are turned once into a panel (depth, then query), the keys
// are read where they are, and everything that follows - largest, exponential, sum - goes lane by lane. Blocks of keys
// are counted from the text's first token, so a text gets the same bits wherever it stands in the batch.
#pragma once
#include "columns.h"
#include "multiply.h"
#include "transpose.h"

namespace cloze::CLOZE_ISA {

constexpr int QUERY_BLOCK = PANEL_COLUMNS;
constexpr int KEY_BLOCK = 64;

struct AttentionBiases {
  const Tensor* slopes;
  const Tensor* relative_bias;
  const Tensor* content_to_position;
  const Tensor* position_to_content;
  const Tensor* distance_index;
};

struct AttentionOperands {
  const Tensor* q;
  const Tensor* k;
  int32_t heads;
  int32_t key_heads;
  int64_t window;  // -1: none
  float scale;     // of products
  float unit;      // of everything: log2(e) where powers of two are taken
  AttentionBiases biases;

  int32_t size() const { return q->columns / heads; }
  int32_t key_column(int32_t head) const { return head / (heads / key_heads) * size(); }
};

// Queries [first, first + count) of the text whose tokens are [from, to), all rows of the batch.
struct QueryBlock {
  int64_t from;
  int64_t to;
  int64_t first;
  int count;
  int32_t head;

  int vectors() const { return (count + LANES - 1) / LANES; }
  int width() const { return vectors() * LANES; }
};

inline int64_t clamp_distance(int64_t distance, int64_t most) { return larger_of(-most, smaller_of(most, distance)); }

// The panel of a block's queries, scaled: panel[depth * width + query], zeros in lanes without a query.
inline void pack_queries(const AttentionOperands& o, const QueryBlock& block, float* panel) {
  const int width = block.width();
  const float* q = row_of(o.q, block.first) + block.head * o.size();
  const float factor = o.scale * o.unit;
  each_column(
      block.count, o.size(), [&](int64_t row, int64_t column, auto part) { return part.load(q + row * o.q->stride + column) * factor; },
      [&](int64_t column, vf values, int64_t row, auto) { store(panel + column * width + row, values); });
}

// Asks for `size` columns of some rows: they lie too far apart for the processor to guess.
CLOZE_INLINE void fetch_rows(const Tensor* tensor, int64_t first, int64_t end, int64_t column, int64_t size) {
  for (int64_t row = first; row < end; row++) {
    const float* at = row_of(tensor, row) + column;
    for (int64_t c = 0; c < size; c += 16) __builtin_prefetch(at + c, 0, 2);
  }
}

// What depends on the distance i - j alone, for the distances first ... first + count - 1.
inline void fill_distance_line(const AttentionOperands& o, int32_t head, int64_t first, int64_t count, float* line) {
  const float* slopes = numbers_of(o.biases.slopes);
  const Tensor* table = o.biases.relative_bias;
  for (int64_t i = 0; i < count; i++) {
    const int64_t distance = first + i;
    const int64_t size = distance < 0 ? -distance : distance;
    float bias = slopes == nullptr ? 0 : -slopes[head] * static_cast<float>(size);
    if (table != nullptr) {
      const int64_t most = (table->rows - 1) / 2;
      bias += row_of(table, clamp_distance(-distance, most) + most)[head];
    }
    line[i] = o.window >= 0 && size > o.window ? -__builtin_inff() : bias * o.unit;
  }
}

// Adds the disentangled terms of one key to its row of scores.
inline void add_disentangled(const AttentionOperands& o, const QueryBlock& block, int64_t key, float* scores) {
  const Tensor* content = o.biases.content_to_position;
  const Tensor* position = o.biases.position_to_content;
  const int32_t* index = integers_of(o.biases.distance_index);
  const int64_t most = (count_of(o.biases.distance_index) - 1) / 2;
  const float factor = o.scale * o.unit;
  const float* of_key = position == nullptr ? nullptr : row_of(position, key) + block.head * (position->columns / o.heads);
  for (int i = 0; i < block.count; i++) {
    const int32_t column = index[clamp_distance(block.first + i - key, most) + most];
    float term = of_key == nullptr ? 0 : of_key[column];
    if (content != nullptr) term += row_of(content, block.first + i)[block.head * (content->columns / o.heads) + column];
    scores[i] += term * factor;
  }
}

// Adds to scores[(key - first) * width + query] of `count` keys from `first` on what does not come of products; `line` has
// room for count + width numbers. One copy for all that call it: it is long, and rarely has anything to do.
__attribute__((noinline)) inline void add_biases(const AttentionOperands& o, const QueryBlock& block, int64_t first, int count, float* line, float* scores) {
  const int width = block.width();
  if (o.biases.distance_index != nullptr) {
    for (int key = 0; key < count; key++) add_disentangled(o, block, first + key, scores + key * width);
  }
  const int64_t nearest = larger_of(block.first + block.count - 1 - first, first + count - 1 - block.first);
  const bool crosses_window = o.window >= 0 && nearest > o.window;
  if (o.biases.slopes == nullptr && o.biases.relative_bias == nullptr && !crosses_window) return;
  fill_distance_line(o, block.head, block.first - (first + count - 1), count - 1 + width, line);
  for (int key = 0; key < count; key++) {
    const float* distances = line + count - 1 - key;
    float* row = scores + key * width;
    for (int query = 0; query < width; query += LANES) store(row + query, load(row + query) + load(distances + query));
  }
}

// scores[(key - first) * width + query] for `count` keys from `first` on. `line` has room for count + width numbers.
inline void score_keys(const AttentionOperands& o, const QueryBlock& block, const float* panel, int64_t first, int count, float* line, float* scores) {
  const LeftOperand keys = {row_of(o.k, first) + o.key_column(block.head), o.k->stride, 1};
  multiply_rows(count, block.vectors(), o.size(), keys, panel, scores, false);
  add_biases(o, block, first, count, line, scores);
}

// How attention is cut into tiles: by ranges of tokens in which blocks of queries start, and by heads.
struct AttentionDivision {
  int64_t tokens_each;
  int64_t heads_each;
  int64_t head_tiles;
  int64_t tiles;

  AttentionDivision(const int32_t* offsets, int64_t texts, int32_t heads, int64_t size, int64_t window) {
    const int64_t target = 200000 * LANES;  // multiply-adds twice, some tens of microseconds
    const int64_t tokens = texts < 1 ? 0 : offsets[texts];
    double pairs = 0;
    for (int64_t text = 0; text < texts; text++) {
      const double length = offsets[text + 1] - offsets[text];
      const double seen = window >= 0 && length > 2.0 * window + KEY_BLOCK ? 2.0 * window + KEY_BLOCK : length;
      pairs += length * (seen + LANES);
    }
    const double cost = tokens == 0 ? 1 : pairs / tokens * 4 * (size + 8);  // of one token and head
    tokens_each = static_cast<int64_t>(target / (cost * heads));
    heads_each = heads;
    if (tokens_each < 2 * QUERY_BLOCK) {
      tokens_each = 2 * QUERY_BLOCK;
      heads_each = static_cast<int64_t>(target / (cost * tokens_each));
      if (heads_each < 1) heads_each = 1;
      if (heads_each > heads) heads_each = heads;
    }
    head_tiles = (heads + heads_each - 1) / heads_each;
    tiles = (tokens + tokens_each - 1) / tokens_each * head_tiles;
  }
};

// use(block) for every block of queries of one tile.
template <class Use>
CLOZE_INLINE void each_query_block(const AttentionDivision& division, int32_t tile, const int32_t* offsets, int64_t texts, int32_t heads, Use use) {
  const int64_t start = tile / division.head_tiles * division.tokens_each;
  const int64_t end = smaller_of(start + division.tokens_each, offsets[texts]);
  const int64_t first_head = tile % division.head_tiles * division.heads_each;
  const int64_t last_head = smaller_of(first_head + division.heads_each, heads);
  for (int64_t text = text_at(offsets, texts, start); text < texts && offsets[text] < end; text++) {
    const int64_t from = offsets[text], to = offsets[text + 1];
    const int64_t skipped = start > from ? (start - from + QUERY_BLOCK - 1) / QUERY_BLOCK : 0;
    for (int64_t first = from + skipped * QUERY_BLOCK; first < to && first < end; first += QUERY_BLOCK) {
      const int count = static_cast<int>(smaller_of(to - first, QUERY_BLOCK));
      for (int64_t head = first_head; head < last_head; head++) {
        use(QueryBlock{from, to, first, count, static_cast<int32_t>(head)});
      }
    }
  }
}

}  // namespace cloze::CLOZE_ISA
