// Pairs of tokens of one text. Of text b, the pair of query i and key j (counted within the text) is row
// pairOffsets[b] + i * length + j, one column a head.
#pragma once
#include "columns.h"

namespace cloze::CLOZE_ISA {

// The texts of a batch and where their pairs start.
struct Pairs {
  const int32_t* offsets;
  const int32_t* first_pairs;
  int64_t texts;
  int64_t least;  // tokens of a tile

  Pairs(const Tensor* offsets, const Tensor* pair_offsets, int64_t least = 1)
      : offsets(integers_of(offsets)), first_pairs(integers_of(pair_offsets)), texts(count_of(offsets) - 1), least(least) {}

  int64_t length(int64_t text) const { return offsets[text + 1] - offsets[text]; }

  // A tile is a range of tokens, all pairs of which are its own; the range is chosen by the pairs a token has on average.
  int64_t tokens_each(int64_t numbers_of_pair) const {
    double pairs = 0;
    for (int64_t text = 0; text < texts; text++) pairs += static_cast<double>(length(text)) * static_cast<double>(length(text));
    const double of_token = pairs / offsets[texts] * static_cast<double>(numbers_of_pair);
    return of_token * static_cast<double>(least) >= TILE_NUMBERS ? least : static_cast<int64_t>(TILE_NUMBERS / of_token);
  }

  int32_t tiles(int64_t numbers_of_pair) const {
    if (texts < 1 || offsets[texts] == 0) return 0;
    const int64_t each = tokens_each(numbers_of_pair);
    return static_cast<int32_t>((offsets[texts] + each - 1) / each);
  }

  // use(text, from, to) for the tokens of a tile, those of one text at a time, counted within it.
  template <class Use>
  CLOZE_INLINE void each_run(int64_t numbers_of_pair, int32_t tile, Use use) const {
    const int64_t each = tokens_each(numbers_of_pair);
    int64_t token = tile * each;
    const int64_t end = smaller_of(token + each, offsets[texts]);
    for (int64_t text = text_at(offsets, texts, token); token < end; text++) {
      if (offsets[text + 1] <= token) continue;
      const int64_t to = smaller_of(end, offsets[text + 1]);
      use(text, token - offsets[text], to - offsets[text]);
      token = to;
    }
  }

  // use(text, i) for every token of a tile.
  template <class Use>
  CLOZE_INLINE void each_token(int64_t numbers_of_pair, int32_t tile, Use use) const {
    each_run(numbers_of_pair, tile, [&](int64_t text, int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) use(text, i);
    });
  }
};

}  // namespace cloze::CLOZE_ISA
